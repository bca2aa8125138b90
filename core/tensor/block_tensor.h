// Weights that a file stores in blocks: so many values in so many bytes, scales and codes together. Knows
// how many, and a function that reads them; what lies inside a block is its format's business.
#pragma once

#include "core/tensor/tensor.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace bitlathe {

struct BlockForm {
    std::string_view name;  // as the format spells it: "q4_K"
    int values = 1;         // of a block
    int bytes = 1;          // of a block
    // Whole blocks: out.size() · bytes == blocks.size() · values. Any bytes decode to something.
    void (*decode)(std::span<const std::byte> blocks, std::span<float> out) noexcept = nullptr;
};

// A view; `owner` keeps the bytes alive, which may lie in a mapped file. The last axis is cut into blocks.
struct BlockTensor {
    const BlockForm* form = nullptr;
    Shape shape;  // shape[last] % form->values == 0
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;
    // Equal form, shape and bytes.
    bool operator==(const BlockTensor& other) const;
};

// Of `count` values, a multiple of form.values.
std::int64_t bytesFor(const BlockForm& form, std::int64_t count) noexcept;
// The values as float32: reads every block.
Tensor toFloat32(const BlockTensor& tensor);

}  // namespace bitlathe
