// Rows by kernel are the blocks of packGguf(), byte for byte, at every ISA; packGguf() itself is held to ggml's
// own bytes by gguf_blocks_test.
#include "core/quant/gguf_rows.h"

#include "core/kernels/block_encode.h"
#include "core/tensor/convert.h"
#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace bitlathe {
namespace {

using RowsCase = std::tuple<GgufForm, Isa>;

class GgufRowsBy : public testing::TestWithParam<RowsCase> {
protected:
    const GgufForm& form = std::get<0>(GetParam());
    Isa isa = std::get<1>(GetParam());
    std::size_t values = std::size_t(form.values), bytes = std::size_t(form.bytes);

    static float meanSquare(std::span<const float> x) {
        float sum = 0;
        for (const float v : x) sum += v * v;
        return sum / float(x.size());
    }
    std::vector<std::byte> byBlocks(std::span<const float> x, std::size_t columns, std::span<const float> importance) const {
        std::vector<std::byte> all(x.size() / values * bytes);
        for (std::size_t b = 0; b < x.size() / values; ++b) {
            const auto row = x.subspan(b * values / columns * columns, columns);
            packGguf(form, x.subspan(b * values, values), importance.empty() ? importance : importance.subspan(b * values % columns, values), meanSquare(row),
                     std::span(all).subspan(b * bytes, bytes));
        }
        return all;
    }
    std::vector<std::byte> byRows(std::span<const float> x, std::size_t columns, std::span<const float> importance) const {
        std::vector<std::byte> all(x.size() / values * bytes);
        packGgufRows({form, std::int64_t(columns), importance}, x, all, isa);
        return all;
    }
    void expectEqualBlocks(std::span<const std::byte> own, std::span<const std::byte> truth, std::string_view what) const {
        ASSERT_EQ(own.size(), truth.size());
        for (std::size_t b = 0; b < own.size() / bytes; ++b)
            ASSERT_EQ(std::memcmp(own.data() + b * bytes, truth.data() + b * bytes, bytes), 0) << what << ", block " << b;
    }
};

std::string nameOf(const testing::TestParamInfo<RowsCase>& info) {
    return std::string(std::get<0>(info.param).name) + "_" + std::string(isaName(std::get<1>(info.param)));
}
INSTANTIATE_TEST_SUITE_P(All, GgufRowsBy, testing::Combine(testing::ValuesIn(kGgufForms), testing::ValuesIn(isasUpTo(lowered(detectIsa(), Isa::Avx512Vnni)))), nameOf);

// 37 blocks of 256: bells of all sizes, even and lopsided values, ties, few distinct values, zeros of both signs,
// what is too small or as large as it may be.
std::vector<float> shapes(std::size_t count) {
    std::minstd_rand random(7);
    std::normal_distribution<float> bell;
    std::uniform_real_distribution<float> even(-1, 1);
    std::vector<float> x(count);
    for (std::size_t i = 0; i < count; ++i) {
        const float n = bell(random), u = even(random);
        switch (i / 256 % 18) {
            case 0: x[i] = n; break;
            case 1: x[i] = 0.02f * n; break;
            case 2: x[i] = u; break;
            case 3: x[i] = u + 3; break;
            case 4: x[i] = u - 3; break;
            case 5: x[i] = std::nearbyint(8 * u) / 8; break;
            case 6: x[i] = u < 0 ? -0.0f : 0.0f; break;
            case 7: x[i] = n * n * n; break;
            case 8: x[i] = 1e-20f * n; break;
            case 9: x[i] = 1e-14f * u; break;
            case 10: x[i] = 1e-41f * n; break;
            case 11: x[i] = 2.9e8f * u; break;
            case 12: x[i] = i % 16 < 8 ? 0.0f : n; break;
            case 13: x[i] = i % 64 < 32 ? 0.0f : u; break;
            case 14: x[i] = i % 2 == 0 ? 0.25f : -0.25f; break;
            case 15: x[i] = (std::nearbyint(127 * u) + 0.5f) / 127; break;
            case 16: x[i] = 1e-7f * n; break;
            case 17: x[i] = std::ldexp(u, int(random() % 40) - 20); break;
        }
    }
    return x;
}
std::vector<float> weightsOf(std::size_t columns) {
    std::minstd_rand random(11);
    std::exponential_distribution<float> falling;
    std::vector<float> all(columns);
    for (float& w : all) w = falling(random);
    all[3] = 0;
    return all;
}

TEST_P(GgufRowsBy, EqualBlocksOfEveryShape) {
    const auto x = shapes(37 * 256);
    expectEqualBlocks(byRows(x, 256, {}), byBlocks(x, 256, {}), "rows of 256");
    expectEqualBlocks(byRows(x, 37 * 256, {}), byBlocks(x, 37 * 256, {}), "one row");
}

TEST_P(GgufRowsBy, EqualBlocksByImportance) {
    const auto x = shapes(36 * 256);
    for (const std::size_t columns : {256u, 768u, 36u * 256u}) expectEqualBlocks(byRows(x, columns, weightsOf(columns)), byBlocks(x, columns, weightsOf(columns)), "rows");
}

TEST_P(GgufRowsBy, EqualBlocksOfWhatTheReferenceSaw) {
    const auto x = golden<float>("ggml/input.f32.bin"), importance = golden<float>("ggml/imatrix.f32.bin");
    expectEqualBlocks(byRows(x, 512, {}), byBlocks(x, 512, {}), "golden rows");
    expectEqualBlocks(byRows(x, 512, importance), byBlocks(x, 512, importance), "golden rows by importance");
}

TEST_P(GgufRowsBy, WhatIsNoNumberIsHandledAsInOneBlock) {
    auto x = shapes(36 * 256);
    x[300] = std::numeric_limits<float>::quiet_NaN();
    x[9000] = -std::numeric_limits<float>::infinity();
    x[5000] = std::numeric_limits<float>::max();
    const auto truth = byBlocks(x, 256, {});
    expectEqualBlocks(byRows(x, 256, {}), truth, "holes");
    std::vector<std::byte> own(truth.size());
    EXPECT_EQ(packGgufRows({form, 256}, x, own, isa), 2);
}

TEST_P(GgufRowsBy, HalvesAndBfloatsAreTheFloatsThatTheyMean) {
    std::vector<std::uint16_t> halves(16 * 256), bfloats(halves.size());
    std::vector<float> ofHalves(halves.size()), ofBfloats(halves.size());
    const auto x = shapes(halves.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        halves[i] = floatToHalf(std::clamp(x[i], -6e4f, 6e4f));
        ofHalves[i] = halfToFloat(halves[i]);
        bfloats[i] = floatToBfloat(x[i]);
        ofBfloats[i] = bfloatToFloat(bfloats[i]);
    }
    std::vector<std::byte> own(x.size() / values * bytes);
    const auto importance = weightsOf(512);
    packGgufHalves({form, 512, importance}, halves, own, isa);
    expectEqualBlocks(own, byRows(ofHalves, 512, importance), "halves");
    packGgufBfloats({form, 512, importance}, bfloats, own, isa);
    expectEqualBlocks(own, byRows(ofBfloats, 512, importance), "bfloats");
}

TEST_P(GgufRowsBy, ReadBackAsBlocksDo) {
    for (const char* end : {isLattice(form.type) ? ".imat.blocks.bin" : ".blocks.bin", ".rnd.blocks.bin"}) {
        const auto blocks = golden<std::byte>("ggml/" + std::string(form.name) + end);
        std::vector<float> own(blocks.size() / bytes * values), one(values);
        unpackGgufRows(form, blocks, own, isa);
        for (std::size_t b = 0; b < blocks.size() / bytes; ++b) {
            unpackGguf(form, std::span(blocks).subspan(b * bytes, bytes), one);
            ASSERT_EQ(std::memcmp(one.data(), own.data() + b * values, values * sizeof(float)), 0) << "block " << b << " of " << end;
        }
    }
}

TEST_P(GgufRowsBy, PartsOfTheWayAreTheSameToo) {
    const auto x = shapes(37 * 256);
    const std::size_t blocks = x.size() / values;
    std::vector<GgufParameters> fitted(blocks), split(blocks);
    std::vector<std::uint8_t> codes(x.size()), again(x.size()), packed(blocks * bytes);
    fitGgufRun(isa, {form.type, std::int64_t(blocks), x.data()}, fitted.data());
    encodeGgufRun(isa, form.type, x.data(), fitted.data(), std::int64_t(blocks), codes.data());
    joinGgufRun(isa, form.type, fitted.data(), codes.data(), std::int64_t(blocks), packed.data());
    splitGgufRun(isa, form.type, packed.data(), std::int64_t(blocks), split.data(), again.data());
    for (std::size_t b = 0; b < blocks; ++b) {
        const auto part = std::span(x).subspan(b * values, values);
        const GgufParameters truth = fitGguf(form, part);
        ASSERT_EQ(fitted[b], truth) << "block " << b;
        std::vector<std::byte> own(values);
        encodeGguf(form, truth, part, own);
        ASSERT_EQ(std::memcmp(own.data(), codes.data() + b * values, values), 0) << "block " << b;
        ASSERT_EQ(std::memcmp(own.data(), again.data() + b * values, values), 0) << "block " << b;
    }
}

}  // namespace
}  // namespace bitlathe
