// Every type that a GGUF file can hold, against ggml's own values.
#include "core/base/sha256.h"
#include "core/quant/ggml_types.h"
#include "core/kernels/lattice_points.h"
#include "core/tensor/convert.h"
#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace bitlathe {
namespace {

std::vector<float> decoded(const GgmlType& type, const std::vector<std::byte>& blocks) {
    std::vector<float> y(blocks.size() / std::size_t(type.blocks.bytes) * std::size_t(type.blocks.values));
    type.blocks.decode(blocks, y);
    return y;
}
bool isRuntimeType(const GgmlType& type) { return type.name == "q8_1" || type.name == "q8_K"; }

TEST(GgmlTypes, DecodeArbitraryBytesBitForBit) {
    int types = 0;
    for (const GgmlType& type : ggmlTypes()) {
        if (type.element || isRuntimeType(type)) continue;
        const auto expected = golden<float>("ggml/" + std::string(type.name) + ".rnd.dequant.f32.bin");
        const auto y = decoded(type, golden<std::byte>("ggml/" + std::string(type.name) + ".rnd.blocks.bin"));
        ASSERT_EQ(y.size(), expected.size()) << type.name;
        for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], expected[i]) << type.name << " " << i;
        ++types;
    }
    EXPECT_EQ(types, 25);
}

// Blocks of activations are exact but for half a step, and a scale in half precision.
TEST(GgmlTypes, DecodeBlocksOfActivations) {
    const auto x = golden<float>("ggml/activations.f32.bin");
    for (const char* name : {"q8_1", "q8_K"}) {
        const GgmlType* type = ggmlTypeNamed(name);
        ASSERT_TRUE(type);
        const auto y = decoded(*type, golden<std::byte>("ggml/activations." + std::string(name) + ".blocks.bin"));
        ASSERT_EQ(y.size(), x.size());
        const auto values = std::size_t(type->blocks.values);
        for (std::size_t i = 0; i < x.size(); ++i) {
            float largest = 0;
            for (std::size_t j = i / values * values; j < i / values * values + values; ++j) largest = std::max(largest, std::fabs(x[j]));
            ASSERT_LE(std::fabs(y[i] - x[i]), largest / 127 * 0.6f) << name << " " << i;
        }
    }
}

// The blocks that ggml's quantizers made of all kinds of rows: more of the lattices than the arbitrary bytes touch.
TEST(GgmlTypes, DecodeWhatGgmlEncodedBitForBit) {
    const std::string folder = std::string(BITLATHE_SOURCE_DIR) + "/../shared/vectors/ggml/";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the reference vectors are not here";
    const auto bytesOf = [&](const std::string& name) {
        std::ifstream file(folder + name, std::ios::binary);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    };
    for (const GgmlType& type : ggmlTypes()) {
        if (type.element || isRuntimeType(type)) continue;
        std::string blocks = bytesOf(std::string(type.name) + ".blocks.bin");
        if (blocks.empty()) blocks = bytesOf(std::string(type.name) + ".imat.blocks.bin");
        ASSERT_FALSE(blocks.empty()) << type.name;
        const std::string expected = bytesOf(std::string(type.name) + ".dequant.f32.bin");
        const auto* from = reinterpret_cast<const std::byte*>(blocks.data());
        const auto y = decoded(type, {from, from + blocks.size()});
        ASSERT_EQ(y.size() * sizeof(float), expected.size()) << type.name;
        const auto* want = reinterpret_cast<const float*>(expected.data());
        for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], want[i]) << type.name << " " << i;
    }
}

TEST(GgmlTypes, AreFoundByNumberAndByName) {
    int last = -1;
    for (const GgmlType& type : ggmlTypes()) {
        EXPECT_GT(type.id, last);
        last = type.id;
        EXPECT_EQ(ggmlTypeOf(type.id), &type);
        EXPECT_EQ(ggmlTypeNamed(type.name), &type);
        EXPECT_EQ(type.element.has_value(), type.blocks.decode == nullptr);
        if (type.element) {
            EXPECT_EQ(bytesFor(*type.element, 1), type.blocks.bytes) << type.name;
        }
    }
    for (const int gone : {-1, 4, 5, 31, 32, 33, 36, 37, 38, 43, 1000}) EXPECT_EQ(ggmlTypeOf(gone), nullptr) << gone;
}

template <std::size_t N>
void expectPoints(const std::uint16_t (&points)[N], const char* sum) {
    EXPECT_TRUE(std::is_sorted(std::begin(points), std::end(points)));
    EXPECT_EQ(std::adjacent_find(std::begin(points), std::end(points)), std::end(points));
    EXPECT_EQ(sha256(std::as_bytes(std::span(points))), sum);
}

// Golden values touch only some of the points: a slip of the pen in any other would show here.
TEST(Lattices, HavePointsThatNobodyChanged) {
    expectPoints(kIq2XxsPoints, "915952ebc4af8ddba8113583ca1316fc818843f7b825bbf1a25ae1c39bf0e16d");
    expectPoints(kIq2XsPoints, "f66435966ca8d64e9e4a6e3c91e64afcf9015e700ec85962f527283ebae207b9");
    expectPoints(kIq2SPoints, "e6e75e121b65e8afa5c1f92b71463cfbe217b83893f438acde22fd5db06a43f7");
    expectPoints(kIq3XxsPoints, "c9678803c61b2210fbd8cbbb3f965a835409cd7d88a04d086d236261bd221d11");
    expectPoints(kIq3SPoints, "353274c58dd7d8dc5ee960dc8fc54ff9164eaf2b49206b841cd49415cf393f81");
    expectPoints(kIq1SPoints, "e9ffebfc997ad6023063a667c0bf4eedd8ebf7f56b3da399cbc7d1b1f7ea52c6");
}

}  // namespace
}  // namespace bitlathe
