// Bit layouts of quantized weights against the arrays that the reference packers made (../shared/vectors/packing).
#include "core/formats/safetensors/code_plane.h"
#include "core/formats/safetensors/safetensors.h"
#include "tests/core/formats/gguf_sample.h"
#include "tests/core/formats/safetensors_sample.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;
using namespace safetensors;

const fs::path kPacking = fs::path(BITLATHE_SOURCE_DIR) / "../shared/vectors/packing";

template <class T>
std::vector<T> vectorOf(const std::string& name) {
    std::ifstream file(kPacking / name, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::vector<T> values(bytes.size() / sizeof(T));
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(values.data()));
    return values;
}

#define NEEDS_VECTORS() \
    if (!fs::exists(kPacking)) GTEST_SKIP() << kPacking << " is not here: golden arrays are outside the repository"

// Both ways: codes from words, and the very words from codes.
template <class Code>
void expectSame(const PlaneLayout& layout, const std::vector<std::int32_t>& words, std::int64_t packed, std::int64_t others, const Code& codeOf) {
    std::vector<std::int32_t> made(words.size(), 0);
    const auto* from = reinterpret_cast<const std::byte*>(words.data());
    for (std::int64_t p = 0; p < packed; ++p)
        for (std::int64_t o = 0; o < others; ++o) {
            ASSERT_EQ(layout.get(from, p, o), codeOf(p, o)) << p << " " << o;
            layout.put(reinterpret_cast<std::byte*>(made.data()), p, o, codeOf(p, o));
        }
    EXPECT_EQ(made, words);
}

constexpr std::int64_t kRows = 32, kColumns = 64, kGroups = 2;

TEST(SafetensorsLayouts, GptqWordsAreThoseOfAutoGptq) {
    NEEDS_VECTORS();
    for (const int bits : {2, 3, 4, 8}) {
        const std::string name = "gptq_v1_" + std::to_string(bits) + "bit.";
        const auto codes = vectorOf<std::uint8_t>(name + "codes_RxC.u8.bin"), zeros = vectorOf<std::uint8_t>(name + "zeros_RxG.u8.bin");
        expectSame({bits, WordOrder::Stream, kRows, 1}, vectorOf<std::int32_t>(name + "qweight.i32.bin"), kColumns, kRows,
                   [&](std::int64_t c, std::int64_t r) { return std::uint32_t(codes[static_cast<std::size_t>(r * kColumns + c)]); });
        expectSame({bits, WordOrder::Stream, 1, kRows * bits / 32}, vectorOf<std::int32_t>(name + "qzeros.i32.bin"), kRows, kGroups,
                   [&](std::int64_t r, std::int64_t g) { return std::uint32_t(zeros[static_cast<std::size_t>(r * kGroups + g)] - 1) & ((1u << bits) - 1u); });
    }
}

TEST(SafetensorsLayouts, AwqWordsAreThoseOfItsGemm) {
    NEEDS_VECTORS();
    const auto codes = vectorOf<std::uint8_t>("awq_gemm_4bit.codes_RxC.u8.bin"), zeros = vectorOf<std::uint8_t>("awq_gemm_4bit.zeros_RxG.u8.bin");
    expectSame({4, WordOrder::Awq, 1, kRows / 8}, vectorOf<std::int32_t>("awq_gemm_4bit.qweight.i32.bin"), kRows, kColumns,
               [&](std::int64_t r, std::int64_t c) { return std::uint32_t(codes[static_cast<std::size_t>(r * kColumns + c)]); });
    expectSame({4, WordOrder::Awq, 1, kRows / 8}, vectorOf<std::int32_t>("awq_gemm_4bit.qzeros.i32.bin"), kRows, kGroups,
               [&](std::int64_t r, std::int64_t g) { return std::uint32_t(zeros[static_cast<std::size_t>(r * kGroups + g)]); });
}

TEST(SafetensorsLayouts, CompressedTensorsPacksBothAxes) {
    NEEDS_VECTORS();
    constexpr std::int64_t rows = 6, columns = 37;
    for (const int bits : {2, 3, 4, 5, 6, 8}) {
        const std::string name = "compressed_tensors_" + std::to_string(bits) + "bit.";
        const auto q = vectorOf<std::int8_t>(name + "q_6x37.i8.bin");
        const auto code = [&](std::int64_t r, std::int64_t c) { return std::uint32_t(q[static_cast<std::size_t>(r * columns + c)] + (1 << (bits - 1))); };
        expectSame({bits, WordOrder::Whole, 1, PlaneLayout::words(WordOrder::Whole, bits, columns)}, vectorOf<std::int32_t>(name + "packed_dim1.i32.bin"), columns, rows,
                   [&](std::int64_t c, std::int64_t r) { return code(r, c); });
        expectSame({bits, WordOrder::Whole, columns, 1}, vectorOf<std::int32_t>(name + "packed_dim0.i32.bin"), rows, columns, code);
    }
}

