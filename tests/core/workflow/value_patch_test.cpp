#include "core/workflow/value_patch.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/stored_scale.h"
#include "core/workflow/weight_point.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace bitlathe {
namespace {

WeightSource noise(Shape shape, ChannelLayout layout, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.01f, 0.2f);
    std::vector<float> values(static_cast<std::size_t>(shape.count()));
    for (float& v : values) v = normal(random);
    WeightSource source;
    source.model = "test";
    source.layer = 5;
    source.layout = layout;
    source.values = Tensor::of(std::move(shape), values);
    return source;
}

QuantSpec specOf(std::string codec, int bits, Granularity granularity = PerChannel{}) {
    QuantSpec spec;
    spec.codec = std::move(codec);
    spec.bits = bits;
    spec.granularity = granularity;
    const Codec& row = codecOf(spec);
    if (row.blockSize > 0) spec.granularity = PerGroup{row.blockSize};
    if (!row.scaleTypes.empty()) spec.scale = row.scaleTypes.front();
    return spec;
}

// Every format once, as someone would choose it.
std::vector<QuantSpec> allFormats() {
    std::vector<QuantSpec> all;
    for (const Codec& codec : codecs()) {
        if (codec.takesTable) continue;
        all.push_back(specOf(std::string(codec.name), std::clamp(4, codec.minBits, codec.maxBits), PerGroup{32}));
    }
    all.push_back(specOf("int", 8, PerTensor{}));
    all.push_back(specOf("int", 8, PerChannel{}));
    all.push_back(specOf("int", 16, PerChannel{}));
    all.push_back(specOf("int", 1, PerGroup{64}));
    QuantSpec unsignedOne = specOf("int", 4, PerGroup{64});
    unsignedOne.symmetric = false;
    all.push_back(unsignedOne);
    QuantSpec soft = specOf("int", 4, PerGroup{64});
    soft.knee = 0.5;
    all.push_back(soft);
    return all;
}

struct Laid { Shape shape; ChannelLayout layout; };
const Laid kLaid[] = {
    {Shape{40, 300}, {1, 40, 300}}, {Shape{300, 40}, {300, 40, 1}}, {Shape{6, 20, 3, 3}, {6, 20, 9}}, {Shape{2, 20000}, {1, 2, 20000}}};

class Patches : public testing::Test {
protected:
    // What the whole tensor's codes and values give, channel by channel.
    std::vector<float> whole(const WeightSource& source, const QuantSpec* spec, PatchWhat what, int bit = 0) {
        const auto count = static_cast<std::size_t>(source.values.count());
        std::vector<float> x(count), figures(count);
        toChannelMajor(source.layout, source.values.as<float>(), x);
        if (what == PatchWhat::Float) return x;
        const QuantizedTensor q = quantizeWeights(source.values, source.layout, *spec, workers, job);
        const Tensor back = dequantize(q, workers);
        std::vector<float> own(count);
        for (std::size_t i = 0; i < count; ++i) {
            std::int32_t code = 0;
            switch (q.codes.type()) {
            case ElementType::I8: code = q.codes.as<std::int8_t>()[i]; break;
            case ElementType::U8: code = q.codes.as<std::uint8_t>()[i]; break;
            case ElementType::I16: code = q.codes.as<std::int16_t>()[i]; break;
            default: code = q.codes.as<std::uint16_t>()[i];
            }
            const float value = source.values.as<float>()[i], decoded = back.as<float>()[i];
            own[i] = what == PatchWhat::Quantized ? decoded : what == PatchWhat::Difference ? value - decoded : what == PatchWhat::Code ? float(code) : float(std::uint32_t(code) >> bit & 1u);
        }
        toChannelMajor(source.layout, own, figures);
        return figures;
    }

    Workers workers{2};
    JobContext job;
};

