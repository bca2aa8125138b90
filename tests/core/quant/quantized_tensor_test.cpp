#include "core/quant/quantized_tensor.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/ranges.h"
#include "core/quant/weight_tiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <thread>

namespace bitlathe {
namespace {

Tensor noise(Shape shape, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.02f, 0.5f);
    std::vector<float> values(static_cast<std::size_t>(shape.count()));
    for (float& v : values) v = normal(random);
    return Tensor::of(std::move(shape), values);
}

QuantSpec specOf(int bits, bool symmetric, Granularity granularity, RangeRule range = MinMax{}) {
    QuantSpec spec;
    spec.bits = bits;
    spec.symmetric = symmetric;
    spec.granularity = granularity;
    spec.range = range;
    return spec;
}

// The definition, one element at a time.
std::vector<float> definition(const Tensor& values, const ChannelLayout& layout, const QuantSpec& spec) {
    const auto x = values.as<float>();
    const Codec& codec = codecOf(spec);
    const GroupGrid grid = groupGrid(layout, spec);
    const auto indexOf = [&](std::int64_t c, std::int64_t e) {
        return static_cast<std::size_t>((e / layout.inner) * layout.channels * layout.inner + c * layout.inner + e % layout.inner);
    };
    std::vector<std::vector<float>> groups(static_cast<std::size_t>(grid.groups));
    for (std::int64_t c = 0; c < layout.channels; ++c)
        for (std::int64_t e = 0; e < layout.perChannel(); ++e) groups[static_cast<std::size_t>(grid.groupOf(c, e))].push_back(x[indexOf(c, e)]);
    std::vector<GroupParameters> parameters(groups.size());
    for (std::size_t g = 0; g < groups.size(); ++g) codec.fit(spec, groups[g], {}, weightRange(groups[g], spec), parameters[g]);
    std::vector<float> y(x.size());
    for (std::int64_t c = 0; c < layout.channels; ++c)
        for (std::int64_t e = 0; e < layout.perChannel(); ++e) {
            const auto i = indexOf(c, e);
            const auto& p = parameters[static_cast<std::size_t>(grid.groupOf(c, e))];
            std::byte code{};
            codec.encode(spec, p, x.subspan(i, 1), {&code, 1});
            codec.decode(spec, p, {&code, 1}, std::span(y).subspan(i, 1));
        }
    return y;
}

struct Laid {
    Shape shape;
    ChannelLayout layout;
};
const Laid kLaid[] = {
    {Shape{16, 3, 3, 3}, {1, 16, 27}},          // Conv
    {Shape{40, 24}, {40, 24, 1}},               // MatMul [K, N]
    {Shape{6, 10, 3, 3}, {6, 10, 9}},           // ConvTranspose
    {Shape{1, 1}, {1, 1, 1}},                   // one weight
    {Shape{3, 70001}, {1, 3, 70001}},           // channels longer than a tile
    {Shape{70001, 3}, {70001, 3, 1}},           // the same, strided
};
const Granularity kGranularities[] = {PerTensor{}, PerChannel{}, PerGroup{32}, PerGroup{7}, PerGroup{100000}};

TEST(QuantizedTensor, EqualsTheDefinitionForEveryLayoutAndGranularity) {
    Workers workers(2);
    JobContext job;
    for (const Laid& laid : kLaid)
        for (const Granularity& granularity : kGranularities)
            for (const int bits : {1, 2, 4, 8})
                for (const bool symmetric : {true, false}) {
                    const Tensor values = noise(laid.shape, 5);
                    const QuantSpec spec = specOf(bits, symmetric, granularity);
                    const auto q = quantizeWeights(values, laid.layout, spec, workers, job);
                    EXPECT_EQ(q.shape(), laid.shape);
                    EXPECT_EQ(q.codes.type(), symmetric ? ElementType::I8 : ElementType::U8);
                    EXPECT_EQ(q.scales.size(), static_cast<std::size_t>(q.grid().groups));
                    for (const Isa isa : isasUpTo(detectIsa())) EXPECT_EQ(q, quantizeWeights(values, laid.layout, spec, workers, job, isa)) << isaName(isa);
                    const auto y = dequantize(q, workers);
                    const auto expected = definition(values, laid.layout, spec);
                    ASSERT_TRUE(std::ranges::equal(y.as<float>(), expected)) << toText(laid.shape) << " bits " << bits << " symmetric " << symmetric;
                }
}

TEST(QuantizedTensor, RangeRulesEqualTheirDefinitionPerGroup) {
    Workers workers(2);
    JobContext job;
    for (const RangeRule& rule : {RangeRule(Percentile{99}), RangeRule(LeastError{2}), RangeRule(LeastError{2.4}), RangeRule(Entropy{256, 32}), RangeRule(Manual{-0.5, 0.25})})
        for (const Laid& laid : {kLaid[0], kLaid[1]})
            for (const bool symmetric : {true, false}) {
                const Tensor values = noise(laid.shape, 9);
                const QuantSpec spec = specOf(4, symmetric, PerChannel{}, rule);
                const auto y = dequantize(quantizeWeights(values, laid.layout, spec, workers, job), workers);
                ASSERT_TRUE(std::ranges::equal(y.as<float>(), definition(values, laid.layout, spec))) << rangeText(rule);
            }
}

TEST(QuantizedTensor, IsTheSameForEveryNumberOfThreads) {
    JobContext job;
    const Tensor values = noise(Shape{300, 1000}, 2);
    for (const Granularity& granularity : kGranularities) {
        const QuantSpec spec = specOf(4, false, granularity, LeastError{2});
        Workers one(1), two(2), seven(7);
        const auto a = quantizeWeights(values, {1, 300, 1000}, spec, one, job);
        EXPECT_EQ(a, quantizeWeights(values, {1, 300, 1000}, spec, two, job));
        EXPECT_EQ(a, quantizeWeights(values, {1, 300, 1000}, spec, seven, job));
    }
}

TEST(QuantizedTensor, ErrorsStayWithinHalfAStepWithoutClipping) {
    Workers workers(1);
    JobContext job;
    const Tensor values = noise(Shape{16, 128}, 3);
    const auto q = quantizeWeights(values, {1, 16, 128}, specOf(8, true, PerChannel{}), workers, job);
    const auto y = dequantize(q, workers);
    for (std::size_t i = 0; i < 16 * 128; ++i)
        EXPECT_LE(std::fabs(y.as<float>()[i] - values.as<float>()[i]), q.scales[i / 128] * 0.5f * (1 + 1e-5f));
}

TEST(QuantizedTensor, NanInfinityZeroChannelsAndEmptyTensorsAreDefined) {
    Workers workers(1);
    JobContext job;
    constexpr float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    const Tensor values = Tensor::of(Shape{4, 3}, std::vector<float>{nan, 1, -2, 0, 0, 0, inf, -inf, 0.5f, nan, nan, nan});
    for (const Granularity& granularity : {Granularity(PerTensor{}), Granularity(PerChannel{}), Granularity(PerGroup{2})})
        for (int bits = 2; bits <= 8; ++bits)
            for (const bool symmetric : {true, false}) {
                const auto q = quantizeWeights(values, {1, 4, 3}, specOf(bits, symmetric, granularity), workers, job);
                const auto tensor = dequantize(q, workers);
                const auto y = tensor.as<float>();
                for (const std::size_t zero : {0, 3, 4, 5, 9, 10, 11}) EXPECT_EQ(y[zero], 0.0f) << "element " << zero;
                for (const float v : y) EXPECT_TRUE(std::isfinite(v));
                EXPECT_GE(y[6], 0.0f);
                EXPECT_LE(y[7], 0.0f);
                for (const float scale : q.scales) EXPECT_GT(scale, 0.0f);
            }
    const auto empty = quantizeWeights(Tensor::of(Shape{0, 3}, std::vector<float>{}), {1, 0, 3}, specOf(4, true, PerChannel{}), workers, job);
    EXPECT_EQ(empty.codes.count(), 0);
    EXPECT_EQ(dequantize(empty, workers).count(), 0);
}

TEST(QuantizedTensor, GroupsRunAlongAChannelInChannelMajorOrder) {
    const GroupGrid grid = groupGrid({1, 3, 100}, specOf(4, true, PerGroup{32}));
    EXPECT_EQ(grid, (GroupGrid{12, 4, 32}));
    EXPECT_EQ(grid.groupOf(0, 31), 0);
    EXPECT_EQ(grid.groupOf(0, 96), 3);
    EXPECT_EQ(grid.groupOf(2, 33), 9);
    EXPECT_EQ(groupGrid({1, 3, 100}, specOf(4, true, PerGroup{4096})), (GroupGrid{3, 1, 100}));
    EXPECT_EQ(groupGrid({1, 3, 100}, specOf(4, true, PerTensor{})).groups, 1);
}

TEST(QuantizedTensor, StoredBytesCountCodesScalesAndZeroPoints) {
    const ChannelLayout layout{1, 64, 256};
    EXPECT_EQ(storedBytes(layout, specOf(8, true, PerTensor{})), 64 * 256 + 4);
    EXPECT_EQ(storedBytes(layout, specOf(4, true, PerGroup{128})), 64 * 128 + 128 * 4);
    EXPECT_EQ(storedBytes(layout, specOf(4, false, PerGroup{32})), 64 * 128 + 512 * 36 / 8);
    EXPECT_DOUBLE_EQ(bitsPerWeight(layout, specOf(4, true, PerGroup{128})), 4.25);
    EXPECT_EQ(bitsPerWeight({1, 0, 9}, specOf(4, true, PerChannel{})), 0.0);
}

TEST(QuantizedTensor, AStoppedJobEndsWithCancelled) {
    Workers workers(2);
    std::stop_source stop;
    stop.request_stop();
    JobContext job(stop.get_token());
    EXPECT_THROW(quantizeWeights(noise(Shape{100, 100}, 1), {1, 100, 100}, specOf(4, true, PerChannel{}), workers, job), Cancelled);
}

TEST(WeightTiles, CoverEveryElementOnceAndKeepGroupsWhole) {
    for (const Laid& laid : kLaid)
        for (const std::int64_t multiple : {1, 32, 100}) {
            std::vector<int> seen(static_cast<std::size_t>(laid.shape.count()));
            for (const WeightTile& tile : weightTiles(laid.layout, multiple, 500)) {
                EXPECT_TRUE(tile.channels == 1 || tile.elements == laid.layout.perChannel());
                EXPECT_EQ(tile.element % multiple, 0);
                for (std::int64_t c = 0; c < tile.channels; ++c)
                    for (std::int64_t e = 0; e < tile.elements; ++e)
                        ++seen[static_cast<std::size_t>((tile.channel + c) * laid.layout.perChannel() + tile.element + e)];
            }
            EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
        }
}

}  // namespace
}  // namespace bitlathe