std::string halves(const std::vector<float>& transposed) {
    std::vector<std::uint32_t> bits(transposed.size());
    std::copy_n(reinterpret_cast<const std::uint32_t*>(transposed.data()), bits.size(), bits.begin());
    return bytesOf(bits);
}

// [R, G] as the files have it: [G, R].
std::vector<float> turned(const std::vector<float>& scales) {
    std::vector<float> result(scales.size());
    for (std::int64_t r = 0; r < kRows; ++r)
        for (std::int64_t g = 0; g < kGroups; ++g) result[static_cast<std::size_t>(g * kRows + r)] = scales[static_cast<std::size_t>(r * kGroups + g)];
    return result;
}

TEST(SafetensorsLayouts, GptqWeightsOpenWithTheReferencesValues) {
    NEEDS_VECTORS();
    for (const int bits : {2, 3, 4, 8}) {
        const std::string name = "gptq_v1_" + std::to_string(bits) + "bit.";
        const std::string file = SafetensorsSample()
                                     .tensor("up.qweight", "I32", {kColumns * bits / 32, kRows}, bytesOf(vectorOf<std::int32_t>(name + "qweight.i32.bin")))
                                     .tensor("up.qzeros", "I32", {kGroups, kRows * bits / 32}, bytesOf(vectorOf<std::int32_t>(name + "qzeros.i32.bin")))
                                     .tensor("up.scales", "F32", {kGroups, kRows}, halves(turned(vectorOf<float>(name + "scales_RxG.f32.bin"))))
                                     .bytes();
        JobContext job;
        const Model model = readModel(writeSample("gptq.safetensors", file), job);
        ASSERT_EQ(model.layers.size(), 1u);
        EXPECT_EQ(model.layers[0].name, "up");
        EXPECT_EQ(model.layers[0].storedAs, "gptq-" + std::to_string(bits) + "bit g32");
        EXPECT_EQ(model.layers[0].note, "stored as GPTQ, " + std::to_string(bits) + " bits, groups of 32: quantizing again adds to its error");
        const Tensor values = weightOf(model.graph, model.layers[0]);
        EXPECT_EQ(values, Tensor::of(Shape{kRows, kColumns}, vectorOf<float>(name + "dequant_RxC.f32.bin")));
    }
}

TEST(SafetensorsLayouts, AwqWeightsOpenWithTheReferencesValues) {
    NEEDS_VECTORS();
    const auto codes = vectorOf<std::uint8_t>("awq_gemm_4bit.codes_RxC.u8.bin"), zeros = vectorOf<std::uint8_t>("awq_gemm_4bit.zeros_RxG.u8.bin");
    const auto scales = vectorOf<float>("awq_gemm_4bit.scales_RxG.f32.bin");
    const std::string file = SafetensorsSample()
                                 .tensor("up.qweight", "I32", {kColumns, kRows / 8}, bytesOf(vectorOf<std::int32_t>("awq_gemm_4bit.qweight.i32.bin")))
                                 .tensor("up.qzeros", "I32", {kGroups, kRows / 8}, bytesOf(vectorOf<std::int32_t>("awq_gemm_4bit.qzeros.i32.bin")))
                                 .tensor("up.scales", "F32", {kGroups, kRows}, halves(turned(scales)))
                                 .bytes();
    JobContext job;
    const Model model = readModel(writeSample("awq.safetensors", file), job);
    ASSERT_EQ(model.layers.size(), 1u);
    EXPECT_EQ(model.layers[0].storedAs, "awq-4bit g32");
    const Tensor values = weightOf(model.graph, model.layers[0]);
    for (std::int64_t r = 0; r < kRows; ++r)
        for (std::int64_t c = 0; c < kColumns; ++c) {
            const auto g = static_cast<std::size_t>(r * kGroups + c / 32);
            ASSERT_EQ(values.as<float>()[static_cast<std::size_t>(r * kColumns + c)], float(int(codes[static_cast<std::size_t>(r * kColumns + c)]) - int(zeros[g])) * scales[g]);
        }
}