TEST_F(Patches, SingleWeightsEqualThoseOfTheWholeTensorForEveryFormat) {
    for (const Laid& laid : kLaid)
        for (const QuantSpec& spec : allFormats()) {
            const WeightSource source = noise(laid.shape, laid.layout);
            const auto parameters = fitWeight(source, spec, detectIsa(), workers, job);
            const std::int64_t each = laid.layout.perChannel();
            for (const PatchWhat what : {PatchWhat::Float, PatchWhat::Quantized, PatchWhat::Difference, PatchWhat::Code, PatchWhat::BitPlane}) {
                const auto expected = whole(source, &spec, what, 1);
                PatchRequest r{.layer = 5, .what = what, .bit = 1, .channel = 1, .channels = laid.layout.channels - 1, .element = 7, .elements = std::min<std::int64_t>(each - 9, 500)};
                const ValuePatch patch = valuePatch(source, parameters.get(), r, detectIsa(), workers, job);
                ASSERT_EQ(patch.rows, r.channels);
                ASSERT_EQ(patch.columns, r.elements);
                EXPECT_TRUE(patch.exact());
                for (int row = 0; row < patch.rows; ++row)
                    for (int k = 0; k < patch.columns; ++k)
                        ASSERT_EQ(patch.mean[static_cast<std::size_t>(row * patch.columns + k)], expected[static_cast<std::size_t>((row + 1) * each + 7 + k)])
                            << formatName(spec) << " what " << int(what) << " at " << row << ", " << k;
            }
        }
}

TEST_F(Patches, CellsHoldMeanRootMeanSquareAndTheValueFarthestFromZero) {
    const WeightSource source = noise(Shape{10, 50}, {1, 10, 50});
    const auto x = whole(source, nullptr, PatchWhat::Float);
    const ValuePatch patch = valuePatch(source, nullptr, {.channels = 10, .elements = 50, .channelsPerRow = 4, .elementsPerColumn = 16}, Isa::Reference, workers, job);
    ASSERT_EQ(patch.rows, 3);
    ASSERT_EQ(patch.columns, 4);
    for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 4; ++column) {
            double sum = 0, squares = 0;
            float extreme = 0;
            int n = 0;
            for (int c = row * 4; c < std::min(row * 4 + 4, 10); ++c)
                for (int e = column * 16; e < std::min(column * 16 + 16, 50); ++e, ++n) {
                    const float v = x[static_cast<std::size_t>(c * 50 + e)];
                    sum += v;
                    squares += double(v) * v;
                    if (std::fabs(v) > std::fabs(extreme)) extreme = v;
                }
            const auto at = static_cast<std::size_t>(row * 4 + column);
            EXPECT_NEAR(patch.mean[at], sum / n, 1e-7);
            EXPECT_NEAR(patch.rms[at], std::sqrt(squares / n), 1e-7);
            EXPECT_EQ(patch.extreme[at], extreme);
        }
}

TEST_F(Patches, LitSharesCountTheFloatWeightsOfTheInterval) {
    const WeightSource source = noise(Shape{64, 128}, {1, 64, 128});
    const QuantSpec spec = specOf("int", 4);
    const auto parameters = fitWeight(source, spec, detectIsa(), workers, job);
    const WeightInterval interval{0.1, 0.2, false};
    const auto x = whole(source, nullptr, PatchWhat::Float);
    const auto expected = std::count_if(x.begin(), x.end(), [&](float v) { return interval.holds(v); });
    for (const PatchWhat what : {PatchWhat::Float, PatchWhat::Code}) {
        const ValuePatch patch = valuePatch(source, parameters.get(), {.what = what, .channels = 64, .elements = 128, .channelsPerRow = 4, .elementsPerColumn = 4, .lit = interval}, detectIsa(), workers, job);
        const double lit = std::accumulate(patch.lit.begin(), patch.lit.end(), 0.0) * 16;
        EXPECT_NEAR(lit, double(expected), 0.01);
    }
    EXPECT_TRUE((WeightInterval{0, 1, true}.holds(1)));
    EXPECT_FALSE((WeightInterval{0, 1, false}.holds(1)));
}

TEST_F(Patches, AreTheSameForEveryNumberOfThreadsAndEveryIsa) {
    const WeightSource source = noise(Shape{300, 700}, {1, 300, 700});
    const QuantSpec spec = specOf("int", 4, PerGroup{64});
    const PatchRequest r{.what = PatchWhat::Difference, .channels = 300, .elements = 700, .channelsPerRow = 2, .elementsPerColumn = 4};
    Workers one(1);
    const auto plain = fitWeight(source, spec, Isa::Reference, one, job);
    const ValuePatch expected = valuePatch(source, plain.get(), r, Isa::Reference, one, job);
    for (const Isa isa : isasUpTo(detectIsa())) EXPECT_EQ(valuePatch(source, plain.get(), r, isa, workers, job), expected) << isaName(isa);
}

