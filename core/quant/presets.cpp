// The recipes that ship.
#include "core/quant/recipe.h"

#include <algorithm>

namespace bitlathe {

namespace {

QuantSpec integers(int bits, bool symmetric, Granularity granularity, RangeRule range = MinMax{}) {
    QuantSpec spec;
    spec.bits = bits;
    spec.symmetric = symmetric;
    spec.granularity = granularity;
    spec.range = range;
    return spec;
}

// Formats in blocks, whose scales and ranges are their own business.
QuantSpec blocks(std::string codec, int bits) {
    QuantSpec spec;
    spec.codec = std::move(codec);
    spec.bits = bits;
    return spec;
}

Recipe weightsAndActivations(std::string name, QuantSpec weights, ActivationSpec activations = {}) {
    Recipe recipe;
    recipe.name = std::move(name);
    recipe.defaults = {std::move(weights), activations};
    return recipe;
}

Recipe weightsOnly(std::string name, QuantSpec weights) {
    Recipe recipe;
    recipe.name = std::move(name);
    recipe.defaults.weights = std::move(weights);
    return recipe;
}

Recipe mixedSafe() {
    Recipe recipe = weightsAndActivations("mixed-safe", integers(4, true, PerChannel{}, LeastError{}));
    const Scheme eight{integers(8, true, PerChannel{}), ActivationSpec{}};
    recipe.rules = {{"", "", Rule::Place::First, eight}, {"", "", Rule::Place::Last, eight}};
    return recipe;
}

}  // namespace

const std::vector<Preset>& presets() {
    static const std::vector<Preset> rows = {
        {"int8", "INT8", "weights 8 bits per channel, activations 8 bits from calibration: runs in integers everywhere",
         weightsAndActivations("int8", integers(8, true, PerChannel{}))},
        {"int8-percentile", "INT8, percentile activations", "as INT8, but activations are cut at the 99.99th percentile: for tensors with rare large values",
         weightsAndActivations("int8-percentile", integers(8, true, PerChannel{}), {8, false, Percentile{99.99}})},
        {"int8-entropy", "INT8, entropy activations", "as INT8, but activation ranges lose the least information (Kullback-Leibler)",
         weightsAndActivations("int8-entropy", integers(8, true, PerChannel{}), {8, false, Entropy{}})},
        {"int8-tensor", "INT8 per tensor", "one scale per weight, for runtimes without per-channel scales",
         weightsAndActivations("int8-tensor", integers(8, true, PerTensor{}))},
        {"int8-weights", "INT8 weights", "weights 8 bits per channel, computation in float: needs no calibration",
         weightsOnly("int8-weights", integers(8, true, PerChannel{}))},
        {"int4-g128", "INT4 groups of 128", "weights 4 bits, one scale per 128 weights, computation in float",
         weightsOnly("int4-g128", integers(4, true, PerGroup{128}))},
        {"int4-g32", "INT4 groups of 32, asymmetric", "weights 4 bits, scale and zero point per 32 weights: 5.1 bits per weight, closer to float",
         weightsOnly("int4-g32", integers(4, false, PerGroup{32}))},
        {"int4-channel", "INT4 per channel", "weights 4 bits, one least-error scale per channel",
         weightsOnly("int4-channel", integers(4, true, PerChannel{}, LeastError{}))},
        {"int3-g64", "INT3 groups of 64", "weights 3 bits, scale and zero point per 64 weights, least-error ranges",
         weightsOnly("int3-g64", integers(3, false, PerGroup{64}, LeastError{}))},
        {"mixed-safe", "Mixed, safe ends", "first and last layer 8 bits, the rest 4 bits, activations 8 bits", mixedSafe()},
        {"ternary", "Ternary per channel", "weights −1, 0, +1 times a least-error scale per channel",
         weightsOnly("ternary", integers(2, true, PerChannel{}, LeastError{}))},
        {"all-q8_0", "All layers Q8_0", "GGUF: weights in blocks of 32 with 8 bits: 8.5 bits per weight, hard to tell from float", weightsOnly("all-q8_0", blocks("q8_0", 8))},
        {"all-q6_k", "All layers Q6_K", "GGUF: weights in blocks of 256 with 6 bits: 6.6 bits per weight", weightsOnly("all-q6_k", blocks("q6_k", 6))},
        {"all-q4_k", "All layers Q4_K", "GGUF: weights in blocks of 256 with 4 bits: 4.5 bits per weight, what most people run", weightsOnly("all-q4_k", blocks("q4_k", 4))},
        {"float", "Float", "nothing is quantized", Recipe{.name = "float"}},
    };
    return rows;
}

const Preset* findPreset(std::string_view name) {
    const auto& rows = presets();
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const Preset& row) { return row.name == name; });
    return found == rows.end() ? nullptr : &*found;
}

}  // namespace bitlathe
