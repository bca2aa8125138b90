#include "core/tensor/tensor.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

TEST(Tensor, SharesItsBytesWhenCopied) {
    const Tensor a = Tensor::of<float>({2, 2}, std::vector<float>{1, 2, 3, 4});
    const Tensor b = a.reshaped({4});
    EXPECT_EQ(a.bytes().data(), b.bytes().data());
    EXPECT_EQ(b.as<float>()[3], 4.0f);
}

TEST(Tensor, ConvertsHalvesAndIntegersToFloat) {
    const Tensor halves(ElementType::F16, {2}, std::as_bytes(std::span("\x00\x3c\x00\xc0", 4)), nullptr);
    EXPECT_EQ(toFloat32(halves).as<float>()[0], 1.0f);
    EXPECT_EQ(toFloat32(halves).as<float>()[1], -2.0f);
    EXPECT_EQ(toFloat32(Tensor::of<std::int8_t>({1}, std::vector<std::int8_t>{-7})).as<float>()[0], -7.0f);
}

TEST(Tensor, KeepsLargeIntegersExact) {
    const std::int64_t big = (std::int64_t(1) << 60) + 1;
    EXPECT_EQ(toInt64(Tensor::scalar(big))[0], big);
}

TEST(Tensor, EqualsByTypeShapeAndBytes) {
    const Tensor a = Tensor::of<float>({2}, std::vector<float>{1, 2});
    EXPECT_EQ(a, Tensor::of<float>({2}, std::vector<float>{1, 2}));
    EXPECT_FALSE(a == a.reshaped({1, 2}));
    EXPECT_FALSE(a == Tensor::of<float>({2}, std::vector<float>{1, 3}));
    EXPECT_EQ(Tensor(), Tensor());
}

}  // namespace
}  // namespace bitlathe
