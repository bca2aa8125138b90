// Microscaling blocks against microxcaling's values (tests/golden/mx), and NVFP4 against its definition.
#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/quantized_tensor.h"
#include "core/quant/small_float.h"
#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace bitlathe {
namespace {

QuantizedTensor quantized(const std::string& codec, int bits, const std::vector<float>& x, std::int64_t channels) {
    QuantSpec spec;
    spec.codec = codec;
    spec.bits = bits;
    spec.granularity = PerTensor{};  // blocks have their size whatever this says
    Workers workers(2);
    JobContext job;
    const auto each = static_cast<std::int64_t>(x.size()) / channels;
    return quantizeWeights(Tensor::of(Shape{channels, each}, x), {1, channels, each}, spec, workers, job);
}
std::vector<float> valuesOf(const QuantizedTensor& q) {
    Workers workers(2);
    const Tensor back = dequantize(q, workers);
    const auto y = back.as<float>();
    return {y.begin(), y.end()};
}

struct MxCase {
    const char *codec, *file;
    int bits;
    float unit;  // the scale that we keep over the format's own
};
constexpr MxCase kCases[] = {{"mxfp8e4m3", "mxfp8_e4m3", 8, 1}, {"mxfp8e5m2", "mxfp8_e5m2", 8, 1}, {"mxfp6e3m2", "mxfp6_e3m2", 6, 1},
                             {"mxfp6e2m3", "mxfp6_e2m3", 6, 1}, {"mxfp4", "mxfp4_e2m1", 4, 1},     {"mxint8", "mxint8", 8, 1.0f / 64}};

TEST(MxCodecs, ScalesAreMicroxcalings) {
    const auto x = golden<float>("mx/input.f32.bin");
    for (const MxCase& c : kCases) {
        const QuantizedTensor q = quantized(c.codec, c.bits, x, 16);
        const auto exponents = golden<std::uint8_t>(std::string("mx/") + c.file + ".scale_e8m0.u8.bin");
        ASSERT_EQ(q.scales.size(), exponents.size());
        for (std::size_t g = 0; g < exponents.size(); ++g)
            EXPECT_EQ(q.scales[g], float(std::ldexp(double(c.unit), int(exponents[g]) - 127))) << c.codec << " block " << g;
    }
}

TEST(MxCodecs, ValuesAreMicroxcalings) {
    const auto x = golden<float>("mx/input.f32.bin");
    for (const MxCase& c : kCases) {
        const auto y = valuesOf(quantized(c.codec, c.bits, x, 16));
        const auto expected = golden<float>(std::string("mx/") + c.file + ".even.dequant.f32.bin");
        for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], expected[i]) << c.codec << " x " << x[i];
    }
}

TEST(MxCodecs, BlocksCostAQuarterOfABitPerWeight) {
    const ChannelLayout layout{1, 16, 64};
    for (const MxCase& c : kCases) {
        QuantSpec spec;
        spec.codec = c.codec;
        spec.bits = c.bits;
        EXPECT_DOUBLE_EQ(bitsPerWeight(layout, spec), c.bits + 0.25) << c.codec;
    }
}

TEST(Nvfp4, ScalesAreFloatsOfEightBitsTimesOneOfTheTensor) {
    std::vector<float> x(4 * 64);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(float(i) * 0.7f) * std::exp(-0.02f * float(i));
    const QuantizedTensor q = quantized("nvfp4", 4, x, 4);
    float largest = 0;
    for (const float v : x) largest = std::max(largest, std::fabs(v));
    ASSERT_EQ(q.scales.size(), 16u);
    ASSERT_EQ(q.shared.outer.size(), 1u);
    EXPECT_FLOAT_EQ(q.shared.outer[0], largest / (448.0f * 6.0f));
    const auto y = valuesOf(q);
    for (std::size_t b = 0; b < 16; ++b) {
        float block = 0;
        for (std::size_t i = 0; i < 16; ++i) block = std::max(block, std::fabs(x[b * 16 + i]));
        const unsigned code = encodeSmallFloat(kE4M3FN, block / 6.0f / q.shared.outer[0]);
        EXPECT_EQ(q.shared.codes[b], code);
        EXPECT_EQ(q.scales[b], q.shared.outer[0] * decodeSmallFloat(kE4M3FN, code));
        for (std::size_t i = 0; i < 16; ++i) {
            const unsigned element = std::to_integer<unsigned>(q.codes.bytes()[b * 16 + i]);
            EXPECT_EQ(element, encodeSmallFloat(kE2M1, x[b * 16 + i] / q.scales[b]));
            EXPECT_EQ(y[b * 16 + i], q.scales[b] * decodeSmallFloat(kE2M1, element));
        }
    }
    EXPECT_DOUBLE_EQ(bitsPerWeight({1, 4, 64}, q.spec), 4.5 + 32.0 / 256.0);
}

TEST(Nvfp4, BlocksOfZerosStayZeroAndTinyBlocksSurvive) {
    std::vector<float> x(64, 0.0f);
    x[0] = 1000.0f;
    x[20] = 1e-3f;
    const auto y = valuesOf(quantized("nvfp4", 4, x, 1));
    EXPECT_FLOAT_EQ(y[0], 1000.0f);
    for (std::size_t i = 32; i < 64; ++i) EXPECT_EQ(y[i], 0.0f);
    EXPECT_NEAR(y[20], 1e-3f, 1e-3f);
}

}  // namespace
}  // namespace bitlathe
