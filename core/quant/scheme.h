// How one tensor is represented, and what is done to one layer. Plain values; a codec is named, not held.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace bitlathe {

struct PerTensor { bool operator==(const PerTensor&) const = default; };
// One scale per output channel: the layer knows which axis that is.
struct PerChannel { bool operator==(const PerChannel&) const = default; };
// One scale per `size` consecutive elements of a channel; the last group of a channel may be shorter.
struct PerGroup {
    int size = 128;  // >= 1
    bool operator==(const PerGroup&) const = default;
};
using Granularity = std::variant<PerTensor, PerChannel, PerGroup>;

// Where the representable range ends. The formulas and their sources: core/quant/ranges.h.
struct MinMax { bool operator==(const MinMax&) const = default; };
struct MovingAverage {
    double constant = 0.01;  // weight of the newest batch, (0, 1]
    bool operator==(const MovingAverage&) const = default;
};
struct Percentile {
    double percent = 99.99;  // (50, 100]
    bool operator==(const Percentile&) const = default;
};
struct LeastError {
    double norm = 2.0;  // sum of |error|^norm is minimised; 2 is squared error
    bool operator==(const LeastError&) const = default;
};
struct Entropy {
    int bins = 2048;
    int quantizedBins = 128;
    bool operator==(const Entropy&) const = default;
};
struct Manual {
    double lo = -1.0, hi = 1.0;  // lo <= 0 <= hi, lo < hi; symmetric formats use max(-lo, hi)
    bool operator==(const Manual&) const = default;
};
// Analytical clipping for a bell or a Laplace distribution of the values' width; core/quant/aciq.h.
struct Aciq {
    enum class Shape : std::uint8_t { Auto, Gaussian, Laplace } shape = Shape::Auto;  // Auto: the likelier of the two
    bool operator==(const Aciq&) const = default;
};
// Tries the other rules and keeps the best by a metric; core/quant/adaptive_range.h.
struct Adaptive {
    enum class Metric : std::uint8_t { SquaredError, Norm24, Cosine, MaxError, Divergence } metric = Metric::SquaredError;
    bool operator==(const Adaptive&) const = default;
};
using RangeRule = std::variant<MinMax, MovingAverage, Percentile, LeastError, Entropy, Manual, Aciq, Adaptive>;

// How a file holds the scale of each group; core/quant/stored_scale.h has the rounding of each.
enum class ScaleType : std::uint8_t {
    F32, F16, BF16,
    E8M0,      // a power of two in 8 bits: multiplying is a shift
    E4M3,      // an 8-bit float, times one float32 of the tensor
    U8,        // 8-bit integer, times a float32 shared by 256 groups
    Dynamic8,  // bitsandbytes' double quantization: an 8-bit table, shared by 256 groups
    One,       // no scale: codes are the values
};

struct QuantSpec {
    std::string codec = "int";  // a row of codecs()
    int bits = 8;
    bool symmetric = true;  // zero point fixed at the middle code
    bool narrow = true;     // symmetric only: -(2^(b-1)-1) … 2^(b-1)-1, so that both ends are alike
    Granularity granularity = PerChannel{};
    RangeRule range = MinMax{};
    ScaleType scale = ScaleType::F32;  // where the format offers a choice; see scaleTypeOf() in codec.h
    std::vector<float> table;          // the levels of a format that takes a table of the user
    double knee = 0.0;                 // soft clip: the share of each end over which values bend, 0 (hard) … 1; soft_clip.h
    bool operator==(const QuantSpec&) const = default;
};

// Activations have one scale per tensor, from calibration.
struct ActivationSpec {
    int bits = 8;            // 8, for now the width that consumers run
    bool symmetric = false;  // asymmetric u8 by default: ONNX Runtime fuses ReLU only then
    RangeRule range = MinMax{};
    bool operator==(const ActivationSpec&) const = default;
};

// Absent: left in float.
struct Scheme {
    std::optional<QuantSpec> weights;
    std::optional<ActivationSpec> activations;
    bool operator==(const Scheme&) const = default;
};

// "int4 group 128", "int8 channel", "uint4 tensor", "float32": short, for tables.
std::string shortText(const Scheme& scheme);

}  // namespace bitlathe
