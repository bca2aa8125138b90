// Reading memory and nothing else: the limit that other rows are measured against.
#pragma once

#include <cstdint>

#include "core/kernels/isa.h"

namespace bitlathe {

// Something that depends on all of `count` bytes.
std::uint64_t readBytes(Isa isa, const void* data, std::int64_t count) noexcept;

}  // namespace bitlathe
