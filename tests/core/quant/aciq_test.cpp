#include "core/quant/aciq.h"

#include "core/base/parallel.h"
#include "core/quant/adaptive_range.h"
#include "core/quant/observer.h"
#include "core/quant/ranges.h"
#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <numbers>
#include <random>

namespace bitlathe {
namespace {

using Shape = Aciq::Shape;

std::vector<float> normal(std::size_t count, unsigned seed, float mean = 0, float sigma = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> draw(mean, sigma);
    std::vector<float> values(count);
    for (float& v : values) v = draw(random);
    return values;
}
std::vector<float> laplace(std::size_t count, unsigned seed, float b = 1) {
    std::mt19937 random(seed);
    std::exponential_distribution<float> draw(1.0f / b);
    std::vector<float> values(count);
    for (float& v : values) v = random() & 1 ? draw(random) : -draw(random);
    return values;
}
QuantSpec specOf(int bits, bool symmetric, Shape shape) {
    QuantSpec spec;
    spec.bits = bits;
    spec.symmetric = symmetric;
    spec.range = Aciq{shape};
    return spec;
}

TEST(Aciq, ConstantsAreThoseSolvedNumerically) {
    std::ifstream file(std::string(BITLATHE_SOURCE_DIR) + "/tests/golden/misc/misc.json");
    const auto expected = nlohmann::json::parse(file)["aciq"];
    for (int bits = 1; bits <= 8; ++bits) {
        const double gauss = expected["gauss_alpha_over_sigma"][std::to_string(bits)], b = expected["laplace_alpha_over_b"][std::to_string(bits)];
        EXPECT_NEAR(aciqClip(Shape::Gaussian, bits), gauss, 1e-7 * gauss) << bits;
        EXPECT_NEAR(aciqClip(Shape::Laplace, bits), b, 1e-7 * b) << bits;
    }
}

TEST(Aciq, ConstantsSolveTheirEquationsAtEveryWidth) {
    for (int bits = 1; bits <= 17; ++bits) {
        const double levels = std::exp2(2.0 * bits), l = aciqClip(Shape::Laplace, bits), g = aciqClip(Shape::Gaussian, bits);
        EXPECT_NEAR(l / (3 * levels) * std::exp(l), 1, 1e-9) << bits;
        const double right = std::sqrt(2 / std::numbers::pi) * std::exp(-g * g / 2);
        EXPECT_NEAR((g * std::erfc(g / std::numbers::sqrt2) + g / (3 * levels)) / right, 1, 1e-6) << bits;
        if (bits > 1) {
            EXPECT_GT(l, aciqClip(Shape::Laplace, bits - 1));
        }
    }
}

TEST(Aciq, ClipsABellAndALaplaceWhereTheEquationsSay) {
    for (const int bits : {2, 4, 8}) {
        const auto bell = normal(400000, 1, 0, 3), peak = laplace(400000, 2, 0.5f);
        for (const bool symmetric : {true, false}) {
            const double alpha = aciqClip(Shape::Gaussian, bits) * 3, beta = aciqClip(Shape::Laplace, bits) * 0.5;
            const ValueRange g = weightRange(bell, specOf(bits, symmetric, Shape::Gaussian)), l = weightRange(peak, specOf(bits, symmetric, Shape::Laplace));
            EXPECT_NEAR(g.hi, alpha, 0.02 * alpha) << bits;
            EXPECT_NEAR(g.lo, -alpha, 0.02 * alpha) << bits;
            if (bits < 8) {  // at 8 bits the sample's own end cuts
                EXPECT_NEAR(l.hi, beta, 0.02 * beta) << bits;
            }
        }
    }
}

TEST(Aciq, AsymmetricRangesStandAroundTheMean) {
    const auto x = normal(400000, 3, 0.5f, 1);
    const double alpha = aciqClip(Shape::Gaussian, 3);
    const ValueRange range = weightRange(x, specOf(3, false, Shape::Gaussian));
    EXPECT_NEAR(range.lo, 0.5 - alpha, 0.02);
    EXPECT_NEAR(range.hi, 0.5 + alpha, 0.02);
}

TEST(Aciq, OneSidedValuesTakeTheConstantOfOneBitMore) {
    // Behind a ReLU: half of a bell, half zeros. The zeros have a code of their own and do not widen anything.
    auto x = normal(400000, 4, 0, 2);
    for (float& v : x) v = std::max(v, 0.0f);
    const double alpha = aciqClip(Shape::Gaussian, 5) * 2;
    const ValueRange range = weightRange(x, specOf(4, false, Shape::Gaussian));
    EXPECT_EQ(range.lo, 0.0f);
    EXPECT_NEAR(range.hi, alpha, 0.02 * alpha);
    for (float& v : x) v = -v;
    const ValueRange mirrored = weightRange(x, specOf(4, false, Shape::Gaussian));
    EXPECT_EQ(mirrored.hi, 0.0f);
    EXPECT_FLOAT_EQ(mirrored.lo, -range.hi);
}

TEST(Aciq, IsCloseToTheSearchOnWhatItAssumes) {
    const auto x = normal(300000, 5);
    for (const int bits : {3, 4, 6}) {
        QuantSpec searched = specOf(bits, true, Shape::Gaussian);
        searched.range = LeastError{2};
        EXPECT_NEAR(weightRange(x, specOf(bits, true, Shape::Gaussian)).hi, weightRange(x, searched).hi, 0.25) << bits;
    }
}

TEST(Aciq, AutoTakesTheLikelierShapeAndSaysSo) {
    for (const bool symmetric : {true, false}) {
        const RangeChoice bell = chooseRange(normal(20000, 6), specOf(4, symmetric, Shape::Auto));
        const RangeChoice peak = chooseRange(laplace(20000, 7), specOf(4, symmetric, Shape::Auto));
        EXPECT_EQ(bell.taken, candidateOf(Shape::Gaussian));
        EXPECT_EQ(peak.taken, candidateOf(Shape::Laplace));
        EXPECT_EQ(bell.range, chooseRange(normal(20000, 6), specOf(4, symmetric, Shape::Gaussian)).range);
    }
}

TEST(Aciq, ImportanceWeighsTheWidth) {
    // Values of width 1 that matter and values of width 10 that do not.
    auto x = normal(20000, 8);
    const auto wide = normal(20000, 9, 0, 10);
    x.insert(x.end(), wide.begin(), wide.end());
    std::vector<float> importance(x.size(), 0.0f);
    std::fill_n(importance.begin(), 20000, 2.0f);
    const double alpha = aciqClip(Shape::Gaussian, 4);
    EXPECT_NEAR(chooseRange(x, specOf(4, true, Shape::Gaussian), importance).range.hi, alpha, 0.05);
    std::fill(importance.begin(), importance.end(), 0.0f);
    EXPECT_NEAR(chooseRange(x, specOf(4, true, Shape::Gaussian), importance).range.hi, chooseRange(x, specOf(4, true, Shape::Gaussian)).range.hi, 1e-4);
}

TEST(Aciq, StreamedValuesGiveTheRangeOfTheWhole) {
    Workers workers(2);
    for (const bool symmetric : {true, false})
        for (const Shape shape : {Shape::Gaussian, Shape::Laplace})
            for (const int kind : {0, 1, 2}) {
                Observer observer({8, symmetric, Aciq{shape}});
                std::vector<float> all;
                for (unsigned b = 0; b < 5; ++b) {
                    auto batch = kind == 2 ? laplace(9000, b, 2) : normal(9000, b, kind == 1 ? 0.3f : 0.0f, 1.0f);
                    if (kind == 1)
                        for (float& v : batch) v = std::max(v, 0.0f);
                    observer.observe(batch, workers);
                    all.insert(all.end(), batch.begin(), batch.end());
                }
                const ValueRange streamed = observer.result().range, whole = weightRange(all, specOf(8, symmetric, shape));
                EXPECT_NEAR(streamed.hi, whole.hi, 1e-3 * whole.hi);
                EXPECT_NEAR(std::min(streamed.lo, 0.0f), whole.lo, 1e-3 * whole.hi);
            }
}

TEST(Aciq, NothingAndOnlyZerosGiveAnEmptyRange) {
    for (const Shape shape : {Shape::Auto, Shape::Gaussian, Shape::Laplace}) {
        EXPECT_EQ(weightRange({}, specOf(4, true, shape)), ValueRange{});
        EXPECT_EQ(weightRange(std::vector<float>(100, 0.0f), specOf(4, false, shape)), ValueRange{});
        const ValueRange one = weightRange(std::vector<float>{3.0f}, specOf(4, false, shape));
        EXPECT_EQ(one, (ValueRange{0, 3}));
    }
}

}  // namespace
}  // namespace bitlathe
