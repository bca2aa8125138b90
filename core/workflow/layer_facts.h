// What is true of a layer's weights under every scheme: statistics, histogram, channels. Made once per
// layer and kept.
#pragma once

#include "core/kernels/isa.h"
#include "core/metrics/layer_report.h"
#include "core/model/layer.h"
#include "core/workflow/weight_source.h"

#include <span>
#include <vector>

namespace bitlathe {

class JobContext;
class Workers;

struct ChannelFacts {
    float min = 0, max = 0, mean = 0, deviation = 0;  // of the finite weights
    bool operator==(const ChannelFacts&) const = default;
};

struct LayerFacts {
    static constexpr int kBins = 512;
    WeightStatistics statistics;
    Histogram histogram;  // kBins bins from min to max; around a constant one's value
    std::vector<ChannelFacts> channels;
    bool operator==(const LayerFacts&) const = default;
};

// values: the weight's own order. The same for every number of threads and every isa. Throws Cancelled.
LayerFacts layerFacts(std::span<const float> values, const ChannelLayout& layout, Isa isa, Workers& workers, JobContext& job);

// The same of a weight as its file stores it, converted tile by tile and never as a whole: F32, and F16 and BF16
// whose channels lie in one piece.
bool hasStoredFacts(const Tensor& stored, const ChannelLayout& layout) noexcept;
LayerFacts storedFacts(const Tensor& stored, const ChannelLayout& layout, Isa isa, Workers& workers, JobContext& job);

}  // namespace bitlathe
