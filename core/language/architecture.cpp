#include "core/language/architecture.h"

#include "core/language/architectures/architectures.h"
#include "core/language/hyperparameters.h"
#include "core/language/language_extents.h"
#include "core/model/model.h"

#include <algorithm>

namespace bitlathe {

namespace {

constexpr std::string_view kLlama[] = {"llama"}, kMistral[] = {"mistral"}, kQwen2[] = {"qwen2"}, kQwen3[] = {"qwen3"}, kGemma[] = {"gemma"}, kGemma2[] = {"gemma2"},
                           kGemma3[] = {"gemma3_text"}, kGpt2[] = {"gpt2"}, kPhi2[] = {"phi"}, kPhi3[] = {"phi3"}, kBert[] = {"bert"};

const Architecture kArchitectures[] = {
    {"llama", "Llama", kLlama, describeLlama, kLlamaNames, true},
    {"mistral", "Mistral", kMistral, describeMistral, kLlamaNames, true},  // in GGUF it is called "llama"
    {"qwen2", "Qwen 2", kQwen2, describeQwen2, kLlamaNames},
    {"qwen3", "Qwen 3", kQwen3, describeQwen3, kLlamaNames},
    {"gemma", "Gemma", kGemma, describeGemma, kLlamaNames},
    {"gemma2", "Gemma 2", kGemma2, describeGemma2, kGemma2Names},
    {"gemma3", "Gemma 3", kGemma3, describeGemma3, kGemma2Names},
    {"gpt2", "GPT-2", kGpt2, describeGpt2, kGpt2Names},
    {"phi2", "Phi 2", kPhi2, describePhi2, kPhi2Names},
    {"phi3", "Phi 3", kPhi3, describePhi3, kPhi3Names, false, true},
    {"bert", "BERT", kBert, describeBert, kBertNames},
};

// Rows of the embedding: what the file says of its vocabulary may be another number, with padding or without.
std::int64_t tokensOf(const Model& model, const Architecture& architecture, const LanguageSpec& spec) {
    for (const std::string_view prefix : architecture.names.prefixes) {
        const std::string name = spec.naming == TensorNaming::Gguf ? "token_embd.weight" : huggingFaceName(architecture.names, "token_embd.weight", prefix).value_or("");
        for (const Layer& layer : model.layers)
            if (layer.weight != kNoValue && model.graph.value(layer.weight).name == name && layer.shape.rank() == 2) return layer.shape[0];
    }
    return spec.vocabulary;
}

}  // namespace

std::span<const Architecture> architectures() noexcept { return kArchitectures; }

const Architecture* findArchitecture(TensorNaming naming, std::string_view name) noexcept {
    for (const Architecture& architecture : kArchitectures) {
        const bool named = naming == TensorNaming::Gguf ? architecture.name == name
                                                        : std::find(architecture.modelTypes.begin(), architecture.modelTypes.end(), name) != architecture.modelTypes.end();
        if (named) return &architecture;
    }
    return nullptr;
}

std::optional<LanguageSpec> describeLanguage(const Model& model) {
    const auto parameters = Hyperparameters::of(model);
    if (!parameters) return std::nullopt;
    LanguageSpec spec;
    spec.architecture = parameters->architecture();
    spec.naming = parameters->naming();
    const Architecture* architecture = findArchitecture(spec.naming, spec.architecture);
    if (!architecture && parameters->flag("", "is_encoder_decoder").value_or(false)) {
        spec.whyNot = "it is an encoder with a decoder ('" + spec.architecture + "'), and only encoders or decoders alone run here: the model can be looked at, quantized and exported as safetensors, not run and not converted to GGUF";
        return spec;
    }
    if (!architecture) {
        spec.whyNot = "the architecture '" + spec.architecture + "' is not known here: the model can be looked at, quantized and exported, not run";
        return spec;
    }
    spec.label = architecture->label;
    readExtents(*parameters, spec);
    architecture->describe(*parameters, spec);
    readLayerTypes(*parameters, spec);
    spec.vocabulary = tokensOf(model, *architecture, spec);
    return spec;
}

}  // namespace bitlathe