TEST_F(Patches, ASmallRectangleOfFormatsWithGroupsIsExactAtOnce) {
    for (const QuantSpec& spec : allFormats()) {
        const WeightSource source = noise(Shape{40, 600}, {1, 40, 600});
        const PatchRequest r{.what = PatchWhat::Quantized, .channel = 12, .channels = 9, .element = 70, .elements = 40};
        const ValuePatch coarse = coarsePatch(source, &spec, r, 1 << 16, detectIsa(), workers, job);
        const auto parameters = fitWeight(source, spec, detectIsa(), workers, job);
        const ValuePatch exact = valuePatch(source, parameters.get(), r, detectIsa(), workers, job);
        ASSERT_EQ(coarse.rows, exact.rows);
        ASSERT_EQ(coarse.columns, exact.columns);
        if (coarse.exact()) {
            EXPECT_EQ(coarse, exact) << formatName(spec);
        }
        const bool alone = !std::holds_alternative<PerTensor>(spec.granularity) && !isShared(scaleTypeOf(spec));
        EXPECT_EQ(coarse.exact(), alone) << formatName(spec);
    }
}

TEST_F(Patches, ACoarsePatchOfManyWeightsSaysThatItIsAPreviewAndIsNearTheTruth) {
    const WeightSource source = noise(Shape{1024, 512}, {1, 1024, 512});
    const QuantSpec spec = specOf("int", 8, PerTensor{});
    const PatchRequest r{.what = PatchWhat::Float, .channels = 1024, .elements = 512, .channelsPerRow = 8, .elementsPerColumn = 8};
    const ValuePatch coarse = coarsePatch(source, nullptr, r, 1 << 14, detectIsa(), workers, job), exact = valuePatch(source, nullptr, r, detectIsa(), workers, job);
    EXPECT_FALSE(coarse.exact());
    EXPECT_NEAR(coarse.doneFraction, 32.0 / 1024, 1e-9);
    ASSERT_EQ(coarse.rms.size(), exact.rms.size());
    // Squares, not roots: the root of a mean over few weights is low by about 1 / (4 n). 16,384 weights give
    // the mean square to 1.1 %, one standard deviation; the bound is four of them.
    const auto meanSquare = [](const std::vector<float>& v) { return std::inner_product(v.begin(), v.end(), v.begin(), 0.0) / double(v.size()); };
    EXPECT_NEAR(meanSquare(coarse.rms), meanSquare(exact.rms), 0.045 * meanSquare(exact.rms));
    const ValuePatch quantized = coarsePatch(source, &spec, r, 1 << 14, detectIsa(), workers, job);
    EXPECT_FALSE(quantized.exact());
}

TEST_F(Patches, WeightsThatAreNoNumbersLeaveTheirCellsToTheOthers) {
    WeightSource source = noise(Shape{2, 8}, {1, 2, 8});
    std::vector<float> values(source.values.as<float>().begin(), source.values.as<float>().end());
    values[0] = std::numeric_limits<float>::quiet_NaN();
    values[1] = std::numeric_limits<float>::infinity();
    source.values = Tensor::of(Shape{2, 8}, values);
    const ValuePatch pairs = valuePatch(source, nullptr, {.channels = 2, .elements = 8, .channelsPerRow = 1, .elementsPerColumn = 2}, Isa::Reference, workers, job);
    EXPECT_TRUE(std::isnan(pairs.mean[0])) << "neither weight of the first cell is a number";
    EXPECT_FALSE(std::isnan(pairs.mean[1]));
    const ValuePatch all = valuePatch(source, nullptr, {.channels = 2, .elements = 8, .channelsPerRow = 2, .elementsPerColumn = 8}, Isa::Reference, workers, job);
    EXPECT_TRUE(std::isfinite(all.rms[0]));
}

