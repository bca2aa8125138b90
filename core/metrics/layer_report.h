// All that the screen shows of one layer under one scheme: an immutable snapshot. Knows no plots.
#pragma once

#include "core/quant/code_entropy.h"
#include "core/quant/histogram.h"
#include "core/quant/scheme.h"
#include "core/quant/transfer_curve.h"

#include <cstdint>
#include <string>
#include <vector>

namespace bitlathe {

// Of the finite weights x.
struct WeightStatistics {
    std::int64_t count = 0, notFinite = 0, zeros = 0;  // count includes the not finite
    double min = 0, max = 0, mean = 0, deviation = 0;  // population standard deviation
    bool operator==(const WeightStatistics&) const = default;
};

// e = x − x̂ over the finite weights.
struct QuantizationError {
    double meanSquare = 0;      // Σe²/n
    double rootMeanSquare = 0;  // √(Σe²/n)
    double maximum = 0;         // max|e|
    double sqnrDb = 0;          // 10·log10(Σx²/Σe²); +infinity when Σe² is 0
    double cosine = 1;          // Σx·x̂ / √(Σx²·Σx̂²); 1 when both are 0
    double klDivergence = 0;    // KL(x ‖ x̂) of the histograms, nats: see metrics/divergence.h
    double clipped = 0;         // share of weights beyond the representable range by more than half a step, 0..1
    bool operator==(const QuantizationError&) const = default;
};

struct ChannelRange {
    float min = 0, max = 0, mean = 0, deviation = 0;  // of the channel's weights
    float clipLo = 0, clipHi = 0;                      // of the channel's scheme; group schemes: widest
    float sqnrDb = 0;
    bool operator==(const ChannelRange&) const = default;
};

// Root mean square error by channel (rows) and elements of the channel (columns); columns are groups, or
// several, where the scheme has groups. Large layers are reduced to at most kMapSide cells a side, each
// the RMS over what it covers; the last row and column may cover less.
struct ErrorMap {
    static constexpr int kMapSide = 512;
    int rows = 0, columns = 0;
    std::int64_t channelsPerRow = 1, elementsPerColumn = 1;
    std::vector<float> rms;  // rows × columns
    bool operator==(const ErrorMap&) const = default;
};

struct LayerReport {
    std::size_t layer = 0;  // index in Model::layers
    Scheme scheme;
    // Share of the weights that the figures rest on. 1: exact, final. Below: a preview, whose channels and
    // map cells without a sample show the nearest sampled ones.
    double doneFraction = 0;
    WeightStatistics statistics;
    QuantizationError error;
    double clipLo = 0, clipHi = 0;  // representable range; widest over channels and groups
    TransferCurve transfer;         // of the one group, or of the one with the median scale: its levels and its staircase
    std::int64_t scales = 0;        // how many scales the scheme stores
    std::int64_t bytesBefore = 0, bytesAfter = 0;  // of the weight: codes, scales and zero points as stored
    double bitsPerWeight = 0;
    CodeEntropy entropy;            // what an entropy coder could make of the codes (weight sharing); all 0 for float
    Histogram weights, quantized;  // x and x̂ over one axis, equal bins
    Histogram errors;              // e over ± half the widest step; what clipping adds lies outside
    std::vector<ChannelRange> channels;
    ErrorMap map;
    std::string note;  // what a reader must know: "constant weights", "3 NaN weights are coded as 0"
    bool operator==(const LayerReport&) const = default;

    bool exact() const noexcept { return doneFraction >= 1.0; }
};

}  // namespace bitlathe
