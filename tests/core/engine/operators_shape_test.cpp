#include "tests/core/engine/operator_call.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace bitlathe {

namespace {

using Integers = std::vector<std::int64_t>;
constexpr auto kMost = std::numeric_limits<std::int64_t>::max(), kLeast = std::numeric_limits<std::int64_t>::min();

// 0, 1, 2 … in this shape and type.
Tensor counting(const Shape& shape, ElementType type = ElementType::F32) {
    static const std::vector<std::pair<ElementType, std::int64_t>> kCodes = {
        {ElementType::F32, 1}, {ElementType::U8, 2}, {ElementType::I16, 5}, {ElementType::F64, 11}, {ElementType::F16, 10}};
    Integers values(static_cast<std::size_t>(shape.count()));
    std::iota(values.begin(), values.end(), 0);
    const auto code = std::find_if(kCodes.begin(), kCodes.end(), [type](const auto& row) { return row.first == type; })->second;
    return OperatorCall{"Cast", {{"to", code}}}.one({Tensor::of(shape, values)});
}

TEST(ShapeOperators, TransposeEveryPermutationOfEveryElementSize) {
    for (const Shape& shape : {Shape{2, 3, 4, 5}, Shape{1, 17, 1, 33}, Shape{3, 1, 20, 40}, Shape{2, 0, 3, 1}, Shape{35, 2, 1, 18}})
        for (const ElementType type : {ElementType::U8, ElementType::F16, ElementType::F32, ElementType::F64}) {
            const Tensor x = counting(shape, type);
            Integers perm{0, 1, 2, 3};
            do {
                const Tensor y = OperatorCall{"Transpose", {{"perm", perm}}}.one({x});
                const auto size = static_cast<std::size_t>(bitsOf(type) / 8);
                const auto steps = stridesOf(shape);
                for (int axis = 0; axis < 4; ++axis) ASSERT_EQ(y.shape()[axis], shape[static_cast<int>(perm[static_cast<std::size_t>(axis)])]);
                for (std::int64_t flat = 0; flat < y.count(); ++flat) {
                    std::int64_t rest = flat, from = 0;
                    for (int axis = 3; axis >= 0; --axis) {
                        from += rest % y.shape()[axis] * steps[static_cast<std::size_t>(perm[static_cast<std::size_t>(axis)])];
                        rest /= y.shape()[axis];
                    }
                    ASSERT_TRUE(std::equal(&y.bytes()[static_cast<std::size_t>(flat) * size], &y.bytes()[static_cast<std::size_t>(flat) * size] + size,
                                           &x.bytes()[static_cast<std::size_t>(from) * size]));
                }
            } while (std::next_permutation(perm.begin(), perm.end()));
        }
}

TEST(ShapeOperators, TransposeLargeMatricesInBlocks) {
    const Tensor x = counting({100, 70});
    const Tensor y = OperatorCall{"Transpose", {}, {}, 1, 2}.one({x});
    for (std::size_t r = 0; r < 100; ++r)
        for (std::size_t c = 0; c < 70; ++c) ASSERT_EQ(y.as<float>()[c * 100 + r], x.as<float>()[r * 70 + c]);
}

TEST(ShapeOperators, SliceFromAndToAnywhere) {
    const auto slice = [](const Integers& starts, const Integers& ends, const Integers& axes, const Integers& steps) {
        return OperatorCall{"Slice"}.one({counting({10}), integers(starts), integers(ends), integers(axes), integers(steps)});
    };
    EXPECT_EQ(valuesOf(slice({kLeast}, {kMost}, {0}, {1})), valuesOf(counting({10})));
    EXPECT_EQ(valuesOf(slice({kMost}, {kLeast}, {0}, {-4})), (std::vector<float>{9, 5, 1}));
    EXPECT_EQ(valuesOf(slice({-3}, {kMost}, {-1}, {2})), (std::vector<float>{7, 9}));
    EXPECT_EQ(slice({5}, {5}, {0}, {1}).shape(), Shape{0});
    EXPECT_EQ(slice({7}, {3}, {0}, {1}).shape(), Shape{0});
    EXPECT_EQ(valuesOf(slice({9}, {kLeast}, {0}, {kLeast})), (std::vector<float>{9}));
    EXPECT_EQ(valuesOf(slice({0}, {kMost}, {0}, {kMost})), (std::vector<float>{0}));
    EXPECT_THROW(slice({0}, {1}, {0}, {0}), Error);
    EXPECT_THROW(slice({0}, {1}, {1}, {1}), Error);
    EXPECT_THROW(slice({0, 0}, {1}, {0}, {1}), Error);
}

TEST(ShapeOperators, SliceEmptyAxes) {
    EXPECT_EQ(OperatorCall{"Slice"}.one({floats({0, 2}, {}), integers({-1}), integers({kLeast}), integers({0}), integers({-1})}).shape(), (Shape{0, 2}));
}

TEST(ShapeOperators, ReshapeRefusesWhatDoesNotAddUp) {
    const Tensor x = counting({2, 3});
    EXPECT_EQ(OperatorCall{"Reshape"}.one({x, integers({0, -1})}).shape(), (Shape{2, 3}));
    EXPECT_EQ(OperatorCall{"Reshape"}.one({floats({0, 3}, {}), integers({0, -1})}).shape(), (Shape{0, 0}));
    for (const Integers& shape : {Integers{4}, Integers{-1, -1}, Integers{0, 0, 0}, Integers{-2, 3}, Integers{kMost, kMost}, Integers{-1, 4}})
        EXPECT_THROW(OperatorCall{"Reshape"}.one({x, integers(shape)}), Error);
}

TEST(ShapeOperators, PadReflectsWrapsAndCuts) {
    const Tensor x = counting({1, 4});
    const auto pad = [&](const char* mode, const Integers& pads) { return OperatorCall{"Pad", {{"mode", std::string(mode)}}}.one({x, integers(pads)}); };
    EXPECT_EQ(valuesOf(pad("reflect", {0, 2, 0, 3})), (std::vector<float>{2, 1, 0, 1, 2, 3, 2, 1, 0}));
    EXPECT_EQ(valuesOf(pad("reflect", {0, 7, 0, 0})), (std::vector<float>{1, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3}));
    EXPECT_EQ(valuesOf(pad("wrap", {0, 5, 0, 1})), (std::vector<float>{3, 0, 1, 2, 3, 0, 1, 2, 3, 0}));
    EXPECT_EQ(valuesOf(pad("edge", {0, 1, 0, 2})), (std::vector<float>{0, 0, 1, 2, 3, 3, 3}));
    EXPECT_EQ(valuesOf(pad("constant", {0, -1, 0, -2})), (std::vector<float>{1}));
    EXPECT_EQ(valuesOf(pad("constant", {0, -5, 0, 3})), (std::vector<float>{0, 0}));
    EXPECT_THROW(pad("constant", {0, -3, 0, -3}), Error);
    EXPECT_THROW(pad("constant", {0, kMost, 0, kMost}), Error);
    EXPECT_THROW(pad("constant", {0, 1}), Error);
    EXPECT_THROW((OperatorCall{"Pad", {{"mode", std::string("edge")}}}.one({floats({1, 0}, {}), integers({0, 1, 0, 1})})), Error);
}

TEST(ShapeOperators, RefuseIndicesOutsideTheirAxis) {
    const Tensor x = counting({3, 2});
    EXPECT_EQ(valuesOf(OperatorCall{"Gather"}.one({x, integers({-1, 0})})), (std::vector<float>{4, 5, 0, 1}));
    for (const std::int64_t index : {std::int64_t(3), std::int64_t(-4), kMost, kLeast}) {
        EXPECT_THROW(OperatorCall{"Gather"}.one({x, integers({index})}), Error);
        EXPECT_THROW(OperatorCall{"GatherND"}.one({x, integers({index})}), Error);
        EXPECT_THROW(OperatorCall{"GatherElements"}.one({x, Tensor::of(Shape{1, 1}, Integers{index})}), Error);
        EXPECT_THROW(OperatorCall{"ScatterElements"}.one({x, Tensor::of(Shape{1, 1}, Integers{index}), floats({1, 1}, {9})}), Error);
        EXPECT_THROW(OperatorCall{"ScatterND"}.one({x, Tensor::of(Shape{1, 1}, Integers{index}), floats({1, 2}, {9, 9})}), Error);
    }
}

TEST(ShapeOperators, ScatterJoinsInTheOrderOfTheUpdates) {
    const Tensor x = floats({3}, {1, 2, 3}), at = Tensor::of(Shape{4, 1}, Integers{0, 0, 2, 0}), updates = floats({4}, {5, 7, 9, 6});
    const auto scatter = [&](const char* reduction) { return valuesOf(OperatorCall{"ScatterND", {{"reduction", std::string(reduction)}}}.one({x, at, updates})); };
    EXPECT_EQ(scatter("none"), (std::vector<float>{6, 2, 9}));
    EXPECT_EQ(scatter("add"), (std::vector<float>{19, 2, 12}));
    EXPECT_EQ(scatter("mul"), (std::vector<float>{210, 2, 27}));
    EXPECT_EQ(scatter("max"), (std::vector<float>{7, 2, 9}));
    EXPECT_EQ(scatter("min"), (std::vector<float>{1, 2, 3}));
}

TEST(ShapeOperators, RefuseOutputsThatNoMemoryHolds) {
    EXPECT_THROW(OperatorCall{"Tile"}.one({counting({3}), integers({kMost})}), Error);
    EXPECT_THROW(OperatorCall{"Expand"}.one({counting({1}), integers({kMost, kMost})}), Error);
    EXPECT_THROW(OperatorCall{"Expand"}.one({counting({1}), integers({1 << 20, 1 << 20})}), Error);
    EXPECT_THROW(OperatorCall{"ConstantOfShape"}.one({integers({1 << 30, 1 << 30})}), Error);
    EXPECT_THROW(OperatorCall{"Range"}.one({Tensor::scalar(0.0f), Tensor::scalar(1e30f), Tensor::scalar(1.0f)}), Error);
    EXPECT_THROW(OperatorCall{"Range"}.one({Tensor::scalar(0.0f), Tensor::scalar(1.0f), Tensor::scalar(0.0f)}), Error);
    EXPECT_THROW(OperatorCall{"OneHot"}.one({integers({1}), Tensor::scalar(kMost), floats({2}, {0, 1})}), Error);
}

TEST(ShapeOperators, SplitUnevenlyAndRefuseWrongSums) {
    const auto parts = OperatorCall{"Split", {}, {}, 3}({counting({8})});
    EXPECT_EQ(parts[0].shape(), Shape{3});
    EXPECT_EQ(valuesOf(parts[2]), (std::vector<float>{6, 7}));
    EXPECT_THROW((OperatorCall{"Split", {}, {}, 2}({counting({8}), integers({3, 4})})), Error);
    EXPECT_THROW((OperatorCall{"Split", {}, {}, 2}({counting({8}), integers({9, -1})})), Error);
    EXPECT_THROW((OperatorCall{"Split", {}, {}, 2}({counting({8}), integers({8})})), Error);
}

TEST(ShapeOperators, ConcatSkipsEmptyPartsAndRefusesOtherShapes) {
    EXPECT_EQ(valuesOf(OperatorCall{"Concat", {{"axis", std::int64_t(0)}}}.one({floats({0, 2}, {}), counting({1, 2}), floats({0, 2}, {})})), (std::vector<float>{0, 1}));
    EXPECT_THROW((OperatorCall{"Concat", {{"axis", std::int64_t(0)}}}.one({counting({1, 2}), counting({1, 3})})), Error);
    EXPECT_THROW((OperatorCall{"Concat", {{"axis", std::int64_t(2)}}}.one({counting({1, 2})})), Error);
}

TEST(SelectionOperators, OrderNanAboveAllNumbers) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const Tensor x = floats({5}, {1, nan, 3, nan, 2});
    const auto top = OperatorCall{"TopK", {}, {}, 2}({x, integers({3})});
    EXPECT_EQ(toInt64(top[1]), (Integers{1, 3, 2}));
    const auto least = OperatorCall{"TopK", {{"largest", std::int64_t(0)}}, {}, 2}({x, integers({4})});
    EXPECT_EQ(toInt64(least[1]), (Integers{0, 4, 2, 1}));
    EXPECT_EQ(toInt64(OperatorCall{"ArgMax"}.one({x})), (Integers{1}));
    EXPECT_EQ(OperatorCall{"Unique"}.one({x}).shape(), Shape{4});
    EXPECT_THROW((OperatorCall{"TopK", {}, {}, 2}({x, integers({6})})), Error);
}

TEST(SelectionOperators, ArgMaxWalksAnyAxis) {
    const Tensor x = noise({3, 21, 70});
    const auto best = toInt64(OperatorCall{"ArgMax", {{"axis", std::int64_t(1)}}, {}, 1, 2}.one({x}));
    for (std::size_t n = 0; n < 3; ++n)
        for (std::size_t c = 0; c < 70; ++c) {
            std::size_t expected = 0;
            for (std::size_t k = 1; k < 21; ++k)
                if (x.as<float>()[(n * 21 + k) * 70 + c] > x.as<float>()[(n * 21 + expected) * 70 + c]) expected = k;
            ASSERT_EQ(best[n * 70 + c], static_cast<std::int64_t>(expected));
        }
}

}  // namespace

}  // namespace bitlathe
