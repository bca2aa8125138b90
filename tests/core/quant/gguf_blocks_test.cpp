// GGUF blocks against ggml's own bytes and values (tests/golden/ggml; what the rows of its input are:
// 12 rows of 512, all of them shapes that have once gone wrong somewhere).
#include "core/quant/gguf_blocks.h"
#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace bitlathe {
namespace {

constexpr std::size_t kRow = 512, kRows = 12;

class Gguf : public testing::TestWithParam<GgufForm> {
protected:
    const GgufForm& form = GetParam();
    std::size_t values = std::size_t(form.values), bytes = std::size_t(form.bytes);
    std::string file(const char* end) const { return "ggml/" + std::string(form.name) + end; }

    std::vector<std::byte> packed(std::span<const float> x, std::span<const float> importance) const {
        std::vector<std::byte> all(x.size() / values * bytes);
        for (std::size_t b = 0; b < x.size() / values; ++b) {
            const auto row = x.subspan(b * values / kRow * kRow, kRow);
            const float square = std::accumulate(row.begin(), row.end(), 0.0f, [](float sum, float v) { return sum + v * v; }) / float(kRow);
            packGguf(form, x.subspan(b * values, values), importance.empty() ? importance : importance.subspan(b * values % kRow, values), square,
                     std::span(all).subspan(b * bytes, bytes));
        }
        return all;
    }
    std::vector<float> unpacked(std::span<const std::byte> blocks) const {
        std::vector<float> all(blocks.size() / bytes * values);
        for (std::size_t b = 0; b < blocks.size() / bytes; ++b) unpackGguf(form, blocks.subspan(b * bytes, bytes), std::span(all).subspan(b * values, values));
        return all;
    }
    double squaredError(std::span<const float> x, std::span<const std::byte> blocks, std::span<const float> importance, std::size_t row) const {
        const auto y = unpacked(blocks);
        double sum = 0;
        for (std::size_t i = row * kRow; i < (row + 1) * kRow; ++i) {
            // What both lessen by importance, where they choose points by it: it times √(2 · mean square + x²).
            const auto block = x.subspan(i / values * values, values);
            const double square = std::accumulate(block.begin(), block.end(), 0.0, [](double all, float v) { return all + double(v) * double(v); }) / double(values);
            const double weight = importance.empty() ? 1.0 : double(importance[i % kRow]) * (isLattice(form.type) ? std::sqrt(2 * square + double(x[i]) * double(x[i])) : 1.0);
            sum += weight * std::pow(double(x[i]) - double(y[i]), 2);
        }
        return sum;
    }
    // Within 1 % for each row, which has a shape of its own. IQ1 by importance, whose values count as a tenth larger for
    // the sake of networks, within 12 %, and no more than the reference over all rows.
    void expectNoMoreError(std::span<const float> x, std::span<const std::byte> blocks, std::span<const std::byte> reference,
                           std::span<const float> importance) const {
        const double slack = isShifted(form.type) && !importance.empty() ? 1.12 : 1.01;
        double ratios = 0;
        for (std::size_t row = 0; row < kRows; ++row) {
            const double own = squaredError(x, blocks, importance, row), theirs = squaredError(x, reference, importance, row);
            EXPECT_LE(own, slack * theirs) << "row " << row;
            ratios += theirs > 0 ? own / theirs : 1.0;
        }
        EXPECT_LE(ratios, 1.01 * double(kRows));
    }
};
std::string nameOf(const testing::TestParamInfo<GgufForm>& info) { return std::string(info.param.name); }
INSTANTIATE_TEST_SUITE_P(All, Gguf, testing::ValuesIn(kGgufForms), nameOf);

bool isExact(GgufType type) { return type <= GgufType::Q8_0 || (type >= GgufType::TQ1_0 && !isLattice(type)); }
bool takesImportance(GgufType type) { return isLattice(type) || (type != GgufType::Q8_0 && type < GgufType::TQ1_0); }
// Types that ggml makes by importance alone.
bool needsImportance(GgufType type) { return type == GgufType::IQ1_S || type == GgufType::IQ2_XXS || type == GgufType::IQ2_XS; }

// Every code and every pattern of signs and scales, also those that no encoder makes.
TEST_P(Gguf, DecodesAnyBytesAsGgmlDoes) {
    const auto blocks = golden<std::byte>(file(".rnd.blocks.bin"));
    const auto expected = golden<float>(file(".rnd.dequant.f32.bin"));
    const auto y = unpacked(blocks);
    ASSERT_EQ(y.size(), expected.size());
    for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], expected[i]) << i;
}

