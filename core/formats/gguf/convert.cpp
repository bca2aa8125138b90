#include "core/formats/gguf/convert.h"

#include "core/formats/gguf/convert_rows.h"
#include "core/formats/gguf/gguf.h"
#include "core/formats/gguf/types.h"
#include "core/formats/gguf/writer.h"
#include "core/language/architecture.h"
#include "core/language/hyperparameters.h"
#include "core/language/network.h"
#include "core/language/rope.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace bitlathe::gguf {

namespace {

// What the tensor is in the file when no scheme changes it: vectors must be float32 for llama.cpp.
const GgmlType* typeFor(const Value& value, const Shape& shape) {
    const bool half = value.type == ElementType::F16 || value.type == ElementType::BF16;
    return ggmlTypeNamed(shape.rank() < 2 || !half ? "f32" : value.type == ElementType::F16 ? "f16" : "bf16");
}

Value constantOf(std::string name, const std::vector<float>& values) {
    Value value;
    value.name = std::move(name);
    value.type = ElementType::F32;
    value.constant = Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values);
    return value;
}

void addTables(const Model& source, const LanguageSpec& spec, std::vector<Value>& values) {
    if (spec.rope.scaling == RopeSpec::Scaling::Llama3) values.push_back(constantOf("rope_freqs.weight", rotaryDivisors(spec.rope)));
    if (spec.rope.scaling != RopeSpec::Scaling::Factors) return;
    const auto parameters = Hyperparameters::of(source);
    for (const auto& [list, name] : {std::pair("long_factor", "rope_factors_long.weight"), std::pair("short_factor", "rope_factors_short.weight")})
        for (const char* object : {"rope_scaling.", "rope_parameters."})
            if (const auto factors = parameters->reals(object + std::string(list)); !factors.empty()) values.push_back(constantOf(name, factors));
}

// What readers will make of the keys, against what config.json says: GGUF has no words for some things, and readers take
// the usual ones then.
void addUnsaid(const Model& source, const LanguageSpec& meant, Converted& converted) {
    Model file;
    file.format = "gguf", file.name = source.name;
    for (const KeyValue& key : converted.keys.keys()) file.metadata.emplace_back(key.key, toText(key, 8));
    const auto read = describeLanguage(file);
    if (!read || !meant.runs()) return;
    const auto refuse = [&](const std::string& what) {
        converted.warnings.push_back({Issue::Level::Error, "", what + ", which GGUF has no key for: llama.cpp would compute something else from the file", "export to a safetensors target"});
    };
    const auto scale = [](const LanguageSpec& spec) { return spec.attentionScale > 0 ? spec.attentionScale : 1.0 / std::sqrt(static_cast<double>(spec.headSize)); };
    if (std::abs(scale(*read) / scale(meant) - 1) > 1e-4) refuse("attention is scaled by " + std::to_string(scale(meant)) + " and not by " + std::to_string(scale(*read)));
    if (read->activation != meant.activation) refuse("the activation is '" + meant.activation + "' and not '" + read->activation + "'");
    const std::int64_t usual = converted.model.producer == "gemma3" ? 6 : converted.model.producer == "gemma2" ? 2 : meant.windowPeriod;
    if (meant.window > 0 && meant.windowPeriod != usual) refuse("of " + std::to_string(meant.windowPeriod) + " layers one sees everything, and not of " + std::to_string(usual));
    if (meant.window > 0 && read->window == 0 && meant.window < meant.context)
        converted.warnings.push_back({Issue::Level::Note, "", "llama.cpp runs this architecture without its window of " + std::to_string(meant.window) + " tokens: longer texts come out differently", ""});
}

}  // namespace

