#include "core/kernels/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "tests/core/kernels/bytes.h"

namespace bitlathe {

TEST(Quantize, IsEqualOnEveryIsaForEveryLength) {
    Bytes random(1);
    for (std::int64_t count = 0; count <= 70; ++count)
        for (const QuantizeRule rule : {QuantizeRule{0.013f, 128, 0, 255}, {0.02f, 0, -128, 127}, {0.3f, 2, -8, 7}, {0.1f, 0, 0, 1}}) {
            std::vector<float> x(static_cast<std::size_t>(count));
            for (auto& v : x) v = random.real(-4, 4);
            std::vector<std::uint8_t> want(x.size() + 1, 0xaa);
            std::vector<std::uint16_t> wantWords(x.size() + 1, 0xaaaa);
            quantizeBytes(Isa::Reference, x.data(), count, rule, want.data());
            quantizeWords(Isa::Reference, x.data(), count, rule, wantWords.data());
            for (const Isa isa : testIsas()) {
                std::vector<std::uint8_t> got(x.size() + 1, 0xaa);
                std::vector<std::uint16_t> gotWords(x.size() + 1, 0xaaaa);
                quantizeBytes(isa, x.data(), count, rule, got.data());
                quantizeWords(isa, x.data(), count, rule, gotWords.data());
                ASSERT_EQ(got, want) << isaName(isa);
                ASSERT_EQ(gotWords, wantWords) << isaName(isa);
            }
        }
}

TEST(Quantize, RoundsTiesToEvenSaturatesAndTurnsNanIntoZero) {
    const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
    const std::vector<float> x = {0.25f, 0.75f, 1.25f, -0.25f, -0.75f, 1e30f, -1e30f, inf, -inf, nan, -0.0f, 0.0f, 63.9f};
    const std::vector<int> want = {0, 2, 2, 0, -2, 127, -128, 127, -128, 0, 0, 0, 127};
    for (const Isa isa : testIsas()) {
        std::vector<std::int8_t> y(x.size());
        quantizeBytes(isa, x.data(), static_cast<std::int64_t>(x.size()), {0.5f, 0, -128, 127}, y.data());
        for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(y[i], want[i]) << isaName(isa) << " x " << x[i];
        std::vector<std::uint8_t> z(x.size());
        quantizeBytes(isa, x.data(), static_cast<std::int64_t>(x.size()), {0.5f, 37, 0, 255}, z.data());
        EXPECT_EQ(z[9], 37) << "NaN becomes the code of 0";
    }
}

TEST(Quantize, BackAndForthKeepsEveryCode) {
    std::vector<std::uint8_t> codes(256);
    for (int i = 0; i < 256; ++i) codes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(i);
    for (const Isa isa : testIsas())
        for (const ByteType type : {ByteType::U8, ByteType::S8}) {
            const std::int32_t zero = type == ByteType::U8 ? 93 : -17;
            std::vector<float> reals(256);
            std::vector<std::uint8_t> again(256);
            dequantizeBytes(isa, type, codes.data(), 256, 0.0123f, zero, reals.data());
            quantizeBytes(isa, reals.data(), 256, {0.0123f, zero, lowestCode(type), highestCode(type)}, again.data());
            EXPECT_EQ(again, codes) << isaName(isa);
            EXPECT_EQ(reals[static_cast<std::size_t>(static_cast<std::uint8_t>(zero))], 0.0f);
        }
}

TEST(Quantize, DequantizeIsEqualOnEveryIsaForEveryLength) {
    Bytes random(2);
    for (std::int64_t count = 0; count <= 40; ++count) {
        const auto codes = random.next(count);
        std::vector<std::int32_t> acc(static_cast<std::size_t>(count) * 3);
        for (auto& a : acc) a = random.between(-2000000000, 2000000000);
        std::vector<float> scales(static_cast<std::size_t>(count) + 1, 0.5f);
        for (auto& s : scales) s = random.real(0.001f, 1);
        for (const Isa isa : testIsas()) {
            std::vector<float> y(codes.size() + 1, -7), want(codes.size() + 1, -7);
            dequantizeBytes(Isa::Reference, ByteType::S8, codes.data(), count, 0.037f, -3, want.data());
            dequantizeBytes(isa, ByteType::S8, codes.data(), count, 0.037f, -3, y.data());
            ASSERT_EQ(y, want) << isaName(isa);
            for (const bool perColumn : {false, true}) {
                std::vector<float> sums(acc.size() + 1, -7), wantSums(acc.size() + 1, -7);
                dequantizeSums(Isa::Reference, acc.data(), 3, count, scales.data(), perColumn, wantSums.data());
                dequantizeSums(isa, acc.data(), 3, count, scales.data(), perColumn, sums.data());
                ASSERT_EQ(sums, wantSums) << isaName(isa);
            }
        }
    }
}

}  // namespace bitlathe
