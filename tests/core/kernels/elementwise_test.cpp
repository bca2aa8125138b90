#include "core/kernels/elementwise.h"

#include <gtest/gtest.h>

#include "tests/core/kernels/bytes.h"

namespace bitlathe {
namespace {

using BinaryOp = void (*)(Isa, const ByteBinary&) noexcept;

std::vector<std::uint8_t> run(BinaryOp op, Isa isa, ByteBinary task) {
    std::vector<std::uint8_t> y(static_cast<std::size_t>(task.count) + 3, 0xaa);
    task.y = y.data();
    op(isa, task);
    for (std::size_t i = static_cast<std::size_t>(task.count); i < y.size(); ++i) EXPECT_EQ(y[i], 0xaa) << "wrote behind the end";
    y.resize(static_cast<std::size_t>(task.count));
    return y;
}

ByteScale randomScale(Bytes& random, ByteType type) {
    return {random.real(0.005f, 0.1f), type == ByteType::U8 ? random.between(0, 255) : random.between(-128, 127)};
}

}  // namespace

TEST(Elementwise, AddAndMulAreEqualOnEveryIsa) {
    Bytes random(1);
    for (std::int64_t count = 0; count <= 70; ++count)
        for (const ByteType type : {ByteType::U8, ByteType::S8})
            for (const auto& [aStep, bStep] : {std::pair{1, 1}, {0, 1}, {1, 0}, {0, 0}})
                for (const bool narrow : {false, true}) {
                    const auto a = random.next(std::max<std::int64_t>(count, 1)), b = random.next(std::max<std::int64_t>(count, 1));
                    ByteBinary task;
                    task.type = type;
                    task.a = a.data();
                    task.b = b.data();
                    task.count = count;
                    task.aStep = aStep;
                    task.bStep = bStep;
                    task.aScale = randomScale(random, type);
                    task.bScale = randomScale(random, type);
                    task.yScale = randomScale(random, type);
                    if (narrow) task.low = 3, task.high = 90;
                    for (const BinaryOp op : {qlinearAdd, qlinearMul}) {
                        const auto want = run(op, Isa::Reference, task);
                        for (const Isa isa : testIsas()) ASSERT_EQ(run(op, isa, task), want) << isaName(isa) << " count " << count;
                    }
                }
}

TEST(Elementwise, AllPairsOfCodesAreEqualOnEveryIsa) {
    std::vector<std::uint8_t> a, b;
    for (int i = 0; i < 65536; ++i) {
        a.push_back(static_cast<std::uint8_t>(i));
        b.push_back(static_cast<std::uint8_t>(i >> 8));
    }
    for (const ByteType type : {ByteType::U8, ByteType::S8}) {
        ByteBinary task;
        task.type = type;
        task.a = a.data();
        task.b = b.data();
        task.count = 65536;
        task.aScale = {0.031f, 13};
        task.bScale = {0.077f, 116};
        task.yScale = {0.093f, -5};
        for (const BinaryOp op : {qlinearAdd, qlinearMul}) {
            const auto want = run(op, Isa::Reference, task);
            for (const Isa isa : testIsas()) ASSERT_EQ(run(op, isa, task), want) << isaName(isa);
        }
    }
}

TEST(Elementwise, AddIsTheSumOfTheReals) {
    Bytes random(2);
    const auto a = random.next(1000), b = random.next(1000);
    ByteBinary task;
    task.a = a.data();
    task.b = b.data();
    task.count = 1000;
    task.aScale = {0.02f, 120};
    task.bScale = {0.05f, 10};
    task.yScale = {0.06f, 40};
    const auto y = run(qlinearAdd, Isa::Reference, task);
    for (std::size_t i = 0; i < y.size(); ++i) {
        const double real = 0.02 * (a[i] - 120) + 0.05 * (b[i] - 10);
        const double code = std::clamp(real / 0.06 + 40, 0.0, 255.0);
        ASSERT_NEAR(y[i], code, 0.5001);
    }
}

TEST(Elementwise, LookupTakesEveryCodeAndLength) {
    Bytes random(3);
    const auto table = random.next(256);
    for (std::int64_t count = 0; count <= 300; ++count) {
        std::vector<std::uint8_t> x(static_cast<std::size_t>(count));
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::uint8_t>(i * 3 + static_cast<std::size_t>(count));
        for (const Isa isa : testIsas()) {
            std::vector<std::uint8_t> y(x.size() + 1, 0xaa);
            lookupBytes(isa, table.data(), x.data(), y.data(), count);
            for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y[i], table[x[i]]) << isaName(isa);
            ASSERT_EQ(y.back(), 0xaa);
        }
    }
}

TEST(Elementwise, RequantizeTableOfTheSameScaleIsTheIdentity) {
    std::uint8_t table[256];
    requantizeTable(ByteType::U8, {0.037f, 77}, ByteType::U8, {0.037f, 77}, table);
    for (int i = 0; i < 256; ++i) EXPECT_EQ(table[i], i);
    requantizeTable(ByteType::U8, {0.037f, 128}, ByteType::S8, {0.037f, 0}, table);
    for (int i = 0; i < 256; ++i) EXPECT_EQ(static_cast<std::int8_t>(table[i]), i - 128);
}

}  // namespace bitlathe
