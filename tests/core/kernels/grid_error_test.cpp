#include "core/kernels/grid_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/core/kernels/bytes.h"

namespace bitlathe {
namespace {

// Of powers other than 2: log2 and exp2 by polynomials.
constexpr double kPowerError = 1e-5;

std::vector<float> reals(std::int64_t count, Bytes& random, float lo, float hi) {
    std::vector<float> x;
    for (std::int64_t i = 0; i < count; ++i) x.push_back(random.between(0, 9) == 0 ? 0.0f : random.real(lo, hi));
    return x;
}

double plain(const std::vector<float>& x, const std::vector<float>& weights, const ErrorGrid& grid, double norm) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double q = std::clamp(std::nearbyint(double(x[i]) / double(grid.scale)), double(grid.lo), double(grid.hi));
        sum += (weights.empty() ? 1.0 : double(weights[i])) * std::pow(std::fabs(double(x[i]) - q * double(grid.scale)), norm);
    }
    return sum;
}

}  // namespace

TEST(GridError, IsTheSameBitsOnEveryIsaForEveryLength) {
    Bytes random(1);
    for (std::int64_t count = 0; count <= 150; ++count)
        for (const float norm : {2.0f, 2.4f, 0.5f}) {
            const auto x = reals(count, random, -3, 2), w = reals(count, random, 0, 4), y = reals(count, random, -3, 2);
            for (const bool weighted : {false, true}) {
                const ErrorPoints points{x.data(), weighted ? w.data() : nullptr, count};
                const ErrorGrid grid{0.3f, -7, 5};
                const double want = gridError(Isa::Reference, points, grid, norm), pairs = pairError(Isa::Reference, points, y.data(), norm);
                for (const Isa isa : testIsas()) {
                    ASSERT_EQ(gridError(isa, points, grid, norm), want) << isaName(isa) << " count " << count;
                    ASSERT_EQ(pairError(isa, points, y.data(), norm), pairs) << isaName(isa) << " count " << count;
                }
            }
        }
}

TEST(GridError, FollowsItsDefinition) {
    Bytes random(2);
    for (const std::int64_t count : {1, 7, 16, 100, 5000, 20000})
        for (const double norm : {0.5, 1.0, 2.0, 2.4, 4.0, 16.0})
            for (const float scale : {1e-20f, 0.02f, 0.3f, 7.0f, 1e20f}) {
                const auto x = reals(count, random, -3 * scale, 30 * scale), w = reals(count, random, 0, 4);
                const ErrorGrid grid{scale, -8, 7};
                const double tolerance = norm == 2.0 ? 1e-5 : kPowerError * (1 + norm);
                if (scale == 1e-20f && norm == 2.0) continue;  // squares leave the floats, as they do for every codec
                if (scale == 1e20f && norm == 2.0) continue;
                if (scale == 1e20f && norm == 16.0) continue;  // no double holds the sum
                const double want = plain(x, {}, grid, norm), weighted = plain(x, w, grid, norm);
                EXPECT_NEAR(gridError(detectIsa(), {x.data(), nullptr, count}, grid, float(norm)), want, tolerance * want) << norm << ' ' << scale;
                EXPECT_NEAR(gridError(detectIsa(), {x.data(), w.data(), count}, grid, float(norm)), weighted, tolerance * weighted) << norm << ' ' << scale;
            }
}

TEST(GridError, PairsAreTheSumOfTheirErrors) {
    Bytes random(3);
    for (const double norm : {1.0, 2.0, 2.4}) {
        const auto x = reals(777, random, -3, 3), y = reals(777, random, -3, 3), w = reals(777, random, 0, 2);
        double want = 0;
        for (std::size_t i = 0; i < x.size(); ++i) want += double(w[i]) * std::pow(std::fabs(double(x[i]) - double(y[i])), norm);
        EXPECT_NEAR(pairError(detectIsa(), {x.data(), w.data(), 777}, y.data(), float(norm)), want, kPowerError * want);
        EXPECT_EQ(pairError(detectIsa(), {x.data(), nullptr, 777}, x.data(), float(norm)), 0.0);
    }
}

}  // namespace bitlathe
