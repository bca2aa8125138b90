#include "core/data/preprocessing.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <numeric>

namespace bitlathe {
namespace {

std::vector<float> valuesOf(const Tensor& tensor) { return {tensor.as<float>().begin(), tensor.as<float>().end()}; }

Tensor picture() {  // 2 × 2 × 3: pixel p has 10p, 10p+1, 10p+2
    return Tensor::of<std::uint8_t>({2, 2, 3}, std::vector<std::uint8_t>{0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32});
}

TEST(Preprocessing, BringsChannelsFirstWhereTheModelWantsThem) {
    EXPECT_EQ(valuesOf(prepare(picture(), {}, {3, 2, 2})), (std::vector<float>{0, 10, 20, 30, 1, 11, 21, 31, 2, 12, 22, 32}));
    EXPECT_EQ(valuesOf(prepare(picture(), {}, {2, 2, 3})), (std::vector<float>{0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32}));
}

TEST(Preprocessing, RowsOfFeaturesFitAModelThatLeavesTheirNumberOpen) {
    const std::vector<float> values{1, 2, 3, 4, 5, 6};
    const Tensor rows = prepare(Tensor::of<float>({3, 2}, values), {}, {-1, 2});
    EXPECT_EQ(rows.shape(), (Shape{3, 2}));
    EXPECT_EQ(valuesOf(rows), values);
}

TEST(Preprocessing, ScalesThenShiftsThenDivides) {
    const Preprocessing p{.scale = 0.5, .mean = {1, 2, 3}, .deviation = {2}};
    EXPECT_EQ(valuesOf(prepare(picture(), p, {3, 2, 2}))[3], (30 * 0.5f - 1) / 2);
    EXPECT_EQ(valuesOf(prepare(picture(), p, {3, 2, 2}))[8], (2 * 0.5f - 3) / 2);
}

TEST(Preprocessing, SwapsRedAndBlue) { EXPECT_EQ(valuesOf(prepare(picture(), {.channels = "BGR"}, {3, 2, 2}))[0], 2); }

TEST(Preprocessing, ACropIsCentred) {
    std::vector<float> values(25);
    std::iota(values.begin(), values.end(), 0.0f);
    const Preprocessing p{.crop = {{3, 1}}};
    EXPECT_EQ(valuesOf(prepare(Tensor::of<float>({5, 5}, values), p, {1, 3, 1})), (std::vector<float>{7, 12, 17}));
}

TEST(Preprocessing, AResizeOfAConstantIsConstantAndHalvesAverage) {
    const Preprocessing p{.resize = {{1, 2}}};
    EXPECT_EQ(valuesOf(prepare(Tensor::of<float>({2, 4}, std::vector<float>{0, 2, 4, 6, 4, 6, 8, 10}), p, {1, 1, 2})), (std::vector<float>{3, 7}));
}

TEST(Preprocessing, AFlatInputTakesAPicture) { EXPECT_EQ(prepare(picture(), {}, {12}).shape(), (Shape{12})); }

TEST(Preprocessing, RefusesASampleThatDoesNotFit) {
    try {
        prepare(picture(), {}, {3, 4, 4});
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("2 × 2 × 3"), std::string::npos);
        EXPECT_NE(error.message().find("3 × 4 × 4"), std::string::npos);
    }
}

TEST(Preprocessing, ItsJsonComesBack) {
    const Preprocessing p{.resize = {{256, 256}}, .crop = {{224, 200}}, .channels = "BGR", .scale = 0.25, .mean = {0.5f}, .deviation = {0.25f}, .layout = "NHWC"};
    EXPECT_EQ(parsePreprocessing(toJson(p), "here"), p);
    EXPECT_EQ(parsePreprocessing("{}", "here"), Preprocessing{});
}

TEST(Preprocessing, NamesTheKeyItDoesNotKnow) {
    for (const char* bad : {R"({"means": [1]})", R"({"std": [0]})", R"({"resize": [0, 4]})", R"({"layout": "HWC"})", "[", R"({"scale": "1"})"})
        EXPECT_THROW(parsePreprocessing(bad, "here"), Error) << bad;
}

}  // namespace
}  // namespace bitlathe
