#include "core/formats/safetensors/targets.h"

#include "core/formats/safetensors/writer.h"
#include "core/quant/codec.h"

#include <algorithm>
#include <string>

namespace bitlathe::safetensors {

namespace {

// What a layout can hold, as data; the sources are named in consumers.md and quantization.md of the references.
struct Rules {
    Kind kind;
    std::string_view label;
    std::string_view codec;    // the one that it takes; empty: any
    unsigned widths = 0;       // bit b: codes of b bits
    bool symmetricOnly = false, groups = true;
    std::int64_t outputs = 1, inputs = 1;  // multiples that rows and columns must be
    bool oneScheme = false;    // readers know one scheme for the whole model
    std::string_view nearest;  // for refusals
};

constexpr unsigned widths(std::initializer_list<int> bits) {
    unsigned all = 0;
    for (const int b : bits) all |= 1u << b;
    return all;
}

constexpr Rules kRules[] = {
    {.kind = Kind::Plain, .label = "safetensors", .codec = ""},
    {.kind = Kind::Gptq, .label = "GPTQ", .codec = "int", .widths = widths({2, 3, 4, 8}), .outputs = 32, .inputs = 32, .oneScheme = true, .nearest = "int of 2, 3, 4 or 8 bits, groups of 128"},
    {.kind = Kind::Awq, .label = "AWQ", .codec = "int", .widths = widths({4}), .outputs = 8, .oneScheme = true, .nearest = "int of 4 bits, groups of 128"},
    {.kind = Kind::Packed, .label = "compressed-tensors (packed)", .codec = "int", .widths = widths({2, 3, 4, 5, 6, 7, 8}), .nearest = "int of 4 bits, groups of 128"},
    {.kind = Kind::Int8, .label = "compressed-tensors (int8)", .codec = "int", .widths = widths({2, 3, 4, 5, 6, 7, 8}), .symmetricOnly = true, .groups = false, .nearest = "int of 8 bits per channel"},
    {.kind = Kind::Float8, .label = "compressed-tensors (fp8)", .codec = "fp8e4m3", .widths = widths({8}), .groups = false, .nearest = "fp8e4m3 per channel"},
};

const Rules& rulesOf(Kind kind) { return *std::find_if(std::begin(kRules), std::end(kRules), [&](const Rules& rules) { return rules.kind == kind; }); }

WeightChoice chooseBy(const Rules& rules, const Layer& layer, const QuantSpec& asked) {
    if (rules.kind == Kind::Plain) return {true, asked, {}};
    const std::string label(rules.label);
    if (asked.codec != rules.codec || !(rules.widths & 1u << asked.bits)) return {false, std::nullopt, label + " has no type for " + formatName(asked) + "; the nearest is " + std::string(rules.nearest)};
    const bool matrix = layer.kind == LayerKind::Linear && layer.shape.rank() == 2 && layer.layout.outer == 1;
    if (!matrix) return {true, std::nullopt, label + " holds linear layers alone: it stays as it is"};
    if (layer.layout.channels % rules.outputs != 0 || layer.layout.inner % rules.inputs != 0)
        return {true, std::nullopt, label + " wants outputs that are a multiple of " + std::to_string(rules.outputs) + (rules.inputs > 1 ? " and inputs that are one of " + std::to_string(rules.inputs) : "") + ": it stays as it is"};
    WeightChoice choice{true, asked, {}};
    const auto* group = std::get_if<PerGroup>(&asked.granularity);
    if (group && !rules.groups) choice.weights->granularity = PerChannel{}, choice.reason = label + " has no groups: one scale per output";
    else if (group && group->size < layer.layout.inner && layer.layout.inner % group->size != 0) choice.weights->granularity = PerChannel{}, choice.reason = "groups of " + std::to_string(group->size) + " do not divide rows of " + std::to_string(layer.layout.inner) + ": one scale per output";
    if (rules.symmetricOnly && !asked.symmetric) choice.weights->symmetric = true, choice.reason += (choice.reason.empty() ? "" : "; ") + label + " has no zero points";
    return choice;
}

// Parts that vLLM joins into one matrix: they must have one scheme.
void checkFused(const Model& source, const QuantizedModel& quantized, std::vector<Issue>& issues) {
    constexpr std::string_view kFused[][3] = {{"q_proj", "k_proj", "v_proj"}, {"gate_proj", "up_proj", ""}};
    for (const LayerOutcome& outcome : quantized.layers) {
        const std::string& name = source.layers[outcome.layer].name;
        for (const auto& parts : kFused) {
            if (!name.ends_with(parts[0])) continue;
            const std::string stem = name.substr(0, name.size() - parts[0].size());
            for (const LayerOutcome& other : quantized.layers) {
                const std::string& second = source.layers[other.layer].name;
                if ((second == stem + std::string(parts[1]) || (!parts[2].empty() && second == stem + std::string(parts[2]))) && other.got.weights != outcome.got.weights)
                    issues.push_back({Issue::Level::Warning, second, "vLLM joins it with '" + name + "' and refuses the model when their schemes differ", "give both the same scheme"});
            }
        }
    }
}

void checkOneScheme(const Rules& rules, const Model& source, const QuantizedModel& quantized, std::vector<Issue>& issues) {
    const LayerOutcome* first = nullptr;
    for (const LayerOutcome& outcome : quantized.layers) {
        if (!outcome.got.weights) continue;
        if (!first) first = &outcome;
        const QuantSpec &a = *first->got.weights, &b = *outcome.got.weights;
        const auto sizeOf = [](const QuantSpec& spec) { const auto* group = std::get_if<PerGroup>(&spec.granularity); return group ? group->size : -1; };
        if (a.bits == b.bits && a.symmetric == b.symmetric && sizeOf(a) == sizeOf(b)) continue;
        issues.push_back({Issue::Level::Error, source.layers[outcome.layer].name,
                          std::string(rules.label) + " has one scheme for all layers, and '" + source.layers[first->layer].name + "' got " + shortText(first->got) + " where this one got " + shortText(outcome.got),
                          "give all layers one scheme, leave this one in float, or choose compressed-tensors"});
        return;
    }
}

std::vector<Issue> checkBy(const Rules& rules, const Model& source, const QuantizedModel& quantized) {
    std::vector<Issue> issues;
    if (rules.oneScheme) checkOneScheme(rules, source, quantized, issues);
    if (rules.kind != Kind::Plain) checkFused(source, quantized, issues);
    const bool any = std::any_of(quantized.layers.begin(), quantized.layers.end(), [](const LayerOutcome& outcome) { return outcome.got.weights.has_value(); });
    if (!any && rules.kind != Kind::Plain) issues.push_back({Issue::Level::Error, "", "no layer gets a scheme that " + std::string(rules.label) + " can hold", "choose " + std::string(rules.nearest)});
    bool coded = false;
    for (const LayerOutcome& outcome : quantized.layers)
        coded = coded || (!outcome.got.weights && source.graph.value(source.layers[outcome.layer].weight).packed && !source.graph.value(source.layers[outcome.layer].weight).type);
    if (coded) issues.push_back({Issue::Level::Note, "", "weights that the source has in a quantized layout and that get no scheme are written as float32, which is exact and larger", ""});
    if (rules.kind == Kind::Gptq || rules.kind == Kind::Awq)
        issues.push_back({Issue::Level::Note, "", std::string(rules.label) + " has scales in float16: weights differ from the preview by up to 1/2048", ""});
    if (rules.kind == Kind::Int8 || rules.kind == Kind::Float8)
        issues.push_back({Issue::Level::Note, "", "config.json asks for activations of 8 bits, scaled per token as the model runs: vLLM has this layout for nothing else", ""});
    return issues;
}

template <Kind kind>
WeightChoice choose(const Layer& layer, const QuantSpec& asked) { return chooseBy(rulesOf(kind), layer, asked); }
template <Kind kind>
std::vector<Issue> check(const Model& source, const QuantizedModel& quantized) { return checkBy(rulesOf(kind), source, quantized); }
template <Kind kind>
std::int64_t bytes(const Layer& layer, const std::optional<QuantSpec>& spec) { return bytesInFile(kind, layer, spec); }
template <Kind kind>
WeightsWritten writeFolder(const WeightsRequest& request, const std::filesystem::path& path, const WriteOptions& options, Workers& workers, JobContext& job) { return write(kind, request, path, options, workers, job); }

template <Kind kind>
const WeightsFormat kWeightsOf = {&choose<kind>, &bytes<kind>, &writeFolder<kind>};

}  // namespace

const Layout kPlain = {"safetensors", "safetensors (float)", "Weights as floats after quantization, in the type that they had: for any program that reads the source", &kWeightsOf<Kind::Plain>, &check<Kind::Plain>};
const Layout kGptq = {"gptq", "GPTQ (safetensors)", "Words of GPTQ with quantization_config, for transformers, vLLM and GPTQModel", &kWeightsOf<Kind::Gptq>, &check<Kind::Gptq>};
const Layout kAwq = {"awq", "AWQ (safetensors)", "Words of AWQ's GEMM with quantization_config, for transformers and vLLM", &kWeightsOf<Kind::Awq>, &check<Kind::Awq>};
const Layout kPacked = {"compressed-tensors", "compressed-tensors, packed", "pack-quantized: integers of 2 to 8 bits in words, every layer as it likes, for vLLM and transformers", &kWeightsOf<Kind::Packed>, &check<Kind::Packed>};
const Layout kInt8 = {"compressed-tensors-int8", "compressed-tensors, int8", "int-quantized: plain int8 with a scale per output, for vLLM (W8A8)", &kWeightsOf<Kind::Int8>, &check<Kind::Int8>};
const Layout kFloat8 = {"compressed-tensors-fp8", "compressed-tensors, fp8", "float-quantized: 8-bit floats with a scale per output, for vLLM (FP8)", &kWeightsOf<Kind::Float8>, &check<Kind::Float8>};

}  // namespace bitlathe::safetensors
