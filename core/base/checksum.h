// XXH64, the checksum of Yann Collet (github.com/Cyan4973/xxHash, doc/xxhash_spec.md), seed 0: finds damage at
// the speed of memory. No guard against forgery: that is sha256.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bitlathe {

std::uint64_t checksum(std::span<const std::byte> bytes) noexcept;

}  // namespace bitlathe
