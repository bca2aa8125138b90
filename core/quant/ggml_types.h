// Every type that a tensor of a GGUF file can have, as ggml numbers them (ggml.h at d99724f2b141): plain elements,
// the blocks of core/quant/gguf_blocks.h, and types that are read but not written. Knows no files.
#pragma once

#include "core/tensor/block_tensor.h"
#include "core/tensor/element_type.h"

#include <optional>
#include <span>
#include <string_view>

namespace bitlathe {

struct GgmlType {
    int id = 0;  // in a file
    std::string_view name;
    std::optional<ElementType> element;  // of plain types
    BlockForm blocks;                    // of the others; values and bytes are set for plain types too
};

// Ascending ids.
std::span<const GgmlType> ggmlTypes() noexcept;
const GgmlType* ggmlTypeOf(std::int64_t id) noexcept;
const GgmlType* ggmlTypeNamed(std::string_view name) noexcept;

}  // namespace bitlathe
