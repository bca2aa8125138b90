#include "core/quant/codec.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/quantized_tensor.h"
#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace bitlathe {
namespace {

nlohmann::json misc() {
    std::ifstream file(std::string(BITLATHE_SOURCE_DIR) + "/tests/golden/misc/misc.json");
    return nlohmann::json::parse(file);
}
QuantizedTensor quantized(const QuantSpec& spec) {
    Workers workers(2);
    JobContext job;
    return quantizeWeights(Tensor::of(Shape{8, 64}, golden<float>("misc/bitnet.w.f32.bin")), {1, 8, 64}, spec, workers, job);
}

TEST(TernaryCodecs, BitNetCodesAreThePapers) {
    QuantSpec spec;
    spec.codec = "bitnet";
    spec.bits = 2;
    spec.granularity = PerTensor{};
    const QuantizedTensor q = quantized(spec);
    const auto expected = misc().at("bitnet_b158");
    EXPECT_NEAR(q.scales.at(0), expected.at("gamma").get<double>(), 1e-8);
    const auto codes = q.codes.as<std::int8_t>();
    for (std::size_t i = 0; i < codes.size(); ++i) ASSERT_EQ(int(codes[i]), expected.at("codes_rowmajor").at(i).get<int>()) << i;
}

TEST(TernaryCodecs, SignsTakeXnorNetsScales) {
    const QuantizedTensor q = quantized(QuantSpec{"int", 1, true, true, PerChannel{}});
    const auto expected = misc().at("xnor_rowwise_alpha");
    ASSERT_EQ(q.scales.size(), expected.size());
    for (std::size_t c = 0; c < expected.size(); ++c) EXPECT_NEAR(q.scales[c], expected.at(c).get<double>(), 1e-8);
}

TEST(TernaryCodecs, ThresholdIsSevenTenthsOfTheMean) {
    QuantSpec spec;
    spec.codec = "ternary";
    spec.bits = 2;
    const Codec& codec = codecOf(spec);
    const std::vector<float> x = {0.1f, -0.2f, 0.3f, -0.4f, 1.0f, NAN, INFINITY};  // mean |x| 0.4, threshold 0.28
    std::vector<std::byte> inner(std::size_t(codec.innerBytes(spec))), codes(x.size());
    GroupParameters group;
    group.inner = inner;
    codec.fit(spec, x, {}, {-0.4f, 1.0f}, group);
    EXPECT_FLOAT_EQ(group.scale, (0.3f + 0.4f + 1.0f) / 3);
    codec.encode(spec, group, x, codes);
    const int expected[] = {0, 0, 1, -1, 1, 0, 1};
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(int(static_cast<std::int8_t>(codes[i])), expected[i]) << x[i];
}

}  // namespace
}  // namespace bitlathe
