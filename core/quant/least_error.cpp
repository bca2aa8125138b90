#include "core/quant/least_error.h"

#include "core/quant/codec.h"
#include "core/quant/ranges.h"
#include "core/quant/soft_clip.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace bitlathe {

namespace {

constexpr double kStep = 0.02;   // of the full range
constexpr int kFactors = 40;     // 1, 0.98 … 0.22
constexpr int kFine = 4;         // steps of kStep / 5 to each side of the best
constexpr double kFineStep = kStep / 5;

// Values, and how often each occurs.
class Search {
public:
    Search(std::vector<float> values, std::vector<float> counts, ValueRange full, const QuantSpec& spec, double norm)
        : m_values(std::move(values)), m_counts(std::move(counts)), m_full(full), m_spec(spec), m_codec(codecOf(spec)), m_norm(norm),
          m_codes(m_values.size() * static_cast<std::size_t>(bitsOf(m_codec.codeType(spec)) / 8)), m_back(m_values.size()) {}

    ValueRange best() {
        if (m_values.empty()) return {};
        double low = 1, high = 1;  // factors of the two ends
        double least = error(1, 1);
        const auto attempt = [&](double l, double h) {
            const double e = error(l, h);
            if (e < least) least = e, low = l, high = h;
        };
        for (int i = 1; i < kFactors; ++i) attempt(1 - i * kStep, 1 - i * kStep);
        const double around = low;
        for (int i = -kFine; i <= kFine; ++i)
            if (i != 0) attempt(around + i * kFineStep, around + i * kFineStep);
        if (!m_spec.symmetric && m_full.lo < 0 && m_full.hi > 0) {
            const double l = low;
            for (int i = -kFine; i <= kFine; ++i) attempt(l + i * kStep, high);
            const double h = high;
            for (int i = -kFine; i <= kFine; ++i) attempt(low, h + i * kStep);
        }
        return scaled(low, high);
    }

private:
    ValueRange scaled(double low, double high) const noexcept {
        return {float(double(m_full.lo) * low), float(double(m_full.hi) * high)};
    }
    double error(double low, double high) {
        GroupParameters group;
        m_inner.resize(static_cast<std::size_t>(m_codec.innerBytes(m_spec)));
        group.inner = m_inner;
        m_codec.fit(m_spec, m_values, m_counts, scaled(low, high), group);
        if (m_norm == 2.0 && m_codec.squaredError && !isSoft(m_spec)) return m_codec.squaredError(m_spec, group, m_values, m_counts);
        encodeShaped(m_codec, m_spec, group, m_values, m_codes);
        m_codec.decode(m_spec, group, m_codes, m_back);
        double sum = 0;
        for (std::size_t i = 0; i < m_values.size(); ++i) {
            const double e = std::fabs(double(m_values[i]) - double(m_back[i]));
            sum += (m_counts.empty() ? 1.0 : double(m_counts[i])) * (m_norm == 2.0 ? e * e : std::pow(e, m_norm));
        }
        return sum;
    }

    std::vector<float> m_values;
    std::vector<float> m_counts;
    ValueRange m_full;
    QuantSpec m_spec;
    const Codec& m_codec;
    double m_norm;
    std::vector<std::byte> m_codes, m_inner;
    std::vector<float> m_back;
};

ValueRange widened(ValueRange range) noexcept { return {std::min(range.lo, 0.0f), std::max(range.hi, 0.0f)}; }

struct Binned {
    std::vector<double> sums, counts;
};

Binned binnedValues(std::span<const float> x, ValueRange full, std::size_t bins, const ForChunks& forChunks) {
    const double lo = double(full.lo), perUnit = double(bins) / (double(full.hi) - lo);
    const auto count = static_cast<std::int64_t>(x.size());
    std::vector<Binned> parts(static_cast<std::size_t>(chunksOf(count)));
    forChunks(chunksOf(count), [&](std::int64_t chunk) {
        Binned& part = parts[static_cast<std::size_t>(chunk)];
        part.sums.assign(bins, 0);
        part.counts.assign(bins, 0);
        const auto begin = static_cast<std::size_t>(chunk * kChunkValues);
        for (const float v : x.subspan(begin, std::min<std::size_t>(kChunkValues, x.size() - begin))) {
            if (!(v - v == 0.0f)) continue;
            const auto bin = std::min(static_cast<std::size_t>((double(v) - lo) * perUnit), bins - 1);
            part.sums[bin] += double(v);
            ++part.counts[bin];
        }
    });
    Binned all{std::vector<double>(bins), std::vector<double>(bins)};
    for (const Binned& part : parts)
        for (std::size_t i = 0; i < part.sums.size(); ++i) {
            all.sums[i] += part.sums[i];
            all.counts[i] += part.counts[i];
        }
    return all;
}

}  // namespace

ValueRange leastErrorRange(std::span<const float> x, const QuantSpec& spec, double norm) {
    return leastErrorRange(x, widened(finiteRange(x)), spec, norm, oneAfterTheOther);
}

ValueRange leastErrorRange(std::span<const float> x, ValueRange full, const QuantSpec& spec, double norm, const ForChunks& forChunks) {
    if (full.lo == full.hi) return full;
    const auto bins = static_cast<std::size_t>(searchBins(spec.bits));
    std::vector<float> values, counts;
    if (x.size() <= bins) {
        values.reserve(x.size());
        std::copy_if(x.begin(), x.end(), std::back_inserter(values), [](float v) { return std::isfinite(v); });
        return Search(std::move(values), {}, full, spec, norm).best();
    }
    const Binned binned = binnedValues(x, full, bins, forChunks);
    for (std::size_t i = 0; i < bins; ++i)
        if (binned.counts[i] > 0) {
            values.push_back(float(binned.sums[i] / binned.counts[i]));
            counts.push_back(float(binned.counts[i]));
        }
    return Search(std::move(values), std::move(counts), full, spec, norm).best();
}

ValueRange leastErrorRange(const Histogram& histogram, ValueRange seen, const QuantSpec& spec, double norm) {
    std::vector<float> values;
    std::vector<float> counts;
    const double width = histogram.binWidth();
    for (std::size_t i = 0; i < histogram.counts.size(); ++i)
        if (histogram.counts[i] > 0) {
            const double centre = histogram.lo + (double(i) + 0.5) * width;
            values.push_back(float(std::clamp(centre, double(seen.lo), double(seen.hi))));
            counts.push_back(float(histogram.counts[i]));
        }
    const ValueRange full = widened(seen);
    if (full.lo == full.hi) return full;
    return Search(std::move(values), std::move(counts), full, spec, norm).best();
}

}  // namespace bitlathe
