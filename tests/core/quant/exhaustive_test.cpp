// Every half-precision value through every format whose codes are nearest levels, and formats of bitsandbytes that
// rows of ours can express.
#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/quantized_tensor.h"
#include "core/tensor/convert.h"
#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace bitlathe {
namespace {

std::vector<float> allHalves() {
    std::vector<float> values;
    for (std::uint32_t half = 0; half < 65536; ++half) values.push_back(halfToFloat(static_cast<std::uint16_t>(half)));
    return values;
}

TEST(Exhaustive, EveryHalfTakesTheNearestLevelOfEveryFormat) {
    const auto halves = allHalves();
    std::mt19937 random(3);
    std::normal_distribution<float> normal(0, 1);
    std::vector<float> sample(600);
    for (float& v : sample) v = normal(random);
    int formats = 0;
    for (const Codec& codec : codecs()) {
        if (!codec.takesNearest || codec.blockSize > 0 || codec.partSize > 0) continue;
        for (int bits = codec.minBits; bits <= codec.maxBits; ++bits)
            for (const bool symmetric : {true, false})
                for (const bool narrow : {true, false}) {
                    if ((!symmetric && !codec.takesSymmetric) || (!narrow && (!codec.takesNarrow || !symmetric))) continue;
                    if (bits > 8 && bits < 16) continue;
                    QuantSpec spec;
                    spec.codec = codec.name;
                    spec.bits = bits;
                    spec.symmetric = symmetric;
                    spec.narrow = narrow;
                    if (codec.takesTable) {
                        if (bits < 3) continue;
                        spec.table = {-1, -0.4f, 0, 0.3f, 1};
                    }
                    std::vector<std::byte> inner(static_cast<std::size_t>(codec.innerBytes(spec)));
                    GroupParameters group;
                    group.inner = inner;
                    codec.fit(spec, sample, {}, {-2.75f, 3.0f}, group);
                    std::vector<std::byte> codes(halves.size() * static_cast<std::size_t>(bitsOf(codec.codeType(spec)) / 8));
                    std::vector<float> back(halves.size());
                    codec.encode(spec, group, halves, codes);
                    codec.decode(spec, group, codes, back);
                    auto levels = codec.levels(spec, group);
                    std::sort(levels.begin(), levels.end());
                    const float zero = back[0];
                    int wrong = 0;
                    for (std::size_t i = 0; i < halves.size(); ++i) {
                        const float x = halves[i];
                        if (std::isnan(x)) {
                            wrong += back[i] != zero;
                            continue;
                        }
                        const auto above = std::lower_bound(levels.begin(), levels.end(), x);
                        const float up = above == levels.end() ? levels.back() : *above, down = above == levels.begin() ? levels.front() : *std::prev(above);
                        // The quotient x / scale is a float: next to the middle of two levels either is the nearest.
                        const double least = std::isinf(x) ? 0 : std::min(std::fabs(double(x) - double(up)), std::fabs(double(x) - double(down)));
                        const double slack = 1e-6 * std::max(std::fabs(double(up)), std::fabs(double(down)));
                        if (std::isinf(x)) wrong += back[i] != (x > 0 ? levels.back() : levels.front());
                        else if (x != 0) wrong += std::fabs(double(x) - double(back[i])) > least + slack;
                    }
                    EXPECT_EQ(wrong, 0) << formatName(spec) << (narrow ? " narrow" : " full");
                    ++formats;
                }
    }
    EXPECT_GT(formats, 50);
}

TEST(Exhaustive, EveryCodeReadsBackAsItselfInEveryFormat) {
    for (const Codec& codec : codecs()) {
        if (codec.blockSize > 0 || codec.partSize > 0) continue;
        for (int bits = codec.minBits; bits <= codec.maxBits; ++bits) {
            QuantSpec spec;
            spec.codec = codec.name;
            spec.bits = bits;
            if (codec.takesTable && bits < 3) continue;
            if (codec.takesTable) spec.table = {-1, -0.4f, 0, 0.3f, 1};
            std::vector<float> sample;
            for (int i = -300; i <= 300; ++i) sample.push_back(0.01f * float(i));
            std::vector<std::byte> inner(static_cast<std::size_t>(codec.innerBytes(spec)));
            GroupParameters group;
            group.inner = inner;
            codec.fit(spec, sample, {}, {-3, 3}, group);
            const auto levels = codec.levels(spec, group);
            std::vector<std::byte> codes(levels.size() * static_cast<std::size_t>(bitsOf(codec.codeType(spec)) / 8));
            std::vector<float> back(levels.size());
            codec.encode(spec, group, levels, codes);
            codec.decode(spec, group, codes, back);
            EXPECT_EQ(back, levels) << formatName(spec);
        }
    }
}

TEST(Bitsandbytes, BlockwiseEightBitsIsATableOfOnesOwn) {
    // 256 levels of the dynamic map, one scale per 256 weights; rows of 1000 end in a shorter block.
    const auto x = golden<float>("bnb/blockwise8.input.f32.bin");
    const auto codes = golden<std::uint8_t>("bnb/blockwise8.codes.u8.bin");
    const auto absmax = golden<float>("bnb/blockwise8.absmax.f32.bin");
    QuantSpec spec;
    spec.codec = "table";
    spec.bits = 8;
    spec.table = golden<float>("bnb/dynamic8_signed.code.f32.bin");
    spec.granularity = PerGroup{256};
    Workers workers(1);
    JobContext job;
    // bitsandbytes cuts the whole tensor into blocks, across rows.
    const auto count = static_cast<std::int64_t>(x.size());
    const auto q = quantizeWeights(Tensor::of<float>({1, count}, x), {1, 1, count}, spec, workers, job);
    EXPECT_EQ(q.scales, absmax);
    const auto ours = q.codes.as<std::uint8_t>();
    ASSERT_EQ(ours.size(), codes.size());
    EXPECT_TRUE(std::equal(ours.begin(), ours.end(), codes.begin()));
}

TEST(Bitsandbytes, VectorwiseInt8IsTheSymmetricIntegerPerChannel) {
    const auto x = golden<float>("bnb/int8_vectorwise.input.f32.bin");
    const auto codes = golden<std::int8_t>("bnb/int8_vectorwise_t0.q.i8.bin");
    const auto absmax = golden<float>("bnb/int8_vectorwise_t0.rowstats.f32.bin");
    Workers workers(1);
    JobContext job;
    const auto rows = static_cast<std::int64_t>(absmax.size()), columns = static_cast<std::int64_t>(x.size()) / rows;
    const auto q = quantizeWeights(Tensor::of<float>({rows, columns}, x), {1, rows, columns}, QuantSpec{}, workers, job);
    for (std::size_t r = 0; r < absmax.size(); ++r) EXPECT_FLOAT_EQ(q.scales[r] * 127, absmax[r]);
    const auto ours = q.codes.as<std::int8_t>();
    EXPECT_TRUE(std::equal(ours.begin(), ours.end(), codes.begin()));
}

}  // namespace
}  // namespace bitlathe
