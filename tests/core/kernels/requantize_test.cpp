#include "core/kernels/requantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/core/kernels/bytes.h"

namespace bitlathe {
namespace {

std::vector<std::uint8_t> requantized(Isa isa, const std::vector<std::int32_t>& acc, std::int64_t columns,
                                      const Requantize& rule) {
    const auto rows = static_cast<std::int64_t>(acc.size()) / columns;
    std::vector<std::uint8_t> y(acc.size() + 1, 0xaa);
    requantize(isa, {acc.data(), columns, rows, columns, y.data(), columns}, rule);
    EXPECT_EQ(y.back(), 0xaa) << "wrote behind the end";
    return y;
}

// The rule in double precision, where the float32 product is exact in what matters here.
int expected(std::int32_t acc, float scale, const Requantize& r) {
    const float product = static_cast<float>(acc) * scale;
    const double rounded = std::nearbyint(static_cast<double>(product)) + r.zeroPoint;
    return static_cast<int>(std::clamp(rounded, double(r.low), double(r.high)));
}

}  // namespace

TEST(Requantize, EveryIsaFollowsTheRule) {
    Bytes random(1);
    for (int columns = 1; columns <= 70; ++columns)
        for (const bool perColumn : {false, true}) {
            std::vector<std::int32_t> acc(static_cast<std::size_t>(columns * 3));
            for (auto& a : acc) a = random.between(-60000, 60000);
            acc[0] = std::numeric_limits<std::int32_t>::max();
            acc[acc.size() - 1] = std::numeric_limits<std::int32_t>::min();
            std::vector<float> scales(static_cast<std::size_t>(columns));
            for (auto& s : scales) s = random.real(0.0001f, 0.01f);
            for (const Requantize base : {Requantize{.zeroPoint = 131, .low = 0, .high = 255},
                                          Requantize{.zeroPoint = -5, .low = -128, .high = 127},
                                          Requantize{.zeroPoint = 0, .low = 0, .high = 100}}) {
                Requantize rule = base;
                rule.scales = scales.data();
                rule.perColumn = perColumn;
                for (const Isa isa : testIsas()) {
                    const auto y = requantized(isa, acc, columns, rule);
                    for (std::size_t i = 0; i < acc.size(); ++i) {
                        const float scale = scales[perColumn ? i % static_cast<std::size_t>(columns) : 0];
                        ASSERT_EQ(y[i], static_cast<std::uint8_t>(expected(acc[i], scale, rule)))
                            << isaName(isa) << " acc " << acc[i];
                    }
                }
            }
        }
}

TEST(Requantize, RoundsHalvesToEven) {
    const std::vector<std::int32_t> acc = {-7, -5, -3, -1, 1, 3, 5, 7};
    const float half = 0.5f;
    for (const Isa isa : testIsas()) {
        const auto y = requantized(isa, acc, 8, {.scales = &half, .zeroPoint = 0, .low = -128, .high = 127});
        const std::int8_t want[] = {-4, -2, -2, 0, 0, 2, 2, 4};
        for (int i = 0; i < 8; ++i) EXPECT_EQ(static_cast<std::int8_t>(y[static_cast<std::size_t>(i)]), want[i]);
    }
}

}  // namespace bitlathe
