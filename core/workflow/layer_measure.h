// Codes a weight under fitted parameters and measures what that does, without keeping the codes. Knows
// no recipes and no previews.
#pragma once

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
MapGrid mapGrid(const ChannelLayout& layout, const QuantSpec& spec) noexcept;

struct Measured {
    std::vector<ErrorSums> channels;
    ErrorSums all;
    std::int64_t clipped = 0;  // weights beyond their group's range by more than half a step
    Histogram quantized, errors;
    std::vector<float> map;  // rows × columns, root mean square errors
};

// q: spec, layout, scales, zero points and inner bytes; its codes are not used. quantized and errors give
// the axes. halfStep: half the widest gap between levels, in scales. The same for every number of
// threads. Throws Cancelled.
Measured measure(std::span<const float> values, const QuantizedTensor& q, Histogram quantized, Histogram errors, double halfStep,
                 Workers& workers, JobContext& job);

// Only the sums: for curves over many schemes.
ErrorSums measureSums(std::span<const float> values, const QuantizedTensor& q, Workers& workers, JobContext& job);

}  // namespace bitlathe