TEST_F(Patches, ARequestIsCutToTheLayerAndBeginsAtWholeCells) {
    const ChannelLayout layout{1, 100, 50};
    const PatchRequest r = fitted({.channel = -5, .channels = 300, .element = 13, .elements = 90, .channelsPerRow = 4, .elementsPerColumn = 8}, layout);
    EXPECT_EQ(r.channel, 0);
    EXPECT_EQ(r.channels, 100);
    EXPECT_EQ(r.element, 8);
    EXPECT_EQ(r.elements, 42);
    EXPECT_EQ(fitted({.channel = 500, .channels = 10}, layout).channels, 0);
    EXPECT_EQ(fitted({.channels = 1, .elements = 1, .channelsPerRow = 0, .elementsPerColumn = -3}, layout).channelsPerRow, 1);
    const WeightSource source = noise(Shape{100, 50}, layout);
    EXPECT_EQ(valuePatch(source, nullptr, {.channel = 500, .channels = 10, .elements = 3}, Isa::Reference, workers, job).rows, 0);
}

TEST_F(Patches, StopWhenTheJobIsStopped) {
    const WeightSource source = noise(Shape{64, 64}, {1, 64, 64});
    std::stop_source stop;
    stop.request_stop();
    JobContext stopped(stop.get_token());
    const PatchRequest r{.channels = 64, .elements = 64};
    EXPECT_THROW(valuePatch(source, nullptr, r, Isa::Reference, workers, stopped), Cancelled);
    EXPECT_THROW(coarsePatch(source, nullptr, r, 100, Isa::Reference, workers, stopped), Cancelled);
}

TEST_F(Patches, APointTellsCodeValueErrorAndGroupOfOneWeight) {
    for (const Laid& laid : kLaid)
        for (const QuantSpec& spec : allFormats()) {
            const WeightSource source = noise(laid.shape, laid.layout);
            const std::int64_t channel = laid.layout.channels - 1, element = laid.layout.perChannel() / 2 + 1;
            const auto at = static_cast<std::size_t>(channel * laid.layout.perChannel() + element);
            const auto parameters = fitWeight(source, spec, detectIsa(), workers, job);
            const WeightPoint point = weightPoint(source, &spec, parameters.get(), channel, element, detectIsa(), workers, job);
            EXPECT_EQ(weightPoint(source, &spec, nullptr, channel, element, detectIsa(), workers, job), point) << formatName(spec);
            EXPECT_EQ(point.value, whole(source, nullptr, PatchWhat::Float)[at]);
            EXPECT_EQ(point.decoded, whole(source, &spec, PatchWhat::Quantized)[at]) << formatName(spec);
            EXPECT_EQ(float(point.code), whole(source, &spec, PatchWhat::Code)[at]) << formatName(spec);
            const GroupGrid grid = groupGrid(laid.layout, spec);
            EXPECT_EQ(point.group, grid.groupOf(channel, element));
            EXPECT_EQ(point.scale, parameters->scales[static_cast<std::size_t>(point.group)]);
            if (grid.perChannel > 0) {
                EXPECT_LE(point.groupElement, element);
                EXPECT_GT(point.groupElement + point.groupLength, element);
            }
        }
}

TEST_F(Patches, AChannelHasItsOwnHistogramOnTheLayersAxis) {
    for (const Laid& laid : kLaid) {
        const WeightSource source = noise(laid.shape, laid.layout);
        const Histogram axis{-1, 1, std::vector<std::uint64_t>(64, 9), 0, 0};
        const ChannelView view = channelView(source, 1, axis, job);
        const auto x = whole(source, nullptr, PatchWhat::Float);
        const auto each = static_cast<std::size_t>(laid.layout.perChannel());
        Histogram expected{-1, 1, std::vector<std::uint64_t>(64), 0, 0};
        addTo(expected, std::span(x).subspan(each, each));
        EXPECT_EQ(view.weights, expected);
        EXPECT_EQ(view.count, laid.layout.perChannel());
        EXPECT_EQ(float(view.max), *std::max_element(x.begin() + std::ptrdiff_t(each), x.begin() + std::ptrdiff_t(2 * each)));
        EXPECT_NEAR(view.deviation, 0.2, 0.05);
    }
}

}  // namespace
}  // namespace bitlathe
