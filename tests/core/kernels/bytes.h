// Random operands for the kernel tests: bytes with extremes over-represented, from a fixed generator.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "core/kernels/isa.h"

namespace bitlathe {

class Bytes {
public:
    explicit Bytes(unsigned seed) : m_random(seed) {}

    // One byte in four is an extreme of either signedness.
    std::vector<std::uint8_t> next(std::int64_t count) {
        static constexpr std::uint8_t extremes[] = {0, 255, 127, 128, 129, 1};
        std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
        for (auto& b : bytes) {
            const unsigned r = m_random();
            b = r % 4 == 0 ? extremes[r / 4 % 6] : static_cast<std::uint8_t>(r >> 8);
        }
        return bytes;
    }
    int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(m_random); }
    float real(float low, float high) { return std::uniform_real_distribution<float>(low, high)(m_random); }

private:
    std::mt19937 m_random;
};

// The levels that this machine can run.
inline std::span<const Isa> testIsas() { return isasUpTo(detectIsa()); }

}  // namespace bitlathe
