// How far a network's outputs are from a reference: on plain spans of floats, in a fixed order of
// additions. Knows no engine and no datasets.
#pragma once

#include "core/metrics/layer_report.h"

#include <cstdint>
#include <span>

namespace bitlathe {

// got against reference, equally long: SQNR, cosine, maximum and mean square error.
QuantizationError compareOutputs(std::span<const float> reference, std::span<const float> got) noexcept;

// The index of the largest element; the first one of equals; NaN never wins. -1 when x is empty or all NaN.
std::int64_t argmax(std::span<const float> x) noexcept;
// Whether fewer than k elements are larger than x[label], or equal to it and before it. NaN counts as
// smallest; a label outside x is never among the top.
bool isInTop(std::span<const float> x, std::int64_t label, int k) noexcept;

// Σ p·(log p − log q) of the softmax distributions of two rows of logits, in nats, in double with the
// maximum subtracted. >= 0 but for rounding; +infinity or NaN when a logit is not finite.
double softmaxDivergence(std::span<const float> reference, std::span<const float> got) noexcept;

// Running figures over rows of class scores. Feed rows in a fixed order.
struct ClassCounts {
    std::int64_t rows = 0, labelled = 0;
    std::int64_t top1 = 0, top5 = 0;         // of the labelled rows
    std::int64_t referenceTop1 = 0;          // the reference's, of the labelled rows
    std::int64_t agreed = 0;                 // rows where argmax equals the reference's
    double divergence = 0;                   // Σ softmaxDivergence over rows
    bool operator==(const ClassCounts&) const = default;

    double top1Share() const noexcept { return labelled ? double(top1) / double(labelled) : 0; }
    double top5Share() const noexcept { return labelled ? double(top5) / double(labelled) : 0; }
    double agreement() const noexcept { return rows ? double(agreed) / double(rows) : 1; }
    double meanDivergence() const noexcept { return rows ? divergence / double(rows) : 0; }
    // Half the width of the 95 % interval (normal approximation) of a share of n rows.
    static double margin(double share, std::int64_t n) noexcept;
};
// label: -1 for none. reference: empty for none (agreement and divergence then count as perfect).
void addRow(ClassCounts& counts, std::span<const float> reference, std::span<const float> got, std::int64_t label) noexcept;

}  // namespace bitlathe
