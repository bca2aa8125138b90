// SHA-256 (FIPS 180-4): names a file's content in recipes, exports and caches.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace bitlathe {

class Sha256 {
public:
    void add(std::span<const std::byte> bytes) noexcept;
    // 64 lower-case hexadecimal digits. Ends the sum: add nothing afterwards.
    std::string hex() noexcept;

private:
    void block(const std::byte* at) noexcept;
    std::array<std::uint32_t, 8> m_state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::byte, 64> m_rest{};
    std::uint64_t m_count = 0;
};

std::string sha256(std::span<const std::byte> bytes);

}  // namespace bitlathe
