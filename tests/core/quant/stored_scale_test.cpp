#include "core/quant/stored_scale.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/quantized_tensor.h"
#include "core/quant/small_float.h"
#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace bitlathe {
namespace {

TEST(StoredScale, DynamicMapIsBitsandbytesOwn) {
    const auto expected = golden<float>("bnb/dynamic8_signed.code.f32.bin");
    ASSERT_EQ(expected.size(), dynamicMap().size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(dynamicMap()[i], expected[i]) << i;
}

TEST(StoredScale, DoubleQuantizationIsBitsandbytesOwn) {
    auto scales = golden<float>("bnb/nf4_b64.absmax.f32.bin");
    const auto absmax = scales;
    const auto codes = golden<std::uint8_t>("bnb/nf4_b64.dq_absmax.u8.bin");
    const auto restored = golden<float>("bnb/nf4_b64.dq_absmax_restored.f32.bin");
    const auto nested = golden<float>("bnb/nf4_b64.dq_nested_absmax.f32.bin");
    const SharedScales shared = shareScales(ScaleType::Dynamic8, scales);
    EXPECT_FLOAT_EQ(shared.offset, 0.07842123508453369f);
    ASSERT_EQ(shared.outer.size(), nested.size());
    EXPECT_FLOAT_EQ(shared.outer[0], nested[0]);
    EXPECT_EQ(shared.codes, codes);
    for (std::size_t g = 0; g < scales.size(); ++g)
        if (absmax[g] > 0) {  // the offset's last bit depends on the order of the sum
            EXPECT_NEAR(scales[g], restored[g], 1e-7f * std::fabs(restored[g]) + 1e-8f) << g;
        }
}

TEST(StoredScale, RoundsToWhatTheTypeHolds) {
    EXPECT_EQ(roundScale(ScaleType::F32, 0.1f), 0.1f);
    EXPECT_EQ(roundScale(ScaleType::F16, 0.1f), 0.0999755859375f);
    EXPECT_EQ(roundScale(ScaleType::BF16, 0.1f), 0.10009765625f);
    EXPECT_EQ(roundScale(ScaleType::E8M0, 0.1f), 0.125f);
    EXPECT_EQ(roundScale(ScaleType::E8M0, 0.125f), 0.125f);
    EXPECT_EQ(roundScale(ScaleType::One, 0.1f), 1.0f);
    for (const ScaleType type : {ScaleType::F16, ScaleType::BF16, ScaleType::E8M0})
        for (const float scale : {1e-45f, 1e-38f, 1e-9f, 1e5f, 3e38f}) {
            const float stored = roundScale(type, scale);
            EXPECT_GT(stored, 0) << nameOf(type);
            EXPECT_TRUE(std::isfinite(stored)) << nameOf(type);
            EXPECT_EQ(roundScale(type, stored), stored) << nameOf(type);
        }
}

std::vector<float> someScales(std::size_t count) {
    std::mt19937 random(3);
    std::lognormal_distribution<float> normal(-4, 1);
    std::vector<float> scales(count);
    for (float& scale : scales) scale = normal(random);
    scales[7] = 0;
    scales[count - 1] = 1e-30f;
    return scales;
}

TEST(StoredScale, SharedScalesReadBackFromTheirCodes) {
    for (const ScaleType type : {ScaleType::E4M3, ScaleType::U8, ScaleType::Dynamic8}) {
        const auto fitted = someScales(600);
        auto scales = fitted;
        const SharedScales shared = shareScales(type, scales);
        EXPECT_EQ(shared.outer.size(), type == ScaleType::E4M3 ? 1u : 3u);
        EXPECT_EQ(scales[7], 0.0f);
        double largest = 0;
        for (const float scale : fitted) largest = std::max(largest, double(scale));
        for (std::size_t g = 0; g < scales.size(); ++g) {
            if (g == 7) continue;
            const float outer = shared.outer[type == ScaleType::E4M3 ? 0 : g / 256];
            const float back = type == ScaleType::E4M3 ? outer * decodeSmallFloat(kE4M3FN, shared.codes[g])
                               : type == ScaleType::U8 ? outer * float(shared.codes[g])
                                                       : outer * dynamicMap()[shared.codes[g]] + shared.offset;
            EXPECT_EQ(scales[g], back) << nameOf(type);
            EXPECT_GT(scales[g], 0) << nameOf(type);
            const double bound = type == ScaleType::E4M3 ? double(fitted[g]) / 16 + double(outer) / 512 : largest / 64;
            EXPECT_NEAR(scales[g], fitted[g], bound) << nameOf(type);
        }
    }
}

TEST(StoredScale, FilesCountEveryBit) {
    const ChannelLayout layout{1, 6, 640};  // 6 channels of 640
    for (const ScaleType type : kScaleTypes) {
        QuantSpec spec{"int", 4, false, true, PerGroup{64}};
        spec.scale = type;
        const std::int64_t groups = 60;
        const std::int64_t shared = type == ScaleType::E4M3 || type == ScaleType::U8 ? 4 : type == ScaleType::Dynamic8 ? 8 : 0;
        EXPECT_EQ(storedBytes(layout, spec), 6 * 640 / 2 + groups * (bitsOf(type) + 4) / 8 + shared) << nameOf(type);
    }
}

// Every type costs little error, and what is kept as codes is what was used to encode.
TEST(StoredScale, QuantizedTensorsUseTheScalesOfTheFile) {
    std::mt19937 random(5);
    std::normal_distribution<float> normal(0.02f, 0.1f);
    std::vector<float> x(6 * 640);
    for (float& v : x) v = normal(random);
    std::fill(x.begin() + 64, x.begin() + 128, 0.0f);
    const Tensor values = Tensor::of(Shape{6, 640}, x);
    const ChannelLayout layout{1, 6, 640};
    Workers workers(2);
    JobContext job;
    for (const bool symmetric : {true, false}) {
        double plain = 0;
        for (const ScaleType type : kScaleTypes) {
            QuantSpec spec{"int", 4, symmetric, true, PerGroup{64}};
            spec.scale = type;
            const QuantizedTensor q = quantizeWeights(values, layout, spec, workers, job);
            EXPECT_EQ(q.shared.codes.size(), isShared(type) ? 60u : 0u) << nameOf(type);
            const Tensor back = dequantize(q, workers);
            const auto y = back.as<float>();
            double error = 0;
            for (std::size_t i = 0; i < x.size(); ++i) error += std::pow(double(x[i]) - double(y[i]), 2);
            for (std::size_t i = 64; i < 128; ++i) EXPECT_EQ(y[i], 0.0f) << nameOf(type);
            if (type == ScaleType::F32) plain = error;
            EXPECT_LT(error, plain * (type == ScaleType::E8M0 ? 4 : 1.15)) << nameOf(type);
        }
    }
}

}  // namespace
}  // namespace bitlathe
