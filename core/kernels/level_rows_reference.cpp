#include <bit>
#include <cmath>

#include "core/kernels/level_rows_kernels.h"

namespace bitlathe {
namespace {

struct Coded {
    std::int32_t code;
    float level;
};

Coded nearestStep(const LevelFormat& f, float q, std::int32_t zero) noexcept {
    const auto low = static_cast<float>(f.low - zero), high = static_cast<float>(f.high - zero);
    float n = std::nearbyint(q);
    n = n > low ? n : low;
    n = n < high ? n : high;
    return {static_cast<std::int32_t>(n) + zero, n};
}

// Adding 2^23 quanta of the magnitude's binade rounds to a whole number of them.
Coded nearestFloat(const FloatLevels& f, float q) noexcept {
    const std::uint32_t sign = std::bit_cast<std::uint32_t>(q) & 0x80000000;
    float a = std::fabs(q);
    a = a < f.largest ? a : f.largest;
    const std::uint32_t lowest = static_cast<std::uint32_t>(128 - f.bias) << 23;  // of the smallest normal
    const std::uint32_t own = std::bit_cast<std::uint32_t>(a) & 0x7f800000, exponent = own > lowest ? own : lowest;
    const std::uint32_t rounder = exponent + (static_cast<std::uint32_t>(23 - f.mantissaBits) << 23);
    const float sum = a + std::bit_cast<float>(rounder), magnitude = sum - std::bit_cast<float>(rounder);
    std::uint32_t code = ((exponent - lowest) >> (23 - f.mantissaBits)) + (std::bit_cast<std::uint32_t>(sum) - rounder);
    const std::uint32_t kept = f.oneZero && magnitude == 0 ? 0 : sign;
    code |= kept >> (31 - f.exponentBits - f.mantissaBits);
    return {static_cast<std::int32_t>(code), std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | kept)};
}

Coded nearestLevel(const LevelSet& set, float q) noexcept {
    int answers = 0;
    for (int step = 0; step < set.steps; ++step) answers |= (q > set.tree[(1 << step) + answers] ? 1 : 0) << step;
    return {set.leafCodes[answers], set.leaves[answers]};
}

}  // namespace

void levelRowsReference(const LevelRows& r) noexcept {
    std::int64_t at = 0;
    for (std::int64_t group = 0; at < r.count; ++group) {
        const std::int64_t end = r.count - at < r.groups.size ? r.count : at + r.groups.size;
        const float scale = r.groups.scales[group], divisor = r.groups.divisors ? r.groups.divisors[group] : scale;
        const std::int32_t zero = r.groups.zeroPoints ? r.groups.zeroPoints[group] : 0;
        for (; at < end; ++at) {
            float q = r.x[at] / divisor;
            q = q == q ? q : 0.0f;
            const Coded c = r.format.kind == LevelFormat::Kind::Steps    ? nearestStep(r.format, q, zero)
                            : r.format.kind == LevelFormat::Kind::Floats ? nearestFloat(r.format.floats, q)
                                                                         : nearestLevel(r.groups.sets[r.groups.oneSet ? 0 : group], q);
            if (r.decoded) r.decoded[at] = scale * c.level;
            if (r.codes && r.format.wide) static_cast<std::uint16_t*>(r.codes)[at] = static_cast<std::uint16_t>(c.code);
            else if (r.codes) static_cast<std::uint8_t*>(r.codes)[at] = static_cast<std::uint8_t>(c.code);
        }
    }
}

}  // namespace bitlathe