// Codes 0, 1, 2 … of an int8 weight, [R, 4], under these scales and zero points.
Tensor plainWeight(std::int64_t rows, const std::vector<std::int64_t>& scaleShape, const std::vector<float>& scales, const std::vector<std::int64_t>& zeroShape, const std::string& zeros) {
    std::string codes;
    for (std::int64_t i = 0; i < 4 * rows; ++i) codes += char(i % 100);
    // The zero points lie last: what reads on behind them reads behind the file.
    const std::string file = SafetensorsSample()
                                 .tensor("up.weight", "I8", {rows, 4}, codes)
                                 .tensor("up.weight_scale", "F32", scaleShape, bytesOf(scales))
                                 .tensor("up.weight_zero_point", "I8", zeroShape, zeros)
                                 .bytes();
    JobContext job;
    const Model model = readModel(writeSample("zeros.safetensors", file), job);
    EXPECT_EQ(model.layers.size(), 1u);
    EXPECT_NE(model.layers[0].note.find("stored as"), std::string::npos) << "the parts are not seen as one weight";
    return weightOf(model.graph, model.layers[0]);
}

TEST(SafetensorsLayouts, OneZeroPointUnderAScalePerRowHoldsForEveryRowAndReadsNothingBehindTheFile) {
    constexpr std::int64_t rows = 40000;
    const Tensor values = plainWeight(rows, {rows}, std::vector<float>(rows, 0.5f), {1}, "\x03");
    for (std::size_t i = 0; i < std::size_t(4 * rows); ++i) ASSERT_EQ(values.as<float>()[i], (float(i % 100) - 3) * 0.5f) << i;
}

TEST(SafetensorsLayouts, OneZeroPointUnderScalesPerGroupHoldsForEveryGroup) {
    const Tensor values = plainWeight(2, {2, 2}, {0.5f, 1, 2, 4}, {1}, "\x03");
    const float expected[] = {-1.5f, -1, -1, 0, 2, 4, 12, 16};
    EXPECT_EQ(values, Tensor::of(Shape{2, 4}, std::span<const float>(expected)));
}

TEST(SafetensorsLayouts, AZeroPointPerRowUnderOneScaleIsThatOfItsRow) {
    const Tensor values = plainWeight(3, {1}, {2}, {3, 1}, std::string("\x00\x05\xfe", 3));
    const float expected[] = {0, 2, 4, 6, -2, 0, 2, 4, 20, 22, 24, 26};
    EXPECT_EQ(values, Tensor::of(Shape{3, 4}, std::span<const float>(expected)));
}

TEST(SafetensorsLayouts, AZeroPointPerGroupIsThatOfItsGroup) {
    const Tensor values = plainWeight(2, {2, 2}, {1, 1, 1, 1}, {2, 2}, std::string("\x00\x01\x02\x03", 4));
    const float expected[] = {0, 1, 1, 2, 2, 3, 3, 4};
    EXPECT_EQ(values, Tensor::of(Shape{2, 4}, std::span<const float>(expected)));
}

TEST(SafetensorsLayouts, ColumnsThatWereReorderedTakeTheScaleOfTheirOwnGroup) {
    // GPTQ, 4 bits, 8 outputs, 16 columns, three groups of which one is empty; every code is 9 and every zero point 8.
    const std::vector<std::int32_t> order = {2, 0, 0, 2, 2, 0, 2, 0, 0, 0, 2, 2, 2, 0, 2, 0};
    std::vector<float> scales;
    for (int g = 0; g < 3; ++g)
        for (int r = 0; r < 8; ++r) scales.push_back(float(10 * g + r));
    const std::string file = SafetensorsSample()
                                 .tensor("up.qweight", "I32", {2, 8}, bytesOf(std::vector<std::uint32_t>(16, 0x99999999u)))
                                 .tensor("up.qzeros", "I32", {3, 1}, bytesOf(std::vector<std::uint32_t>(3, 0x77777777u)))
                                 .tensor("up.scales", "F32", {3, 8}, bytesOf(scales))
                                 .tensor("up.g_idx", "I32", {16}, bytesOf(order))
                                 .bytes();
    JobContext job;
    const Model model = readModel(writeSample("order.safetensors", file), job);
    ASSERT_EQ(model.layers.size(), 1u);
    EXPECT_NE(model.layers[0].note.find("columns by g_idx"), std::string::npos) << model.layers[0].note;
    const Tensor values = weightOf(model.graph, model.layers[0]);
    for (std::size_t r = 0; r < 8; ++r)
        for (std::size_t c = 0; c < 16; ++c) ASSERT_EQ(values.as<float>()[r * 16 + c], scales[static_cast<std::size_t>(order[c]) * 8 + r]) << r << " " << c;
}

}  // namespace
}  // namespace bitlathe
