// A tensor to the bytes of a GGUF file, piece by piece: what has been encoded is taken away, for example written,
// while the next piece is being encoded. Memory is two pieces, whatever the tensor. Knows no files.
#pragma once

#include "core/quant/gguf_rows.h"
#include "core/tensor/element_type.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace bitlathe {

class JobContext;
class Workers;

// Whether streamGguf() takes weights of this type as they are.
bool streamsGguf(ElementType type) noexcept;

// weights: whole rows of rows.columns values of an F32, F16 or BF16 tensor, aligned for their type. take() is called
// with the bytes in order, from one thread at a time but not always the same; what it throws comes out here. The
// bytes do not depend on threads or isa. Returns how many values are NaN or infinite. Throws Cancelled.
std::int64_t streamGguf(const GgufRows& rows, ElementType type, std::span<const std::byte> weights, const std::function<void(std::span<const std::byte>)>& take,
                Workers& workers, JobContext& job, Isa isa = detectIsa());

}  // namespace bitlathe
