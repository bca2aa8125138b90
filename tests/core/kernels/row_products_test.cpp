#include "core/kernels/row_products.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace bitlathe {
namespace {

std::vector<float> noise(std::int64_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = normal(random);
    return values;
}

std::vector<Isa> available() {
    std::vector<Isa> all;
    for (const Isa isa : {Isa::Reference, Isa::Avx2, Isa::Avx512Vnni})
        if (isa <= detectIsa()) all.push_back(isa);
    return all;
}

// Float sums of 300 products against double ones.
constexpr double kRounding = 2e-5;

TEST(RowProducts, AreTheDotProductsAtEveryIsaToTheLastBit) {
    for (const std::int64_t k : {0, 1, 5, 16, 17, 33, 64, 128, 300})
        for (const std::int64_t n : {1, 3, 16, 19, 40})
            for (const std::int64_t m : {1, 2, 7}) {
                const std::int64_t step = k + 3;
                const auto a = noise(m * step, 1), b = noise(n * step, 2);
                std::vector<float> first;
                for (const Isa isa : available()) {
                    std::vector<float> out(static_cast<std::size_t>(m * (n + 1)), 7.0f);
                    rowProducts(isa, {a.data(), step, m, b.data(), step, n, k, out.data(), n + 1, 0.5f});
                    for (std::int64_t i = 0; i < m; ++i) {
                        for (std::int64_t j = 0; j < n; ++j) {
                            double sum = 0;
                            for (std::int64_t c = 0; c < k; ++c) sum += double(a[static_cast<std::size_t>(i * step + c)]) * double(b[static_cast<std::size_t>(j * step + c)]);
                            EXPECT_NEAR(out[static_cast<std::size_t>(i * (n + 1) + j)], 0.5 * sum, kRounding) << k << " " << n;
                        }
                        EXPECT_EQ(out[static_cast<std::size_t>(i * (n + 1) + n)], 7.0f);  // untouched
                    }
                    if (first.empty()) first = out;
                    EXPECT_EQ(out, first);
                }
            }
}

TEST(RowProducts, SumsOfRowsAreTheSameAtEveryIsaToTheLastBit) {
    for (const std::int64_t k : {1, 5, 16, 17, 64, 80, 131})
        for (const std::int64_t n : {0, 1, 19}) {
            const std::int64_t m = 3, step = k + 2;
            const auto weights = noise(m * (n + 1), 3), b = noise(n * step, 4), before = noise(m * step, 5);
            std::vector<float> first;
            for (const Isa isa : available()) {
                std::vector<float> out = before;
                rowSums(isa, {weights.data(), n + 1, m, b.data(), step, n, k, out.data(), step});
                for (std::int64_t i = 0; i < m; ++i)
                    for (std::int64_t c = 0; c < step; ++c) {
                        double sum = double(before[static_cast<std::size_t>(i * step + c)]);
                        for (std::int64_t j = 0; j < n && c < k; ++j) sum += double(weights[static_cast<std::size_t>(i * (n + 1) + j)]) * double(b[static_cast<std::size_t>(j * step + c)]);
                        EXPECT_NEAR(out[static_cast<std::size_t>(i * step + c)], sum, kRounding);
                    }
                if (first.empty()) first = out;
                EXPECT_EQ(out, first);
            }
        }
}

}  // namespace
}  // namespace bitlathe
