#include "core/kernels/iconv.h"

#include <gtest/gtest.h>

#include "tests/core/kernels/bytes.h"

namespace bitlathe {
namespace {

std::int64_t outSize(std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                     std::int64_t padBegin, std::int64_t padEnd) {
    return (in + padBegin + padEnd - dilation * (kernel - 1) - 1) / stride + 1;
}

struct Options {
    ByteType xType = ByteType::U8, wType = ByteType::S8;
    bool weightZeros = false, bias = true;
};

// Runs one shape at every level, as int32 and requantized, whole and cut, against the definition.
void check(IconvShape s, const Options& o, unsigned seed) {
    Bytes random(seed);
    ASSERT_TRUE(iconvFits(s));
    const auto x = random.next(s.batch * s.height * s.width * s.channels);
    const auto w = random.next(s.outputs * s.channels / s.groups * s.taps());
    const std::int32_t xz = o.xType == ByteType::U8 ? random.between(0, 255) : random.between(-128, 127);
    std::vector<std::int32_t> wz, bias;
    for (std::int64_t i = 0; i < s.outputs; ++i) {
        wz.push_back(!o.weightZeros ? 0 : o.wType == ByteType::U8 ? random.between(0, 255) : random.between(-128, 127));
        bias.push_back(random.between(-50000, 50000));
    }
    const std::vector<std::uint8_t> padding(static_cast<std::size_t>(s.channels), static_cast<std::uint8_t>(xz));
    std::vector<std::int32_t> want(static_cast<std::size_t>(s.pixels() * s.outputs));
    iconvDefinition(s, x.data(), o.xType, xz, w.data(), o.wType, wz.data(), o.bias ? bias.data() : nullptr, want.data());

    std::vector<std::uint8_t> packed(static_cast<std::size_t>(iconvPackedBytes(s)));
    iconvPack(s, w.data(), o.wType, packed.data());
    std::vector<std::int32_t> offsets(static_cast<std::size_t>(iconvOffsetCount(s))), zeros(offsets.size());
    const IgemmZeroPoints points{o.xType, xz, o.wType, wz.data(), o.weightZeros ? s.outputs : 0};
    IconvCall call;
    call.shape = s;
    call.packed = packed.data();
    call.outputZeros = iconvOffsets(s, packed.data(), points, o.bias ? bias.data() : nullptr, offsets.data(), zeros.data())
                           ? zeros.data() : nullptr;
    call.offsets = offsets.data();
    call.x = x.data();
    call.xType = o.xType;
    call.paddingRow = padding.data();
    std::vector<float> scales(static_cast<std::size_t>(s.outputs));
    for (auto& f : scales) f = random.real(1e-5f, 2e-3f);
    const Requantize rule{scales.data(), true, 120, 0, 255};
    std::vector<std::uint8_t> wantBytes(want.size());
    requantize(Isa::Reference, {want.data(), s.outputs, s.pixels(), s.outputs, wantBytes.data(), s.outputs}, rule);

    for (const Isa isa : testIsas()) {
        std::vector<std::int32_t> got(want.size() + 1, 77);
        call.c = got.data();
        iconv(isa, call, 0, s.pixels());
        ASSERT_EQ(got.back(), 77) << "wrote behind the end";
        got.pop_back();
        ASSERT_EQ(got, want) << isaName(isa) << " channels " << s.channels << " outputs " << s.outputs << " seed " << seed;

        std::vector<std::uint8_t> bytes(want.size());
        call.c = nullptr;
        call.y = bytes.data();
        call.rule = rule;
        for (std::int64_t p = 0; p < s.pixels(); p += 7) iconv(isa, call, p, std::min(p + 7, s.pixels()));
        ASSERT_EQ(bytes, wantBytes) << isaName(isa);
    }
}

IconvShape shapeOf(std::int64_t h, std::int64_t w, std::int64_t c, std::int64_t out, std::int64_t groups, std::int64_t kh,
                   std::int64_t kw, std::int64_t stride, std::int64_t dilation, std::int64_t pad, std::int64_t padEnd) {
    IconvShape s;
    s.batch = 2;
    s.height = h;
    s.width = w;
    s.channels = c;
    s.outputs = out;
    s.groups = groups;
    s.kernelHeight = kh;
    s.kernelWidth = kw;
    s.strideHeight = s.strideWidth = stride;
    s.dilationHeight = s.dilationWidth = dilation;
    s.padTop = s.padLeft = pad;
    s.outHeight = outSize(h, kh, stride, dilation, pad, padEnd);
    s.outWidth = outSize(w, kw, stride, dilation, pad, padEnd);
    return s;
}

}  // namespace

TEST(Iconv, EqualsTheDefinitionForSmallShapes) {
    unsigned seed = 0;
    for (const std::int64_t channels : {1, 2, 3, 4, 5, 15, 16, 17, 20, 33})
        for (const std::int64_t outputs : {1, 3, 16, 18})
            for (const auto& [kh, kw] : {std::pair{1, 1}, {3, 3}, {1, 5}, {2, 3}})
                for (const std::int64_t stride : {1, 2})
                    for (const std::int64_t pad : {0, 1, 2})
                        check(shapeOf(6, 7, channels, outputs, 1, kh, kw, stride, 1, pad, pad), {}, ++seed);
}

TEST(Iconv, TakesDilationAndUnevenPads) {
    unsigned seed = 1000;
    for (const std::int64_t channels : {3, 24})
        for (const std::int64_t dilation : {1, 2, 3})
            for (const std::int64_t stride : {1, 2, 3})
                for (const std::int64_t pad : {0, 1, 4})
                    for (const std::int64_t padEnd : {0, 2}) check(shapeOf(9, 11, channels, 5, 1, 3, 2, stride, dilation, pad, padEnd), {}, ++seed);
}

TEST(Iconv, TakesGroups) {
    unsigned seed = 2000;
    for (const std::int64_t groups : {2, 3, 4})
        for (const std::int64_t depth : {1, 3, 4, 16, 18})
            for (const std::int64_t outs : {1, 2, 17}) check(shapeOf(5, 6, groups * depth, groups * outs, groups, 3, 3, 1, 1, 1, 1), {}, ++seed);
}

TEST(Iconv, DepthwiseEqualsTheDefinition) {
    unsigned seed = 3000;
    for (std::int64_t channels = 2; channels <= 70; ++channels)
        check(shapeOf(5, 4, channels, channels, channels, 3, 3, 1, 1, 1, 1), {}, ++seed);
    for (const std::int64_t channels : {8, 96, 130})
        for (const auto& [kh, kw] : {std::pair{1, 1}, {1, 3}, {2, 2}, {5, 5}, {7, 7}})
            for (const std::int64_t stride : {1, 2})
                for (const std::int64_t dilation : {1, 2})
                    check(shapeOf(8, 9, channels, channels, channels, kh, kw, stride, dilation, 3, 3), {}, ++seed);
}

TEST(Iconv, TakesEverySignednessAndWeightZeroPoints) {
    unsigned seed = 4000;
    for (const ByteType x : {ByteType::U8, ByteType::S8})
        for (const ByteType w : {ByteType::U8, ByteType::S8})
            for (const bool zeros : {false, true})
                for (const bool bias : {false, true})
                    for (const auto& [channels, outputs, groups] :
                         {std::tuple{3, 8, 1}, {16, 20, 1}, {40, 40, 40}, {32, 6, 2}, {12, 24, 12}})
                        check(shapeOf(5, 5, channels, outputs, groups, 3, 3, 1, 1, 1, 1), {x, w, zeros, bias}, ++seed);
}

TEST(Iconv, TakesImagesLargerThanABlock) {
    check(shapeOf(23, 29, 64, 70, 1, 3, 3, 1, 1, 1, 1), {}, 1);
    check(shapeOf(40, 41, 3, 32, 1, 7, 7, 2, 1, 3, 3), {}, 2);
    check(shapeOf(14, 14, 130, 40, 1, 1, 1, 1, 1, 0, 0), {}, 3);
    check(shapeOf(1, 300, 20, 33, 1, 1, 9, 1, 1, 0, 4), {}, 4);
    check(shapeOf(30, 30, 2, 3, 1, 20, 21, 3, 1, 10, 10), {}, 5);
    check(shapeOf(9, 9, 500, 7, 1, 3, 3, 1, 1, 1, 1), {}, 6);
}

}  // namespace bitlathe
