// Bit layouts of quantized weights against the arrays that the reference packers made (../shared/vectors/packing).
#include "core/formats/safetensors/code_plane.h"
#include "core/formats/safetensors/safetensors.h"
#include "tests/core/formats/gguf_sample.h"
#include "tests/core/formats/safetensors_sample.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

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

}  // namespace
}  // namespace bitlathe