TEST_P(Gguf, SplitsAndJoinsBytesWithoutAChange) {
    for (const char* end : {".blocks.bin", ".imat.blocks.bin", ".rnd.blocks.bin"}) {
        if (std::string_view(end) == (needsImportance(form.type) ? ".blocks.bin" : takesImportance(form.type) ? "" : ".imat.blocks.bin")) continue;
        const auto blocks = golden<std::byte>(file(end));
        for (std::size_t b = 0; b < blocks.size() / bytes; ++b) {
            const auto one = std::span(blocks).subspan(b * bytes, bytes);
            GgufParameters block;
            std::vector<std::byte> codes(values), again(bytes);
            splitGguf(form, one, block, codes);
            joinGguf(form, block, codes, again);
            // A byte of five digits has 256 spellings of 243 numbers; encoders write one of them.
            if (form.type == GgufType::TQ1_0 && std::string(end) == ".rnd.blocks.bin") continue;
            ASSERT_TRUE(std::equal(one.begin(), one.end(), again.begin())) << "block " << b << " of " << end;
        }
    }
}

// Bytes where the reference is exact. Where it searches, values: parts whose scale is 0 may hold any codes.
// IQ4_XS codes by the scale of the file, the reference by a finer one that no reader has.
TEST_P(Gguf, EncodesAsGgmlDoes) {
    if (needsImportance(form.type)) return;  // there is nothing to compare with
    const auto x = golden<float>("ggml/input.f32.bin");
    const auto expected = golden<std::byte>(file(".blocks.bin"));
    const auto blocks = packed(x, {});
    if (isExact(form.type)) {
        EXPECT_EQ(blocks, expected);
    }
    if (form.type != GgufType::IQ4_XS && !isLattice(form.type)) {
        EXPECT_EQ(unpacked(blocks), unpacked(expected));
    }
    expectNoMoreError(x, blocks, expected, {});
}

TEST_P(Gguf, ErrorsByImportanceAreGgmlsOrLess) {
    const auto x = golden<float>("ggml/input.f32.bin"), importance = golden<float>("ggml/imatrix.f32.bin");
    if (!takesImportance(form.type)) {
        EXPECT_EQ(packed(x, importance), packed(x, {}));
        return;
    }
    const auto expected = golden<std::byte>(file(".imat.blocks.bin"));
    const auto blocks = packed(x, importance);
    if (form.type > GgufType::Q8_0 && form.type != GgufType::IQ4_XS && !isLattice(form.type)) {
        EXPECT_EQ(unpacked(blocks), unpacked(expected));
    }
    expectNoMoreError(x, blocks, expected, importance);
}

TEST_P(Gguf, FillsItsBytesExactly) {
    EXPECT_EQ(form.values % form.part, 0);
    EXPECT_LE(form.values, kMaxGgufValues);
    EXPECT_LE(form.bytes, kMaxGgufBytes);
    EXPECT_LE(form.parts(), kMaxGgufParts);
    EXPECT_EQ(&ggufForm(form.type), &kGgufForms[std::size_t(form.type)]);
}

TEST_P(Gguf, StaysFiniteOnWhatHalvesCannotHold) {
    constexpr float inf = std::numeric_limits<float>::infinity(), most = std::numeric_limits<float>::max();
    for (const float far : {1e6f, 1e12f, most, inf, -inf, std::nanf("")}) {
        std::vector<float> x(values);
        for (std::size_t i = 0; i < values; ++i) x[i] = std::sin(float(i));
        x[3] = far;
        x[values - 1] = -far;
        const std::vector<float> importance(values, 2.0f);
        for (const auto& weights : {std::vector<float>{}, importance}) {
            std::vector<std::byte> block(bytes);
            packGguf(form, x, weights, -1, block);
            for (const float y : unpacked(block)) ASSERT_TRUE(std::isfinite(y)) << far;
        }
    }
}

// NaN and infinities choose no parameters: the others are coded as if they were not there.
TEST_P(Gguf, WhatIsNoNumberHarmsNoNeighbour) {
    std::vector<float> x(values);
    for (std::size_t i = 0; i < values; ++i) x[i] = 2.0f + std::sin(float(i));
    std::vector<float> holed = x;
    const std::size_t part = std::size_t(form.part);
    for (std::size_t p = 0; p < values; p += part) x[p + 1] = x[p];  // what stands in for the hole
    for (std::size_t p = 0; p < values; p += part) holed[p + 1] = p % 2 == 0 ? std::nanf("") : INFINITY;
    EXPECT_EQ(fitGguf(form, holed), fitGguf(form, x));
}

TEST_P(Gguf, AShortBlockIsFittedToTheValuesThatItHas) {
    std::vector<float> x(values);
    for (std::size_t i = 0; i < values; ++i) x[i] = 5.0f + std::sin(float(i));
    const std::size_t count = std::size_t(form.part) * std::size_t(form.parts()) * 5 / 8;
    const GgufParameters block = fitGguf(form, std::span(x).first(count));
    std::vector<std::byte> codes(count);
    std::vector<float> y(count);
    encodeGguf(form, block, std::span(x).first(count), codes);
    decodeGguf(form, block, codes, y);
    // Lattices of two bits have few points whose eight coordinates are all high.
    const float most = form.type >= GgufType::IQ2_XXS && form.type <= GgufType::IQ2_S ? 4.1f : form.type >= GgufType::TQ1_0 ? 2.1f : 1.05f;
    for (std::size_t i = 0; i < count; ++i) EXPECT_NEAR(y[i], x[i], most) << i;
}

}  // namespace
}  // namespace bitlathe
