#include "core/formats/safetensors/quantization_config.h"

#include "core/base/plain_text.h"
#include "core/formats/safetensors/checkpoint.h"

#include <nlohmann/json.hpp>

namespace bitlathe::safetensors {

using Json = nlohmann::json;

namespace {

constexpr std::int64_t kMost = std::int64_t(1) << 31;

// Discarded where the text is no JSON, or nests deeply.
Json parsed(std::string_view text) {
    bool deep = false;
    const auto shallow = [&](int depth, Json::parse_event_t, Json&) {
        deep = deep || depth > 100;
        return !deep;
    };
    Json json = Json::parse(text, shallow, /*allow_exceptions=*/false);
    return deep || !json.is_object() ? Json(Json::value_t::discarded) : json;
}

const Json* member(const Json& json, std::string_view key) {
    if (!json.is_object()) return nullptr;
    const auto at = json.find(key);
    return at == json.end() || at->is_null() ? nullptr : &*at;
}
std::int64_t whole(const Json& json, std::string_view key, std::int64_t absent) {
    const Json* at = member(json, key);
    if (!at || !at->is_number_integer()) return absent;
    if (at->is_number_unsigned() && at->get<std::uint64_t>() > std::uint64_t(kMost)) return absent;
    const auto value = at->get<std::int64_t>();
    return value >= -1 && value <= kMost ? value : absent;
}
std::string text(const Json& json, std::string_view key) {
    const Json* at = member(json, key);
    return at && at->is_string() ? plainText(at->get<std::string>()) : std::string();
}
bool truth(const Json& json, std::string_view key, bool absent) {
    const Json* at = member(json, key);
    return at && at->is_boolean() ? at->get<bool>() : absent;
}
int bitsOf(const Json& json, std::string_view key) {
    const std::int64_t bits = whole(json, key, 0);
    return bits >= 1 && bits <= 16 ? static_cast<int>(bits) : 0;
}

// GPTQ and AWQ: one scheme for all.
WeightScheme flatScheme(const Json& json) {
    WeightScheme scheme;
    scheme.bits = bitsOf(json, member(json, "bits") ? "bits" : "w_bit");
    scheme.groupSize = whole(json, member(json, "group_size") ? "group_size" : "q_group_size", 0);
    scheme.symmetric = member(json, "sym") ? truth(json, "sym", true) : !truth(json, "zero_point", false);
    return scheme;
}

void addBlocks(WeightScheme& scheme, const Json* blocks) {
    if (!blocks || !blocks->is_array() || blocks->size() != 2 || !(*blocks)[0].is_number_unsigned() || !(*blocks)[1].is_number_unsigned()) return;
    const auto rows = (*blocks)[0].get<std::uint64_t>(), columns = (*blocks)[1].get<std::uint64_t>();
    if (rows == 0 || columns == 0 || rows > std::uint64_t(kMost) || columns > std::uint64_t(kMost)) return;
    scheme.blockRows = static_cast<std::int64_t>(rows), scheme.blockColumns = static_cast<std::int64_t>(columns);
}

std::vector<WeightScheme> groupSchemes(const Json& config) {
    std::vector<WeightScheme> schemes;
    const Json* groups = member(config, "config_groups");
    if (!groups || !groups->is_object()) return schemes;
    for (const auto& [name, group] : groups->items()) {
        const Json* weights = member(group, "weights");
        if (!weights || !weights->is_object()) continue;
        WeightScheme scheme;
        scheme.bits = bitsOf(*weights, "num_bits");
        scheme.groupSize = whole(*weights, "group_size", 0);
        scheme.symmetric = truth(*weights, "symmetric", true);
        scheme.isFloat = text(*weights, "type") == "float";
        addBlocks(scheme, member(*weights, "block_structure"));
        schemes.push_back(scheme);
    }
    return schemes;
}

}  // namespace

std::string modelType(const Checkpoint& checkpoint) {
    const std::string_view config = checkpoint.textOf("config.json");
    if (config.empty()) return {};
    const Json all = parsed(config);
    const Json* inner = member(all, "text_config");
    const std::string own = inner ? text(*inner, "model_type") : std::string();
    return own.empty() ? text(all, "model_type") : own;
}

QuantizationConfig quantizationConfigOf(const Checkpoint& checkpoint, std::string& note) {
    QuantizationConfig result;
    Json config(Json::value_t::discarded);
    if (const auto beside = checkpoint.textOf("config.json"); !beside.empty()) {
        const Json all = parsed(beside);
        if (all.is_discarded()) note = "config.json is no well-formed JSON: what it says is not known";
        for (const std::string_view key : {"quantization_config", "compression_config"})
            if (const Json* own = member(all, key); own && own->is_object() && config.is_discarded()) config = *own;
    }
    std::string method;
    for (const auto& [file, name] : {std::pair("quantize_config.json", "gptq"), std::pair("quant_config.json", "awq")})
        if (config.is_discarded() && !checkpoint.textOf(file).empty()) config = parsed(checkpoint.textOf(file)), method = name;
    if (config.is_discarded()) return result;
    result.method = text(config, "quant_method").empty() ? method : text(config, "quant_method");
    result.zeroMinusOne = text(config, "checkpoint_format") != "gptq_v2";
    result.schemes = member(config, "config_groups") ? groupSchemes(config) : std::vector{flatScheme(config)};
    if (!result.schemes.empty() && result.schemes.front().blockRows == 0) addBlocks(result.schemes.front(), member(config, "weight_block_size"));
    return result;
}

}  // namespace bitlathe::safetensors
