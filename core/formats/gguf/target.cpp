// What llama.cpp accepts; probed with its own loader.
#include "core/formats/gguf/gguf.h"
#include "core/formats/gguf/types.h"

#include <algorithm>

namespace bitlathe::gguf {

namespace {

bool hasKey(const Model& model, const std::string& key) {
    return std::any_of(model.metadata.begin(), model.metadata.end(), [&](const auto& row) { return row.first == key; });
}

void checkKeys(const Model& model, std::vector<Issue>& issues) {
    std::vector<std::string> wanted = {"general.architecture"};
    if (!model.producer.empty())
        for (const char* key : {".context_length", ".embedding_length", ".block_count", ".feed_forward_length", ".attention.head_count"}) wanted.push_back(model.producer + key);
    wanted.insert(wanted.end(), {"tokenizer.ggml.model"});
    std::string missing;
    for (const std::string& key : wanted)
        if (!hasKey(model, key)) missing += (missing.empty() ? "" : ", ") + key;
    if (!missing.empty())
        issues.push_back({Issue::Level::Warning, "", "the source lacks keys without which llama.cpp runs no language model: " + missing,
                          "keys are copied as they are: convert the model again, or run the file elsewhere"});
}

void checkLayer(const Model& model, const LayerOutcome& outcome, std::vector<Issue>& issues) {
    constexpr std::size_t kLongestName = 63;
    const Layer& layer = model.layers[outcome.layer];
    const Value& value = model.graph.value(layer.weight);
    if (value.name.size() > kLongestName)
        issues.push_back({Issue::Level::Error, layer.name, "llama.cpp refuses names of tensors beyond 63 bytes; this one has " + std::to_string(value.name.size()), "rename the tensor in the source"});
    if (layer.shape.rank() == 1 && (value.blocks || (isFloat(value.constant->type()) && value.constant->type() != ElementType::F32)))
        issues.push_back({Issue::Level::Warning, layer.name, "llama.cpp loads a vector of type " + layer.storedAs + " and stops when it computes with it", "convert the model with norms and biases as F32"});
    if (!outcome.got.weights || !value.blocks) return;
    if (typeOf(outcome.got.weights->codec) != storedType(value))
        issues.push_back({Issue::Level::Warning, layer.name, "it is quantized in the source already: coding it again adds to the error that it has", "quantize the float file (F16, BF16 or F32) instead"});
}

}  // namespace

std::vector<Issue> checkLlamaCpp(const Model& source, const QuantizedModel& quantized) {
    std::vector<Issue> issues;
    checkKeys(source, issues);
    for (const LayerOutcome& outcome : quantized.layers) checkLayer(source, outcome, issues);
    return issues;
}

}  // namespace bitlathe::gguf
