#include "core/quant/fixed_levels.h"

#include "core/quant/scheme.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace bitlathe {

namespace {

constexpr int kMinBits = 2, kMaxBits = 8;
using Tables = std::array<LevelTable, kMaxBits + 1>;

// Tables by width from magnitude(bits, code without sign).
template <class Magnitude>
Tables signedTables(Magnitude&& magnitude) {
    Tables tables;
    for (int bits = kMinBits; bits <= kMaxBits; ++bits) {
        const int half = 1 << (bits - 1);
        std::vector<float> values(static_cast<std::size_t>(2 * half));
        for (int code = 0; code < half; ++code) {
            const float value = magnitude(bits, code);
            values[static_cast<std::size_t>(code)] = value;
            values[static_cast<std::size_t>(code + half)] = -value;
        }
        tables[static_cast<std::size_t>(bits)] = levelTable(values);
    }
    return tables;
}

const LevelTable& ofWidth(const Tables& tables, int bits) noexcept { return tables[static_cast<std::size_t>(std::clamp(bits, kMinBits, kMaxBits))]; }

float logMagnitude(int code, double stepsPerOctave) { return code == 0 ? 0.0f : float(std::exp2(-(code - 1) / stepsPerOctave)); }

float apotMagnitude(int bits, int code) {
    const int terms = (bits - 1) / 2;
    const bool odd = (bits - 1) % 2 != 0;
    double sum = 0;
    int rest = code;
    for (int t = 0; t < terms; ++t, rest >>= 2)
        if (const int chosen = rest & 3; chosen != 0) sum += std::exp2(-((chosen - 1) * terms + t + 1 + (odd && chosen == 3 ? 1 : 0)));
    if (odd && rest != 0) sum += std::exp2(-(2 * terms + 1));
    return float(sum);
}

}  // namespace

const LevelTable& nf4Levels(const QuantSpec&) noexcept {
    static const LevelTable table = levelTable(std::array<float, 16>{
        -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f,
        -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
        0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f});
    return table;
}

const LevelTable& fp4Levels(const QuantSpec&) noexcept {
    static const LevelTable table = [] {
        constexpr float kTwelfths[] = {0.0f, 0.0625f, 8.0f, 12.0f, 4.0f, 6.0f, 2.0f, 3.0f};
        std::array<float, 16> values{};
        for (std::size_t i = 0; i < 8; ++i) {
            values[i] = kTwelfths[i] / 12.0f;
            values[i + 8] = -values[i];
        }
        return levelTable(values);
    }();
    return table;
}

const LevelTable& log2Levels(const QuantSpec& spec) noexcept {
    static const Tables tables = signedTables([](int, int code) { return logMagnitude(code, 1); });
    return ofWidth(tables, spec.bits);
}

const LevelTable& logSqrt2Levels(const QuantSpec& spec) noexcept {
    static const Tables tables = signedTables([](int, int code) { return logMagnitude(code, 2); });
    return ofWidth(tables, spec.bits);
}

const LevelTable& apotLevels(const QuantSpec& spec) noexcept {
    static const Tables tables = signedTables(apotMagnitude);
    return ofWidth(tables, spec.bits);
}

}  // namespace bitlathe
