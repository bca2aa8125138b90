// ggml's lattice types, which a file may hold and Bitlathe reads but does not write: groups of four or eight
// weights are points of a lattice with signs of their own. Bit for bit as ggml reads them, in float32 and in its
// order. Layouts: ggml-common.h at d99724f2b141.
#pragma once

#include <cstddef>
#include <span>

namespace bitlathe {

// One block of 256 values each.
void decodeIq1S(std::span<const std::byte, 50> block, std::span<float, 256> out) noexcept;
void decodeIq1M(std::span<const std::byte, 56> block, std::span<float, 256> out) noexcept;
void decodeIq2Xxs(std::span<const std::byte, 66> block, std::span<float, 256> out) noexcept;
void decodeIq2Xs(std::span<const std::byte, 74> block, std::span<float, 256> out) noexcept;
void decodeIq2S(std::span<const std::byte, 82> block, std::span<float, 256> out) noexcept;
void decodeIq3Xxs(std::span<const std::byte, 98> block, std::span<float, 256> out) noexcept;
void decodeIq3S(std::span<const std::byte, 110> block, std::span<float, 256> out) noexcept;

}  // namespace bitlathe
