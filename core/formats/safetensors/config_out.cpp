#include "core/formats/safetensors/config_out.h"

#include "core/quant/codec.h"

#include <nlohmann/json.hpp>

namespace bitlathe::safetensors {

using Json = nlohmann::ordered_json;

namespace {

constexpr auto kReplace = Json::error_handler_t::replace;  // bytes that are no UTF-8

std::string metadataOf(const Model& source, std::string_view key) {
    for (const auto& [name, value] : source.metadata)
        if (name == key) return value;
    return {};
}

int groupSizeOf(const QuantSpec& spec) {
    const auto* group = std::get_if<PerGroup>(&spec.granularity);
    return group ? group->size : -1;
}

Json words(Kind kind, const QuantSpec& spec, bool head) {
    if (kind == Kind::Awq) return {{"quant_method", "awq"}, {"bits", 4}, {"group_size", groupSizeOf(spec)}, {"zero_point", true}, {"version", "gemm"}};
    return {{"quant_method", "gptq"}, {"bits", spec.bits}, {"group_size", groupSizeOf(spec)}, {"desc_act", false}, {"sym", spec.symmetric}, {"lm_head", head},
            {"true_sequential", true}, {"damp_percent", 0.01}, {"checkpoint_format", spec.symmetric ? "gptq" : "gptq_v2"}, {"pack_dtype", "int32"}};
}

// QuantizationArgs of compressed-tensors.
Json weightArguments(Kind kind, const QuantSpec& spec) {
    const int group = groupSizeOf(spec);
    const bool tensor = std::holds_alternative<PerTensor>(spec.granularity);
    Json arguments = {{"num_bits", spec.bits}, {"type", kind == Kind::Float8 ? "float" : "int"}, {"symmetric", kind == Kind::Float8 || spec.symmetric},
                      {"strategy", group > 0 ? "group" : tensor && kind != Kind::Packed ? "tensor" : "channel"}, {"dynamic", false}};
    if (group > 0) arguments["group_size"] = group;
    return arguments;
}

Json compressedTensors(Kind kind, const Model& source, std::span<const LayerOutcome> layers) {
    const std::string_view format = kind == Kind::Packed ? "pack-quantized" : kind == Kind::Int8 ? "int-quantized" : "float-quantized";
    std::vector<std::pair<QuantSpec, Json>> groups;  // schemes as the layout tells them apart, and the modules that have them
    Json ignored = Json::array();
    for (const LayerOutcome& outcome : layers) {
        const Layer& layer = source.layers[outcome.layer];
        if (layer.kind != LayerKind::Linear || layer.shape.rank() != 2) continue;
        if (!outcome.got.weights) {
            ignored.push_back(layer.name);
            continue;
        }
        const QuantSpec& spec = *outcome.got.weights;
        const auto same = [&](const auto& row) { return weightArguments(kind, row.first) == weightArguments(kind, spec); };
        auto group = std::find_if(groups.begin(), groups.end(), same);
        if (group == groups.end()) group = groups.insert(groups.end(), {spec, Json::array()});
        group->second.push_back(layer.name);
    }
    Json all = Json::object();
    for (std::size_t g = 0; g < groups.size(); ++g) {
        Json activations = nullptr;
        if (kind != Kind::Packed) activations = {{"num_bits", 8}, {"type", kind == Kind::Float8 ? "float" : "int"}, {"symmetric", true}, {"strategy", "token"}, {"dynamic", true}};
        // One scheme for all: its target is the class of modules, which every reader knows.
        all["group_" + std::to_string(g)] = {{"targets", groups.size() == 1 ? Json::array({"Linear"}) : groups[g].second}, {"weights", weightArguments(kind, groups[g].first)}, {"input_activations", activations}, {"output_activations", nullptr}};
    }
    return {{"quant_method", "compressed-tensors"}, {"format", format}, {"quantization_status", "compressed"}, {"config_groups", all}, {"ignore", ignored}, {"kv_cache_scheme", nullptr}, {"global_compression_ratio", nullptr}};
}

}  // namespace

ConfigOut configFor(Kind kind, const Model& source, std::span<const LayerOutcome> layers) {
    const std::string own = metadataOf(source, "config.json");
    bool deep = false;
    Json config = Json::parse(own, [&](int depth, Json::parse_event_t, Json&) { return !(deep = deep || depth > 100); }, /*allow_exceptions=*/false);
    const bool readable = !deep && config.is_object();
    if (!readable) config = Json::object();
    config.erase("quantization_config");
    config.erase("compression_config");
    ConfigOut out;
    if (kind == Kind::Gptq || kind == Kind::Awq) {
        const QuantSpec* first = nullptr;
        bool head = false;
        for (const LayerOutcome& outcome : layers) {
            if (!outcome.got.weights) continue;
            if (!first) first = &*outcome.got.weights;
            head = head || source.layers[outcome.layer].name == "lm_head";
        }
        if (first) config["quantization_config"] = words(kind, *first, head);
        if (first && kind == Kind::Gptq) out.quantizeConfig = config["quantization_config"].dump(2, ' ', false, kReplace) + "\n";
    } else if (kind != Kind::Plain) {
        config["quantization_config"] = compressedTensors(kind, source, layers);
    }
    if (!own.empty() || kind != Kind::Plain) out.config = config.dump(2, ' ', false, kReplace) + "\n";
    if (kind == Kind::Plain && !readable) out.config = own;  // as it is
    return out;
}

std::string indexText(const std::vector<std::pair<std::string, std::string>>& fileOfTensor, std::uint64_t totalBytes) {
    Json map = Json::object();
    for (const auto& [tensor, file] : fileOfTensor) map[tensor] = file;
    return Json{{"metadata", {{"total_size", totalBytes}}}, {"weight_map", map}}.dump(2, ' ', false, kReplace) + "\n";
}

std::string headText(const std::vector<TensorPlan>& tensors, const std::vector<std::pair<std::string, std::string>>& metadata) {
    Json about = Json::object();
    for (const auto& [key, value] : metadata) about[key] = value;
    std::string head = "{\"__metadata__\":" + about.dump(-1, ' ', false, kReplace);
    std::uint64_t at = 0;
    for (const TensorPlan& tensor : tensors) {
        const Json entry = {{"dtype", nameInFile(tensor.type)}, {"shape", tensor.shape.dims()}, {"data_offsets", {at, at + tensor.bytes()}}};
        head += "," + Json(tensor.name).dump(-1, ' ', false, kReplace) + ":" + entry.dump();
        at += tensor.bytes();
    }
    head += "}";
    head.resize((head.size() + 7) / 8 * 8, ' ');
    const auto length = static_cast<std::uint64_t>(head.size());
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + head;
}

}  // namespace bitlathe::safetensors
