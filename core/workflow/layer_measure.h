// Codes a weight under fitted parameters and measures what that does, without keeping the codes. Knows
// no recipes and no previews.
#pragma once

#include "core/kernels/isa.h"
#include "core/metrics/error_sums.h"
#include "core/metrics/layer_report.h"
#include "core/quant/quantized_tensor.h"

#include <span>
#include <vector>

namespace bitlathe {

class JobContext;
class Workers;

// Which channels and elements one cell of an ErrorMap covers.
struct MapGrid {
    std::int64_t channelsPerRow = 1, elementsPerColumn = 1;
    int rows = 0, columns = 0;
    bool operator==(const MapGrid&) const = default;
};
// Columns are groups, or several of them. Without groups: single elements in small weights, multiples of
// 16 elements in others, which is what the fused pass sums in one go.
MapGrid mapGrid(const ChannelLayout& layout, const QuantSpec& spec) noexcept;

struct ChannelPower {
    double signal = 0, noise = 0;  // Σx², Σe²
    bool operator==(const ChannelPower&) const = default;
};

struct Measured {
    ErrorSums sums;
    std::int64_t clipped = 0;  // weights beyond their group's range by more than half a step
    std::vector<ChannelPower> channels;
    Histogram quantized, errors;
    std::vector<std::uint64_t> codeCounts;  // how often each code occurs, one place per code; empty unless asked for
    std::vector<float> map;  // rows × columns, root mean square errors
};

// What to measure: q has spec, layout, scales, zero points and inner bytes; its codes are not used.
// quantized and errors give the axes, of at most 4096 bins. halfStep: half the widest gap between levels,
// in scales; 0: nothing counts as clipped. allFinite: no value is NaN or infinite, which the fused pass wants.
struct Measurement {
    std::span<const float> values;
    const QuantizedTensor& q;
    Histogram quantized, errors;
    double halfStep = 0.5;
    bool allFinite = false;
    Isa isa = Isa::Reference;
    bool countCodes = false;
};
// The same for every number of threads and every ISA. Throws Cancelled.
Measured measure(const Measurement& what, Workers& workers, JobContext& job);

}  // namespace bitlathe
