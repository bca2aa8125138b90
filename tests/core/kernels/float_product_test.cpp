#include "core/kernels/float_product.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/kernels/convert_rows.h"
#include "tests/core/kernels/bytes.h"

namespace bitlathe {
namespace {

struct Operands {
    FloatForm form;
    std::int64_t n, k, m;
    std::vector<std::uint8_t> weights;
    std::vector<float> values, x;  // the weights as floats; activations
};

Operands operandsOf(FloatForm form, std::int64_t n, std::int64_t k, std::int64_t m, unsigned seed) {
    Bytes random(seed);
    Operands o{form, n, k, m, {}, {}, {}};
    o.values.resize(static_cast<std::size_t>(n * k));
    for (float& v : o.values) v = random.real(-2, 2);
    if (form == FloatForm::F32) {
        o.weights.resize(o.values.size() * 4);
        std::memcpy(o.weights.data(), o.values.data(), o.weights.size());
    } else {
        // Random bits of both signs, subnormals too, no NaN.
        std::vector<std::uint16_t> halves(o.values.size());
        for (auto& h : halves) h = static_cast<std::uint16_t>(random.between(0, form == FloatForm::F16 ? 0x4fff : 0x40ff) | random.between(0, 1) << 15);
        o.weights.resize(halves.size() * 2);
        std::memcpy(o.weights.data(), halves.data(), o.weights.size());
        const auto count = static_cast<std::int64_t>(halves.size());
        if (form == FloatForm::F16) floatsFromHalves(Isa::Reference, halves.data(), count, o.values.data());
        else floatsFromBfloats(Isa::Reference, halves.data(), count, o.values.data());
    }
    o.x.resize(static_cast<std::size_t>(m * k));
    for (float& v : o.x) v = random.real(-3, 3);
    return o;
}

std::vector<float> product(Isa isa, const Operands& o) {
    std::vector<float> y(static_cast<std::size_t>(o.m * o.n));
    multiplyFloats(isa, {o.form, o.k, o.n, o.weights.data(), o.m, o.x.data(), y.data(), o.n});
    return y;
}

constexpr FloatForm kForms[] = {FloatForm::F32, FloatForm::F16, FloatForm::BF16};

TEST(FloatProduct, IsTheProductAndHasTheSameBitsOnEveryInstructionSet) {
    for (const FloatForm form : kForms)
        for (const std::int64_t k : {1, 15, 16, 63, 64, 65, 127, 512, 1000})
            for (const std::int64_t m : {1, 2, 4, 7}) {
                const Operands o = operandsOf(form, 5, k, m, static_cast<unsigned>(10 * k + m));
                const auto expected = product(Isa::Reference, o);
                for (std::int64_t i = 0; i < m; ++i)
                    for (std::int64_t j = 0; j < o.n; ++j) {
                        double sum = 0, size = 0;
                        for (std::int64_t d = 0; d < k; ++d) {
                            const double term = double(o.values[static_cast<std::size_t>(j * k + d)]) * double(o.x[static_cast<std::size_t>(i * k + d)]);
                            sum += term;
                            size += std::abs(term);
                        }
                        ASSERT_NEAR(expected[static_cast<std::size_t>(i * o.n + j)], sum, 2e-6 * size);
                    }
                for (const Isa isa : testIsas()) {
                    const auto y = product(isa, o);
                    ASSERT_EQ(std::memcmp(y.data(), expected.data(), y.size() * sizeof(float)), 0) << isaName(isa) << " form " << static_cast<int>(form) << " k " << k << " m " << m;
                }
            }
}

TEST(FloatProduct, OfARowDoesNotDependOnTheRowsBesideItNorOnAlignment) {
    for (const FloatForm form : kForms) {
        const Operands o = operandsOf(form, 3, 200, 6, 3);
        const std::size_t rowBytes = o.weights.size() / 3;
        for (const Isa isa : testIsas()) {
            const auto whole = product(isa, o);
            for (std::int64_t i = 0; i < o.m; ++i)
                for (std::int64_t j = 0; j < o.n; ++j) {
                    std::vector<std::uint8_t> row(rowBytes + 1);
                    std::memcpy(row.data() + 1, o.weights.data() + static_cast<std::size_t>(j) * rowBytes, rowBytes);
                    float y = 0;
                    multiplyFloats(isa, {form, o.k, 1, row.data() + 1, 1, o.x.data() + i * o.k, &y, 1});
                    ASSERT_EQ(std::bit_cast<std::uint32_t>(y), std::bit_cast<std::uint32_t>(whole[static_cast<std::size_t>(i * o.n + j)])) << isaName(isa);
                }
        }
    }
}

}  // namespace
}  // namespace bitlathe
