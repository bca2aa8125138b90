#include "core/metrics/output_metrics.h"

#include "core/metrics/error_sums.h"
#include "core/metrics/language_metrics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {

// NaN sorts below everything.
float ordered(float v) noexcept { return v == v ? v : -std::numeric_limits<float>::infinity(); }

}  // namespace

QuantizationError compareOutputs(std::span<const float> reference, std::span<const float> got) noexcept {
    constexpr std::size_t kBlock = 4096;  // short runs keep the sums accurate
    ErrorSums sums;
    for (std::size_t at = 0; at < reference.size(); at += kBlock) {
        const std::size_t length = std::min(kBlock, reference.size() - at);
        ErrorSums part;
        addPairs(part, reference.subspan(at, length), got.subspan(at, length));
        combine(sums, part);
    }
    return figuresOf(sums);
}

std::int64_t argmax(std::span<const float> x) noexcept {
    std::int64_t best = -1;
    for (std::size_t i = 0; i < x.size(); ++i)
        if (x[i] == x[i] && (best < 0 || x[i] > x[static_cast<std::size_t>(best)])) best = static_cast<std::int64_t>(i);
    return best;
}

bool isInTop(std::span<const float> x, std::int64_t label, int k) noexcept {
    if (label < 0 || label >= static_cast<std::int64_t>(x.size()) || std::isnan(x[static_cast<std::size_t>(label)])) return false;
    const float own = x[static_cast<std::size_t>(label)];
    int before = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
        before += ordered(x[i]) > own || (x[i] == own && static_cast<std::int64_t>(i) < label);
    return before < k;
}

double softmaxDivergence(std::span<const float> reference, std::span<const float> got) noexcept {
    assert(reference.size() == got.size());
    return reference.empty() ? 0.0 : scoreToken(reference, got, 0).divergence;
}

double ClassCounts::margin(double share, std::int64_t n) noexcept {
    return n > 0 ? 1.96 * std::sqrt(std::max(0.0, share * (1 - share)) / double(n)) : 0.0;
}

void addRow(ClassCounts& counts, std::span<const float> reference, std::span<const float> got, std::int64_t label) noexcept {
    ++counts.rows;
    const std::int64_t best = argmax(got);
    if (label >= 0) {
        ++counts.labelled;
        counts.top1 += best == label;
        counts.top5 += isInTop(got, label, 5);
        counts.referenceTop1 += (reference.empty() ? best : argmax(reference)) == label;
    }
    if (reference.empty()) {
        ++counts.agreed;
        return;
    }
    counts.agreed += best == argmax(reference);
    counts.divergence += softmaxDivergence(reference, got);
}

}  // namespace bitlathe
