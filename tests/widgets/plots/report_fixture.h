// Layer reports made by quantizing drawn weights, plainly, for tests of the plots.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "core/metrics/layer_report.h"

namespace bitlathe {

struct DrawnLayer {
    int channels = 96, columns = 512;
    int bits = 4;
    int group = 0;              // elements per scale; 0: one scale for all
    bool symmetric = true;
    double clip = 0;            // of the largest magnitude; 0: all of it
    double tail = 0;            // share of weights that are ten times as wide
    bool outliers = true;       // three channels with four times the range
    std::size_t layer = 3;
};

inline Histogram emptyHistogram(double lo, double hi, int bins) {
    Histogram h;
    h.lo = lo;
    h.hi = hi;
    h.counts.assign(std::size_t(bins), 0);
    return h;
}

inline void count(Histogram& h, double x) {
    if (x < h.lo) ++h.below;
    else if (x > h.hi) ++h.above;
    else ++h.counts[std::min(std::size_t((x - h.lo) / h.binWidth()), h.counts.size() - 1)];
}

inline std::shared_ptr<const LayerReport> drawnReport(const DrawnLayer& d) {
    std::mt19937 random(42);
    std::normal_distribution<float> normal(0, 0.05f);
    std::uniform_real_distribution<float> uniform;
    std::vector<float> w(std::size_t(d.channels) * std::size_t(d.columns));
    for (int c = 0; c < d.channels; ++c) {
        const float wide = (0.7f + 0.3f * std::sin(float(c) * 0.12f)) * (d.outliers && c % 37 == 9 ? 3.5f : 1.0f);
        for (int k = 0; k < d.columns; ++k)
            w[std::size_t(c * d.columns + k)] = normal(random) * wide * (uniform(random) < d.tail ? 10.0f : 1.0f) * (k % 97 == 60 ? 1.8f : 1.0f);
    }
    auto out = std::make_shared<LayerReport>();
    LayerReport& r = *out;
    r.layer = d.layer;
    r.doneFraction = 1;
    QuantSpec spec;
    spec.bits = d.bits;
    spec.symmetric = d.symmetric;
    spec.granularity = d.group ? Granularity{PerGroup{d.group}} : Granularity{PerTensor{}};
    r.scheme.weights = spec;
    const auto [low, high] = std::minmax_element(w.begin(), w.end());
    const double largest = std::max(-double(*low), double(*high));
    r.statistics = {.count = std::int64_t(w.size()), .min = *low, .max = *high};
    const int top = (1 << (d.bits - 1)) - 1;
    const int per = d.group ? d.group : int(w.size());
    std::vector<float> coded(w.size());
    std::vector<double> scales;
    for (std::size_t at = 0; at < w.size(); at += std::size_t(per)) {
        const std::size_t end = std::min(at + std::size_t(per), w.size());
        double reach = 0;
        for (std::size_t i = at; i < end; ++i) reach = std::max(reach, std::abs(double(w[i])));
        if (d.clip > 0) reach = std::min(reach, d.clip * largest);
        const double scale = reach / top;
        scales.push_back(scale);
        for (std::size_t i = at; i < end; ++i) coded[i] = float(std::clamp(std::nearbyint(w[i] / scale), -double(top), double(top)) * scale);
    }
    r.scales = std::int64_t(scales.size());
    const double widest = *std::max_element(scales.begin(), scales.end());
    std::nth_element(scales.begin(), scales.begin() + std::ptrdiff_t(scales.size() / 2), scales.end());
    const double median = scales[scales.size() / 2];
    TransferCurve& t = r.transfer;
    t.scale = float(median);
    t.length = std::int64_t(per);
    if (d.group) t.channel = 7, t.element = 2 * d.group;
    for (int q = -top; q <= top; ++q) {
        t.levels.push_back(float(q * median));
        t.codes.push_back(q);
        t.in.push_back(float((q - 0.5) * median * (q == -top ? 1.5 : 1)));
        t.in.push_back(std::nextafter(float((q + 0.5) * median * (q == top ? 1.5 : 1)), -1.0f));
        t.out.insert(t.out.end(), 2, t.levels.back());
    }
    r.clipLo = -top * widest;
    r.clipHi = top * widest;
    double error2 = 0, weight2 = 0, most = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
        const double e = double(w[i]) - coded[i];
        error2 += e * e;
        weight2 += double(w[i]) * w[i];
        most = std::max(most, std::abs(e));
    }
    r.error = {.meanSquare = error2 / double(w.size()), .rootMeanSquare = std::sqrt(error2 / double(w.size())), .maximum = most, .sqnrDb = 10 * std::log10(weight2 / error2)};
    r.weights = emptyHistogram(-largest, largest, 511);
    r.quantized = r.weights;
    r.errors = emptyHistogram(-most, most, 255);
    for (std::size_t i = 0; i < w.size(); ++i) {
        count(r.weights, w[i]);
        count(r.quantized, coded[i]);
        count(r.errors, double(w[i]) - coded[i]);
    }
    constexpr int perColumn = 8;
    r.map.rows = d.channels;
    r.map.columns = d.columns / perColumn;
    r.map.elementsPerColumn = perColumn;
    for (int c = 0; c < d.channels; ++c) {
        ChannelRange range;
        const float* x = w.data() + std::ptrdiff_t(c) * d.columns;
        range.min = *std::min_element(x, x + d.columns);
        range.max = *std::max_element(x, x + d.columns);
        double sum = 0, squares = 0, errors = 0;
        for (int k = 0; k < d.columns; ++k) {
            sum += x[k];
            squares += double(x[k]) * x[k];
            errors += std::pow(double(x[k]) - coded[std::size_t(c * d.columns + k)], 2);
        }
        range.mean = float(sum / d.columns);
        range.deviation = float(std::sqrt(squares / d.columns - range.mean * range.mean));
        range.clipLo = float(r.clipLo);
        range.clipHi = float(r.clipHi);
        range.sqnrDb = float(10 * std::log10(squares / errors));
        r.channels.push_back(range);
        for (int k = 0; k < r.map.columns; ++k) {
            double e2 = 0;
            for (int j = 0; j < perColumn; ++j) e2 += std::pow(double(x[k * perColumn + j]) - coded[std::size_t(c * d.columns + k * perColumn + j)], 2);
            r.map.rms.push_back(float(std::sqrt(e2 / perColumn)));
        }
    }
    return out;
}

}  // namespace bitlathe
