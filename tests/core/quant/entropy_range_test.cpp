#include "core/quant/ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace bitlathe {
namespace {

// The reference, in the plainest form: every window, float32 with numpy's order of additions.
float pairwise(const float* x, std::size_t n) {
    if (n < 8) return std::accumulate(x, x + n, 0.0f);
    if (n <= 128) {
        float part[8];
        std::copy_n(x, 8, part);
        std::size_t i = 8;
        for (; i + 8 <= n; i += 8)
            for (std::size_t j = 0; j < 8; ++j) part[j] += x[i + j];
        float sum = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
        for (; i < n; ++i) sum += x[i];
        return sum;
    }
    const std::size_t half = n / 2 - n / 2 % 8;
    return pairwise(x, half) + pairwise(x + half, n - half);
}

bool smoothed(std::vector<float>& p) {
    const auto zeros = double(std::count(p.begin(), p.end(), 0.0f)), filled = double(p.size()) - zeros;
    if (filled == 0) return false;
    const double taken = 1e-4 * zeros / filled;
    for (float& v : p) v += v == 0 ? 1e-4f : float(-taken);
    return taken < 1;
}

float divergence(const Histogram& h, std::size_t begin, std::size_t end, std::size_t levels) {
    std::vector<float> p(h.counts.begin() + std::ptrdiff_t(begin), h.counts.begin() + std::ptrdiff_t(end)), q(p.size(), 0.0f);
    const std::vector<double> raw(h.counts.begin() + std::ptrdiff_t(begin), h.counts.begin() + std::ptrdiff_t(end));
    double below = 0, above = 0;
    for (std::size_t i = 0; i < begin; ++i) below += double(h.counts[i]);
    for (std::size_t i = end; i < h.counts.size(); ++i) above += double(h.counts[i]);
    p.front() = float(raw.front() + below);
    p.back() = float(raw.back() + above);
    const std::size_t merged = p.size() / levels;
    for (std::size_t l = 0; l < levels; ++l) {
        double sum = 0, filled = 0;
        for (std::size_t i = l * merged; i < (l + 1) * merged; ++i) sum += raw[i], filled += p[i] != 0;
        if (l + 1 == levels)
            for (std::size_t i = levels * merged; i < raw.size(); ++i) sum += raw[i];
        for (std::size_t i = l * merged; filled > 0 && i < (l + 1) * merged; ++i) q[i] = float(std::trunc(sum / filled));
    }
    if (!smoothed(p) || !smoothed(q)) return std::numeric_limits<float>::infinity();
    const float sumP = pairwise(p.data(), p.size()), sumQ = pairwise(q.data(), q.size());
    for (std::size_t i = 0; i < p.size(); ++i) {
        const double a = double(p[i] / sumP), b = double(q[i] / sumQ);
        p[i] = float(a * std::log(a / b));
    }
    return pairwise(p.data(), p.size());
}

ValueRange reference(const Histogram& h, std::size_t levels) {
    const std::size_t bins = h.counts.size(), middle = bins / 2;
    float least = 0;
    std::size_t from = 0, to = bins;
    bool found = false;
    for (std::size_t half = levels / 2; half <= middle; ++half) {
        const std::size_t begin = middle - half, end = std::min(middle + half + 1, bins);
        if (end - begin < levels) continue;
        const float kl = divergence(h, begin, end, levels);
        if (found && !(kl < least)) continue;
        found = true;
        least = kl;
        from = begin, to = end;
    }
    const auto edge = [&](std::size_t i) { return float(h.lo + (h.hi - h.lo) * (double(i) / double(bins))); };
    return {edge(from), edge(to)};
}

TEST(Entropy, TheFastSearchFindsTheReferencesWindowOnEveryHistogram) {
    std::mt19937 random(1);
    int compared = 0;
    for (const int bins : {16, 32, 64, 255, 256, 600})
        for (const int levels : {2, 3, 16, 31, 128})
            for (int trial = 0; trial < 24; ++trial) {
                if (levels > bins) continue;
                Histogram h{-3, 3, std::vector<std::uint64_t>(std::size_t(bins)), 0, 0};
                const int values = trial % 4 == 0 ? 20 : trial % 4 == 1 ? 300 : trial % 4 == 2 ? 100000 : 3;
                std::normal_distribution<double> bell(trial % 3 == 0 ? 0.2 : 0.0, trial % 2 ? 0.4 : 0.02);
                for (int i = 0; i < values; ++i) ++h.counts[std::size_t(std::clamp((bell(random) + 1) / 2 * bins, 0.0, double(bins - 1)))];
                h.counts[0] += trial % 5 == 0;
                if (trial % 6 == 0) h.counts[std::size_t(bins / 2)] += 1u << 25;
                EXPECT_EQ(entropyRange(h, levels, {-3, 3}), reference(h, std::size_t(levels))) << bins << " bins, " << levels << " levels, trial " << trial;
                ++compared;
            }
    EXPECT_GT(compared, 400);
}

TEST(Entropy, ReluLikeHistogramsWithRareLargePeaksToo) {
    std::mt19937 random(2);
    std::exponential_distribution<double> draw(6);
    for (int trial = 0; trial < 10; ++trial) {
        Histogram h{-15, 15, std::vector<std::uint64_t>(2048), 0, 0};
        for (int i = 0; i < 20000; ++i) ++h.counts[std::size_t(std::min(1024 + draw(random) / 15 * 1024, 2047.0))];
        h.counts[2047] += 3;
        h.counts[1024] += 30000;
        EXPECT_EQ(entropyRange(h, 128, {-15, 15}), reference(h, 128));
    }
}

TEST(Entropy, FewValuesTakeFewBins) {
    EXPECT_EQ(entropyForm({2048, 128}, 1'000'000), (Entropy{2048, 128}));
    EXPECT_EQ(entropyForm({2048, 128}, 4096), (Entropy{512, 128}));
    EXPECT_EQ(entropyForm({2048, 128}, 128), (Entropy{64, 32}));
    EXPECT_EQ(entropyForm({2048, 128}, 3), (Entropy{32, 16}));
    EXPECT_EQ(entropyForm({64, 4}, 3), (Entropy{8, 4}));
    EXPECT_EQ(entropyForm({16, 16}, 100), (Entropy{16, 16}));
}

}  // namespace
}  // namespace bitlathe
