// Numbers as the bits of any element type: what Cast and QuantizeLinear need beyond core/tensor/convert.h.
// Plain memory; knows no tensors.
#pragma once

#include "core/tensor/element_type.h"

#include <cstddef>
#include <cstdint>

namespace bitlathe {

// The code of a value in an 8-bit or 4-bit float type (F8…, F4E2M1), to nearest, ties to even, as ONNX's
// Cast: with saturate, what lies beyond the largest number (infinity too) becomes it; without, infinity
// or, where the type has none, NaN. NaN stays NaN; F4E2M1 has none and gives 0.
std::uint8_t encodeSmallFloat(ElementType type, float value, bool saturate) noexcept;

// The smallest and the largest code of an integer type of at most 32 bits.
struct IntegerRange {
    std::int64_t lo = 0, hi = 0;
};
IntegerRange integerRange(ElementType type) noexcept;

}  // namespace bitlathe