std::unique_ptr<Converted> convert(const Model& source, JobContext* job) {
    const auto spec = describeLanguage(source);
    const bool huggingFace = spec->naming == TensorNaming::HuggingFace;
    const Architecture& architecture = *findArchitecture(spec->naming, spec->architecture);
    auto converted = std::make_unique<Converted>();
    Model& model = converted->model;
    model.name = source.name, model.format = "gguf", model.source = source.source, model.shards = source.shards, model.file = source.file;
    model.graph.weightsOnly = true;
    TurnedContext context{*spec, architecture};
    if (huggingFace) context.feedForward = Hyperparameters::of(source)->integer("", spec->inputsFirst ? "n_inner" : "intermediate_size").value_or(spec->inputsFirst ? 4 * spec->width : 0);
    bool gate = false, head = false;
    std::int64_t feedForward = 0, rows = spec->vocabulary;
    std::vector<ValueId> places(source.graph.values.size(), kNoValue);
    for (std::size_t v = 0; v < source.graph.values.size(); ++v) {
        const Value& value = source.graph.values[v];
        const auto name = huggingFace ? ggufName(architecture.names, value.name) : std::optional(value.name);
        if (!name || isHarmless(*spec, value.name) || ((head || spec->tiedHead) && *name == "output.weight")) {
            (name || isHarmless(*spec, value.name) ? converted->dropped : converted->unknown).push_back(value.name);
            continue;
        }
        places[v] = static_cast<ValueId>(model.graph.values.size());
        model.graph.values.push_back(turned(context, value, *name));
        const Shape& shape = shapeOf(model.graph.values.back());
        if (*name == "blk.0.ffn_up.weight" && shape.rank() == 2) feedForward = shape[0];
        gate = gate || *name == "blk.0.ffn_gate.weight";
        head = head || *name == "output.weight";
        if (*name == "token_embd.weight" && shape.rank() == 2) rows = shape[0];
    }
    if (spec->feedForward == FeedForward::Gated && !gate) feedForward /= 2;  // gate and up in one weight
    if (huggingFace) addTables(source, *spec, model.graph.values);
    for (const Layer& layer : source.layers) {
        model.layers.push_back(layer);
        Layer& own = model.layers.back();
        own.weight = layer.weight == kNoValue ? kNoValue : places[static_cast<std::size_t>(layer.weight)];
        own.layout = {1, layer.layout.channels, layer.layout.perChannel()};
    }
    const std::string name = architecture.name == "mistral" ? "llama" : std::string(architecture.name);
    model.producer = name;
    addNetworkKeys(source, *spec, name, feedForward, converted->keys);
    std::string why;
    if (const auto vocabulary = vocabularyOf(source, rows, why, job)) {
        addVocabularyKeys(*vocabulary, chatTemplateOf(source), converted->keys);
        if (vocabulary->model == "gpt2" && vocabulary->pre.empty())
            converted->warnings.push_back({Issue::Level::Warning, "", "tokenizer.json cuts text in a way that llama.cpp has no name for, so the file names none: llama.cpp cuts by its default, and its tokens may differ",
                                           "name a way that is near (tokenizer.ggml.pre) as \"tokenizer_ggml_pre\" in tokenizer_config.json, such as llama-bpe, qwen2 or gpt-2"});
    } else {
        converted->keys.text("tokenizer.ggml.model", "none");
        converted->warnings.push_back({Issue::Level::Warning, "", why + ": llama.cpp takes token numbers alone then", "put the tokenizer.json or tokenizer.model of the model beside it"});
    }
    if (huggingFace) addUnsaid(source, *spec, *converted);
    converted->head.keys = converted->keys.keys();
    for (const Value& value : model.graph.values) {
        const Shape& shape = shapeOf(value);
        const GgmlType* type = typeFor(value, shape);
        converted->head.tensors.push_back({value.name, shape, type, 0, static_cast<std::uint64_t>(bytesFor(type->blocks, shape.count()))});
    }
    return converted;
}

bool convertsToGguf(const Model& source) {
    if (source.format == "llama2c") return true;
    return source.format == "safetensors" && source.graph.weightsOnly && findArchitecture(TensorNaming::HuggingFace, source.producer);
}

std::vector<Issue> checkConversion(const Model& source, const QuantizedModel&) {
    std::vector<Issue> issues;
    try {
        const auto converted = convert(source);
        if (!converted->unknown.empty())
            issues.push_back({Issue::Level::Error, "", "'" + converted->unknown.front() + "'" + (converted->unknown.size() > 1 ? " and " + std::to_string(converted->unknown.size() - 1) + " more tensors have" : " has") +
                                                          " no name in GGUF's " + converted->model.producer + ": the file would lack a part of the network", "export to a safetensors target"});
        issues.insert(issues.end(), converted->warnings.begin(), converted->warnings.end());
        if (!converted->dropped.empty()) issues.push_back({Issue::Level::Note, "", std::to_string(converted->dropped.size()) + " tensors that are computed or not used, such as '" + converted->dropped.front() + "', are left out", ""});
    } catch (const Error& error) {
        issues.push_back({Issue::Level::Error, "", error.message(), ""});
    }
    return issues;
}

namespace {

WeightsWritten write(const WeightsRequest& request, const std::filesystem::path& path, const WriteOptions& options, Workers& workers, JobContext& job) {
    const auto converted = convert(request.source, &job);
    std::vector<LayerOutcome> outcomes;
    for (const LayerOutcome& outcome : request.layers)
        if (converted->model.layers[outcome.layer].weight != kNoValue) outcomes.push_back(outcome);
    return writeWith(converted->head, {converted->model, outcomes, request.importance, request.isa}, path, options, workers, job);
}

// Without a scheme the tensor is as wide as in the source, vectors as float32.
std::int64_t bytesOf(const Layer& layer, const std::optional<QuantSpec>& spec) {
    if (spec) return bytesFor(typeOf(spec->codec)->blocks, layer.parameters);
    return layer.shape.rank() < 2 || (layer.storedAs != "float16" && layer.storedAs != "bfloat16") ? 4 * layer.parameters : layer.bytes;
}

std::string nameOf(const Model& source, const Layer& layer) {
    const std::string& name = source.graph.value(layer.weight).name;
    if (namingOf(source) == TensorNaming::Gguf) return name;
    return ggufName(findArchitecture(TensorNaming::HuggingFace, source.producer)->names, name).value_or(name);
}

}  // namespace

const WeightsFormat kFromCheckpoint = {&choose, &bytesOf, &write, nullptr, &nameOf};

}  // namespace bitlathe::gguf
