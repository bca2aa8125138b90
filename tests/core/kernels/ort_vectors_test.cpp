// The kernels against values that ONNX Runtime computed (tests/golden/ort), to the last bit.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "core/kernels/elementwise.h"
#include "core/kernels/iconv.h"
#include "core/kernels/igemm.h"
#include "core/kernels/quantize.h"
#include "core/kernels/transpose.h"
#include "tests/core/kernels/bytes.h"

namespace bitlathe {
namespace {

template <typename T>
std::vector<T> golden(const std::string& name) {
    std::ifstream file(std::string(BITLATHE_SOURCE_DIR) + "/tests/golden/ort/" + name, std::ios::binary);
    EXPECT_TRUE(file) << name;
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    std::vector<T> values(bytes.size() / sizeof(T));
    std::copy(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(values.size() * sizeof(T)),
              reinterpret_cast<char*>(values.data()));
    return values;
}

// MatMul of 5 x 33 and 33 x 12.
std::vector<std::uint8_t> packedMatrix(const void* b, ByteType type) {
    std::vector<std::uint8_t> packed(static_cast<std::size_t>(igemmPackedBytes({1, 33, 12})));
    igemmPack({1, 33, 12}, {b, type, 0, 12, 1}, packed.data());
    return packed;
}

void checkMatMul(const std::string& weights, ByteType type, std::int32_t zb, const std::string& result) {
    const auto a = golden<std::uint8_t>("qmm.a.u8.bin"), b = golden<std::uint8_t>(weights);
    const auto want = golden<std::uint8_t>(result);
    const auto packed = packedMatrix(b.data(), type);
    std::int32_t offsets[16], zeros[16];
    const bool any = igemmOffsets({1, 33, 12}, packed.data(), {ByteType::U8, 100, type, &zb, 1}, nullptr, offsets, zeros);
    const float scale = 0.02f * 0.03f / 0.15f;
    for (const Isa isa : testIsas()) {
        std::vector<std::uint8_t> got(want.size());
        IgemmCall call;
        call.shape = {1, 33, 12};
        call.packed = packed.data();
        call.offsets = offsets;
        call.columnZeros = any ? zeros : nullptr;
        call.a = a.data();
        call.aStride = 33;
        call.y = got.data();
        call.yStride = 12;
        call.rule = {&scale, false, 128, 0, 255};
        igemm(isa, call, 0, 5, 0, 12);
        EXPECT_EQ(got, want) << isaName(isa);
    }
}

void checkConv(std::int64_t stride, std::int64_t padLeft, std::int64_t outHeight, std::int64_t outWidth, const std::string& result) {
    const auto x = golden<std::uint8_t>("qconv.x.u8.bin");
    const auto w = golden<std::int8_t>("qconv.w_oihw.i8.bin");
    const auto bias = golden<std::int32_t>("qconv.b.i32.bin");
    const auto weightScales = golden<float>("qconv.wscale.f32.bin");
    const auto want = golden<std::uint8_t>(result);
    IconvShape s;
    s.height = 7;
    s.width = 6;
    s.channels = 5;
    s.outputs = 8;
    s.kernelHeight = s.kernelWidth = 3;
    s.strideHeight = s.strideWidth = stride;
    s.padTop = 1;
    s.padLeft = padLeft;
    s.outHeight = outHeight;
    s.outWidth = outWidth;
    std::vector<std::uint8_t> packed(static_cast<std::size_t>(iconvPackedBytes(s)));
    iconvPack(s, w.data(), ByteType::S8, packed.data());
    std::vector<std::int32_t> offsets(static_cast<std::size_t>(iconvOffsetCount(s))), zeros(offsets.size());
    ASSERT_FALSE(iconvOffsets(s, packed.data(), {ByteType::U8, 121, ByteType::S8}, bias.data(), offsets.data(), zeros.data()));
    std::vector<float> scales;
    for (const float ws : weightScales) scales.push_back(0.0235f * ws / 0.051f);
    const std::vector<std::uint8_t> padding(5, 121);
    for (const Isa isa : testIsas()) {
        std::vector<std::uint8_t> nhwc(x.size()), y(want.size()), got(want.size());
        transposeBytes(isa, x.data(), 5, 42, 42, nhwc.data(), 5);
        IconvCall call;
        call.shape = s;
        call.packed = packed.data();
        call.offsets = offsets.data();
        call.x = nhwc.data();
        call.paddingRow = padding.data();
        call.y = y.data();
        call.rule = {scales.data(), true, 139, 0, 255};
        iconv(isa, call, 0, s.pixels());
        transposeBytes(isa, y.data(), s.pixels(), 8, 8, got.data(), s.pixels());
        EXPECT_EQ(got, want) << isaName(isa);
    }
}

}  // namespace

TEST(OrtVectors, QLinearMatMul) {
    checkMatMul("qmm.b.i8.bin", ByteType::S8, 0, "qmm_u8i8.y.u8.bin");
    checkMatMul("qmm.b.u8.bin", ByteType::U8, 117, "qmm_u8u8.y.u8.bin");
}

TEST(OrtVectors, MatMulInteger) {
    const auto a = golden<std::uint8_t>("qmm.a.u8.bin"), b = golden<std::uint8_t>("qmm.b.u8.bin");
    const auto want = golden<std::int32_t>("mmi.y.i32.bin");
    const auto packed = packedMatrix(b.data(), ByteType::U8);
    const std::int32_t zb = 117;
    std::int32_t offsets[16], zeros[16];
    ASSERT_TRUE(igemmOffsets({1, 33, 12}, packed.data(), {ByteType::U8, 100, ByteType::U8, &zb, 1}, nullptr, offsets, zeros));
    for (const Isa isa : testIsas()) {
        std::vector<std::int32_t> got(want.size());
        IgemmCall call;
        call.shape = {1, 33, 12};
        call.packed = packed.data();
        call.offsets = offsets;
        call.columnZeros = zeros;
        call.a = a.data();
        call.aStride = 33;
        call.c = got.data();
        call.cStride = 12;
        igemm(isa, call, 0, 5, 0, 12);
        EXPECT_EQ(got, want) << isaName(isa);
    }
}

TEST(OrtVectors, QLinearConv) {
    checkConv(1, 1, 7, 6, "qconv_s1p1.y.u8.bin");
    checkConv(2, 0, 4, 3, "qconv_s2.y.u8.bin");
}

TEST(OrtVectors, QLinearAddAndMul) {
    const auto a = golden<std::uint8_t>("qel.a.u8.bin"), b = golden<std::uint8_t>("qel.b.u8.bin");
    const auto sum = golden<std::uint8_t>("q_QLinearAdd.y.u8.bin"), product = golden<std::uint8_t>("q_QLinearMul.y.u8.bin");
    for (const Isa isa : testIsas()) {
        std::vector<std::uint8_t> got(a.size());
        ByteBinary task;
        task.a = a.data();
        task.b = b.data();
        task.y = got.data();
        task.count = static_cast<std::int64_t>(a.size());
        task.aScale = {0.031f, 131};
        task.bScale = {0.077f, 116};
        task.yScale = {0.093f, 123};
        qlinearAdd(isa, task);
        EXPECT_EQ(got, sum) << isaName(isa);
        task.yScale = {0.12f, 123};
        qlinearMul(isa, task);
        EXPECT_EQ(got, product) << isaName(isa);
    }
}

TEST(OrtVectors, QuantizeLinear) {
    const auto x = golden<float>("ql.x.f32.bin");
    const auto count = static_cast<std::int64_t>(x.size());
    const auto u8 = golden<std::uint8_t>("ql_u8.y.u8.bin"), i8 = golden<std::uint8_t>("ql_i8.y.i8.bin");
    const auto u16 = golden<std::uint16_t>("ql_u16.y.u16.bin"), i16 = golden<std::uint16_t>("ql_i16.y.i16.bin");
    for (const Isa isa : testIsas()) {
        std::vector<std::uint8_t> bytes(x.size());
        std::vector<std::uint16_t> words(x.size());
        quantizeBytes(isa, x.data(), count, {0.5f, 131, 0, 255}, bytes.data());
        EXPECT_EQ(bytes, u8) << isaName(isa);
        quantizeBytes(isa, x.data(), count, {0.5f, -5, -128, 127}, bytes.data());
        EXPECT_EQ(bytes, i8) << isaName(isa);
        quantizeWords(isa, x.data(), count, {0.5f, 300, 0, 65535}, words.data());
        EXPECT_EQ(words, u16) << isaName(isa);
        quantizeWords(isa, x.data(), count, {0.5f, -77, -32768, 32767}, words.data());
        EXPECT_EQ(words, i16) << isaName(isa);
    }
}

}  // namespace bitlathe
