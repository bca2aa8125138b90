#include "core/formats/target.h"

#include "core/formats/format.h"
#include "core/formats/gguf/gguf.h"
#include "core/formats/keras/keras.h"
#include "core/formats/safetensors/targets.h"
#include "core/quant/codec.h"

#include <bit>
#include <variant>

namespace bitlathe {

namespace {

// Layers that did not get what was asked for: no silent fallback, whoever reads the file. weightsAlone: that activations
// are left out was said once for all layers.
void addFallbacks(const Model& source, const QuantizedModel& quantized, std::vector<Issue>& issues, bool weightsAlone = false) {
    for (const LayerOutcome& outcome : quantized.layers)
        if ((weightsAlone ? outcome.asked.weights != outcome.got.weights : outcome.asked != outcome.got) && source.layers[outcome.layer].quantizable)
            issues.push_back({Issue::Level::Warning, source.layers[outcome.layer].name,
                              "asked for " + shortText(outcome.asked) + ", got " + shortText(outcome.got) + ": " + outcome.reason,
                              "choose a scheme that the target has, or accept it"});
}

// Code widths that ONNX has a type for; others sit in the next wider one.
bool hasOnnxType(int bits) { return bits == 2 || bits == 4 || bits == 8; }

std::vector<Issue> checkOnnx(const Model& source, const QuantizedModel& quantized) {
    std::vector<Issue> issues;
    addFallbacks(source, quantized, issues);
    for (const LayerOutcome& outcome : quantized.layers) {
        if (!outcome.weights || !outcome.got.weights || !codecOf(*outcome.got.weights).decodesAffine) continue;  // in the file as floats
        const int bits = outcome.got.weights->bits;
        if (outcome.got.activations && bits < 8)
            issues.push_back({Issue::Level::Note, source.layers[outcome.layer].name,
                              "codes of " + std::to_string(bits) + " bits are stored as int8 where a layer computes in integers: the file is as large as with 8 bits",
                              "quantize the weights alone for a smaller file"});
        else if (!hasOnnxType(bits))
            issues.push_back({Issue::Level::Note, source.layers[outcome.layer].name,
                              "ONNX has no " + std::to_string(bits) + "-bit integers: the codes are stored in a wider type, and the file is larger than the scheme says",
                              "choose 4 or 8 bits for a smaller file"});
    }
    return issues;
}

std::vector<Issue> checkOnnxRuntime(const Model& source, const QuantizedModel& quantized) {
    std::vector<Issue> issues = checkOnnx(source, quantized);
    bool linearWeightsOnly = false;
    for (const LayerOutcome& outcome : quantized.layers) {
        const Layer& layer = source.layers[outcome.layer];
        if (!outcome.weights || !outcome.got.weights || !codecOf(*outcome.got.weights).decodesAffine) continue;  // in the file as floats
        const QuantSpec& spec = *outcome.got.weights;
        if (!outcome.got.activations) {
            if (layer.kind == LayerKind::Conv || layer.kind == LayerKind::ConvTranspose)
                issues.push_back({Issue::Level::Note, layer.name, "ONNX Runtime dequantizes the weights of a " + layer.op + " whose activations are float: a smaller file, no faster",
                                  "quantize the activations too for speed"});
            else if (layer.kind == LayerKind::Linear) linearWeightsOnly = true;
            const auto* group = std::get_if<PerGroup>(&spec.granularity);
            if (group && layer.kind == LayerKind::Linear && (group->size < 16 || !std::has_single_bit(static_cast<unsigned>(group->size))))
                issues.push_back({Issue::Level::Warning, layer.name, "ONNX Runtime fuses only groups of 16, 32, 64 …; groups of " + std::to_string(group->size) + " run in float",
                                  "choose a group size that is a power of two, at least 16"});
        } else if (outcome.got.activations->symmetric && outcome.got.weights) {
            issues.push_back({Issue::Level::Warning, layer.name, "symmetric activations keep a Relu apart: ONNX Runtime then runs the layer in float",
                              "choose asymmetric activations"});
        }
    }
    if (linearWeightsOnly)
        issues.push_back({Issue::Level::Note, "", "ONNX Runtime turns weight-only matrix products into MatMulNBits, which by default quantizes activations inside: outputs differ by up to 0.6 % of their largest value",
                          "set session.qdq_matmulnbits_accuracy_level to 0 there for the exact figures"});
    return issues;
}

std::vector<Issue> checkLlamaCpp(const Model& source, const QuantizedModel& quantized) {
    std::vector<Issue> issues = source.format == "gguf" ? gguf::checkLlamaCpp(source, quantized) : gguf::checkConversion(source, quantized);
    addFallbacks(source, quantized, issues);
    return issues;
}

const WeightsFormat* convertingToGguf(const Model& source) { return gguf::convertsToGguf(source) ? &gguf::kFromCheckpoint : nullptr; }

// Of safetensors models, one layout each.
template <const safetensors::Layout& layout>
std::vector<Issue> checkLayout(const Model& source, const QuantizedModel& quantized) {
    std::vector<Issue> issues = layout.check(source, quantized);
    addFallbacks(source, quantized, issues);
    return issues;
}

template <const safetensors::Layout& layout>
Target targetOf() {
    return {layout.name, layout.label, "safetensors", layout.about, {}, checkLayout<layout>, layout.weights, nullptr, true};
}

std::vector<Issue> checkKeras(const Model& source, const QuantizedModel& quantized) {
    std::vector<Issue> issues = keras::checkFloats(source, quantized);
    addFallbacks(source, quantized, issues, true);
    return issues;
}

std::vector<Issue> checkKerasCodes(const Model& source, const QuantizedModel& quantized) {
    std::vector<Issue> issues = keras::checkCodes(source, quantized);
    addFallbacks(source, quantized, issues, true);
    return issues;
}

}  // namespace

const WeightsFormat* weightsFor(const Target& target, const Model& model) {
    if (target.format != model.format) return target.converting ? target.converting(model) : nullptr;
    return target.weights ? target.weights : findFormat(target.format)->weights;
}

const std::vector<Target>& targets() {
    static const std::vector<Target> list = {
        {"onnxruntime", "ONNX Runtime (CPU)", "onnx", "QuantizeLinear and DequantizeLinear laid out as ONNX Runtime's optimizer fuses them", {}, checkOnnxRuntime},
        {"onnx", "Any ONNX consumer", "onnx", "The same graph, checked against the ONNX specification alone", {}, checkOnnx},
        targetOf<safetensors::kPlain>(),
        targetOf<safetensors::kGptq>(),
        targetOf<safetensors::kAwq>(),
        targetOf<safetensors::kPacked>(),
        targetOf<safetensors::kInt8>(),
        targetOf<safetensors::kFloat8>(),
        {"llama.cpp", "llama.cpp (GGUF)", "gguf", "A GGUF file with the weights of another one or of a checkpoint, every tensor in the block type of its layer", {}, checkLlamaCpp, nullptr, convertingToGguf},
        {"keras", "Keras HDF5", "keras", "The network's own file with the quantized weights as floats, which any Keras loads, and their codes beside them", {}, checkKeras, &keras::kFloats},
        {"keras-codes", "Keras HDF5, codes only", "keras", "The network's own file with codes in the place of floats: small, and only Bitlathe reads it", {}, checkKerasCodes, &keras::kCodes},
    };
    return list;
}

const Target* findTarget(std::string_view name) {
    for (const Target& target : targets())
        if (target.name == name) return &target;
    return nullptr;
}

}  // namespace bitlathe
