// Laws of measuring, over all codecs and granularities: every instruction set gives the same bits, and the
// fused pass says what plain loops of doubles over the codec's rows say.
#include "core/workflow/layer_measure.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/group_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>

namespace bitlathe {
namespace {

constexpr double kSame = 2e-6;  // relative: sums of float products against sums of doubles

std::vector<float> noise(const ChannelLayout& layout) {
    std::mt19937 random(5);
    std::normal_distribution<float> normal(0, 0.05f);
    std::vector<float> x(static_cast<std::size_t>(layout.channels * layout.perChannel()));
    for (float& v : x) v = normal(random);
    for (std::size_t i = 0; i < x.size(); i += 17) x[i] = 0;
    x[100] = 1;
    return x;
}

std::vector<QuantSpec> allSpecs() {
    std::vector<QuantSpec> specs;
    for (const Codec& codec : codecs())
        for (const int bits : std::set<int>{codec.minBits, std::clamp(4, codec.minBits, codec.maxBits), std::clamp(8, codec.minBits, codec.maxBits), codec.maxBits})
            for (const Granularity granularity : {Granularity(PerTensor{}), Granularity(PerChannel{}), Granularity(PerGroup{codec.blockSize ? codec.blockSize : 64})})
                for (const double knee : {0.0, 0.3}) {
                    if (codec.blockSize > 0 && !std::holds_alternative<PerGroup>(granularity)) continue;
                    if (knee > 0 && (!codec.takesRange || bits > 4)) continue;
                    if (!std::holds_alternative<PerGroup>(granularity) && bits != std::clamp(4, codec.minBits, codec.maxBits) && bits != codec.maxBits) continue;
                    QuantSpec spec{std::string(codec.name), bits};
                    spec.granularity = granularity;
                    spec.knee = knee;
                    spec.range = codec.takesRange ? RangeRule(Manual{-0.1, 0.12}) : RangeRule(MinMax{});
                    if (!codec.scaleTypes.empty()) spec.scale = codec.scaleTypes.front();
                    if (codec.takesTable)
                        for (int i = 0; i < 1 << bits; ++i) spec.table.push_back(float(i) - float(1 << bits) / 3);
                    specs.push_back(spec);
                }
    return specs;
}

std::string nameOf(const QuantSpec& spec) { return formatName(spec) + " granularity " + std::to_string(spec.granularity.index()) + (spec.knee > 0 ? " soft" : ""); }

void expectAllAgree(const ChannelLayout& layout, const QuantSpec& spec, std::vector<float> values, bool finite) {
    Workers workers(2);
    JobContext job;
    QuantizedTensor q;
    q.spec = spec;
    q.layout = layout;
    fitGroups(values, q, workers, job);
    Measurement what{values, q, {-1.4837, 1.5121, std::vector<std::uint64_t>(600), 0, 0}, {-0.07, 0.07, std::vector<std::uint64_t>(256), 0, 0}, 0.5, finite};
    what.countCodes = true;
    const Measured want = measure(what, workers, job);
    for (const Isa isa : isasUpTo(detectIsa())) {
        what.isa = isa;
        what.allFinite = finite;
        const Measured got = measure(what, workers, job);
        EXPECT_EQ(got.sums, want.sums) << nameOf(spec) << " " << isaName(isa);
        EXPECT_EQ(got.clipped, want.clipped) << nameOf(spec) << " " << isaName(isa);
        EXPECT_EQ(got.quantized, want.quantized) << nameOf(spec) << " " << isaName(isa);
        EXPECT_EQ(got.errors, want.errors) << nameOf(spec) << " " << isaName(isa);
        EXPECT_EQ(got.codeCounts, want.codeCounts) << nameOf(spec) << " " << isaName(isa);
        EXPECT_EQ(got.channels, want.channels) << nameOf(spec) << " " << isaName(isa);
        EXPECT_EQ(got.map, want.map) << nameOf(spec) << " " << isaName(isa);
    }
    if (!finite) return;
    what.allFinite = false;  // the codec's rows and doubles
    const Measured plain = measure(what, workers, job);
    EXPECT_EQ(want.codeCounts, plain.codeCounts) << nameOf(spec);
    EXPECT_EQ(want.sums.count, plain.sums.count);
    EXPECT_NEAR(want.sums.ee, plain.sums.ee, kSame * plain.sums.ee) << nameOf(spec);
    EXPECT_NEAR(want.sums.xx, plain.sums.xx, kSame * plain.sums.xx) << nameOf(spec);
    EXPECT_NEAR(want.sums.xy, plain.sums.xy, kSame * plain.sums.xx) << nameOf(spec);
    EXPECT_NEAR(want.sums.yy, plain.sums.yy, kSame * plain.sums.xx) << nameOf(spec);
    EXPECT_EQ(want.sums.maximum, plain.sums.maximum) << nameOf(spec);
    ASSERT_EQ(want.map.size(), plain.map.size());
    for (std::size_t i = 0; i < want.map.size(); ++i) EXPECT_NEAR(want.map[i], plain.map[i], 1e-6 + kSame * plain.map[i]) << nameOf(spec);
    for (std::size_t c = 0; c < want.channels.size(); ++c) EXPECT_NEAR(want.channels[c].noise, plain.channels[c].noise, kSame * plain.channels[c].noise) << nameOf(spec);
    if (spec.knee == 0.0 && !codecOf(spec).affine) {
        EXPECT_EQ(want.clipped, plain.clipped) << nameOf(spec);
    }
    // Axes in float and in double: a value on an edge may fall on either side.
    std::uint64_t moved = 0;
    for (std::size_t i = 0; i < want.quantized.counts.size(); ++i)
        moved += std::uint64_t(std::llabs(std::int64_t(want.quantized.counts[i]) - std::int64_t(plain.quantized.counts[i])));
    EXPECT_LT(moved, values.size() / 20) << nameOf(spec);
}

TEST(LayerMeasure, IsTheSameOnEveryIsaAndAsTheCodecSays) {
    // Without groups, only weights of this size have map columns that the pass takes.
    const ChannelLayout large{1, 33, 8192}, small{3, 21, 240};
    for (const QuantSpec& spec : allSpecs()) {
        const ChannelLayout& layout = std::holds_alternative<PerGroup>(spec.granularity) ? small : large;
        expectAllAgree(layout, spec, noise(layout), true);
    }
}

TEST(LayerMeasure, WhatIsNotFiniteIsTheSameOnEveryIsa) {
    const ChannelLayout layout{3, 21, 240};
    auto values = noise(layout);
    values[7] = std::numeric_limits<float>::quiet_NaN();
    values[4200] = std::numeric_limits<float>::infinity();
    values[9999] = -std::numeric_limits<float>::infinity();
    for (const QuantSpec& spec : allSpecs())
        if (std::holds_alternative<PerGroup>(spec.granularity)) expectAllAgree(layout, spec, values, false);
}

}  // namespace
}  // namespace bitlathe
