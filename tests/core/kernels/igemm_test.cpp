#include "core/kernels/igemm.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/core/kernels/bytes.h"

namespace bitlathe {
namespace {

struct Case {
    std::int64_t m, n, k;
    ByteType aType = ByteType::U8, bType = ByteType::S8;
    int weightZeros = 0;  // 0: none, 1: one, 2: one per column
    bool bias = false;
    bool transposed = false;
    std::int64_t extraStride = 0;
};

struct Operands {
    std::vector<std::uint8_t> a, b;
    std::vector<std::int32_t> zb, bias;
    std::int32_t za = 0;
    std::int64_t aStride = 0;
    IgemmSource source;
};

std::int32_t zeroOf(ByteType type, Bytes& random) {
    return type == ByteType::U8 ? random.between(0, 255) : random.between(-128, 127);
}

Operands operandsOf(const Case& c, Bytes& random) {
    Operands o;
    o.aStride = c.k + c.extraStride;
    o.a = random.next(c.m * o.aStride);
    o.b = random.next(c.k * c.n);
    o.za = zeroOf(c.aType, random);
    for (std::int64_t j = 0; j < c.n; ++j) {
        o.zb.push_back(c.weightZeros == 0               ? 0
                       : c.weightZeros == 1 && j > 0 ? o.zb[0]
                                                        : zeroOf(c.bType, random));
        o.bias.push_back(random.between(-100000, 100000));
    }
    o.source = c.transposed ? IgemmSource{o.b.data(), c.bType, 0, 1, c.k} : IgemmSource{o.b.data(), c.bType, 0, c.n, 1};
    return o;
}

struct Prepared {
    std::vector<std::uint8_t> packed;
    std::vector<std::int32_t> offsets, columnZeros;
    bool anyZero = false;
};

Prepared prepare(const Case& c, const Operands& o) {
    Prepared p;
    const IgemmShape shape{1, c.k, c.n};
    p.packed.resize(static_cast<std::size_t>(igemmPackedBytes(shape)));
    igemmPack(shape, o.source, p.packed.data());
    p.offsets.resize(static_cast<std::size_t>(igemmPaddedColumns(c.n)));
    p.columnZeros.resize(p.offsets.size());
    const IgemmZeroPoints zeros{c.aType, o.za, c.bType, o.zb.data(), c.weightZeros == 0 ? 0 : c.weightZeros == 1 ? 1 : c.n};
    p.anyZero = igemmOffsets(shape, p.packed.data(), zeros, c.bias ? o.bias.data() : nullptr, p.offsets.data(),
                             p.columnZeros.data());
    return p;
}

IgemmCall callOf(const Case& c, const Operands& o, const Prepared& p) {
    IgemmCall call;
    call.shape = {1, c.k, c.n};
    call.packed = p.packed.data();
    call.offsets = p.offsets.data();
    call.columnZeros = p.anyZero ? p.columnZeros.data() : nullptr;
    call.a = o.a.data();
    call.aStride = o.aStride;
    call.aType = c.aType;
    return call;
}

std::vector<std::int32_t> defined(const Case& c, const Operands& o) {
    std::vector<std::int32_t> want(static_cast<std::size_t>(c.m * c.n));
    igemmDefinition(c.m, c.n, c.k, o.a.data(), o.aStride, c.aType, o.za, o.source, o.zb.data(),
                    c.bias ? o.bias.data() : nullptr, want.data());
    return want;
}

void check(const Case& c, unsigned seed) {
    Bytes random(seed);
    const Operands o = operandsOf(c, random);
    const Prepared p = prepare(c, o);
    const auto want = defined(c, o);
    for (const Isa isa : testIsas()) {
        IgemmCall call = callOf(c, o, p);
        std::vector<std::int32_t> got(want.size() + 16, 12345);
        call.c = got.data();
        call.cStride = c.n;
        igemm(isa, call, 0, c.m, 0, c.n);
        for (std::size_t i = want.size(); i < got.size(); ++i) ASSERT_EQ(got[i], 12345) << "wrote behind the end";
        got.resize(want.size());
        ASSERT_EQ(got, want) << isaName(isa) << " m " << c.m << " n " << c.n << " k " << c.k << " za " << o.za;
    }
}

}  // namespace

TEST(Igemm, EqualsTheDefinitionForAllSmallShapes) {
    unsigned seed = 0;
    for (std::int64_t m = 1; m <= 14; ++m)
        for (std::int64_t n = 1; n <= 20; ++n)
            for (std::int64_t k = 1; k <= 20; ++k) check({m, n, k}, ++seed);
}

TEST(Igemm, TakesEverySignednessZeroPointBiasAndLayout) {
    unsigned seed = 100000;
    for (const ByteType a : {ByteType::U8, ByteType::S8})
        for (const ByteType b : {ByteType::U8, ByteType::S8})
            for (int zeros = 0; zeros < 3; ++zeros)
                for (const bool bias : {false, true})
                    for (const bool transposed : {false, true})
                        for (const std::int64_t k : {1, 6, 17, 64})
                            for (const std::int64_t n : {3, 16, 33, 70}) check({5, n, k, a, b, zeros, bias, transposed, 3}, ++seed);
}

TEST(Igemm, EqualsTheDefinitionForLargeShapes) {
    check({97, 130, 1000}, 1);
    check({200, 64, 385, ByteType::S8, ByteType::U8, 2, true}, 2);
    check({1, 300, 2049}, 3);
    check({8, 80, 768, ByteType::S8}, 4);
    check({13, 65, 4}, 5);
}

TEST(Igemm, IsExactAtTheExtremes) {
    for (const std::uint8_t av : {0, 127, 128, 255})
        for (const std::uint8_t bv : {0, 127, 128, 129, 255})
            for (const ByteType aType : {ByteType::U8, ByteType::S8}) {
                const Case c{7, 20, 300, aType, ByteType::S8};
                Bytes random(9);
                Operands o = operandsOf(c, random);
                std::fill(o.a.begin(), o.a.end(), av);
                std::fill(o.b.begin(), o.b.end(), bv);
                o.za = aType == ByteType::U8 ? 255 : -128;
                const Prepared p = prepare(c, o);
                for (const Isa isa : testIsas()) {
                    IgemmCall call = callOf(c, o, p);
                    std::vector<std::int32_t> got(static_cast<std::size_t>(c.m * c.n));
                    call.c = got.data();
                    call.cStride = c.n;
                    igemm(isa, call, 0, c.m, 0, c.n);
                    ASSERT_EQ(got, defined(c, o)) << isaName(isa) << " a " << int(av) << " b " << int(bv);
                }
            }
}

TEST(Igemm, AnyCutOfTheWorkGivesTheSameBits) {
    const Case c{130, 100, 70, ByteType::S8, ByteType::U8, 2, true};
    Bytes random(5);
    const Operands o = operandsOf(c, random);
    const Prepared p = prepare(c, o);
    const auto want = defined(c, o);
    for (const Isa isa : testIsas()) {
        IgemmCall call = callOf(c, o, p);
        std::vector<std::int32_t> got(want.size(), -1);
        call.c = got.data();
        call.cStride = c.n;
        for (std::int64_t row = 0; row < c.m; row += 47)
            for (std::int64_t column = 0; column < c.n; column += 48)
                igemm(isa, call, row, std::min(row + 47, c.m), column, std::min(column + 48, c.n));
        ASSERT_EQ(got, want) << isaName(isa);
    }
}

TEST(Igemm, RequantizesAsTheSeparateStepDoes) {
    Bytes random(6);
    for (const std::int64_t n : {1, 5, 16, 31, 64, 100})
        for (const bool perColumn : {false, true}) {
            const Case c{11, n, 90, ByteType::U8, ByteType::S8, 0, true};
            const Operands o = operandsOf(c, random);
            const Prepared p = prepare(c, o);
            const auto acc = defined(c, o);
            std::vector<float> scales;
            for (std::int64_t j = 0; j < n; ++j) scales.push_back(random.real(1e-5f, 1e-3f));
            const Requantize rule{scales.data(), perColumn, 117, 10, 250};
            std::vector<std::uint8_t> want(acc.size());
            requantize(Isa::Reference, {acc.data(), n, c.m, n, want.data(), n}, rule);
            for (const Isa isa : testIsas()) {
                IgemmCall call = callOf(c, o, p);
                std::vector<std::uint8_t> got(want.size());
                call.y = got.data();
                call.yStride = n;
                call.rule = rule;
                igemm(isa, call, 0, c.m, 0, n);
                ASSERT_EQ(got, want) << isaName(isa) << " n " << n;
            }
        }
}

}  // namespace bitlathe
