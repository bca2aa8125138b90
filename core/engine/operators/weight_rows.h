// A matrix of weights as its file holds it, read a few rows at a time as float32. Knows no products.
#pragma once

#include "core/kernels/isa.h"
#include "core/tensor/block_tensor.h"
#include "core/tensor/packed_tensor.h"
#include "core/tensor/tensor.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bitlathe {

struct GgufForm;
struct PrepareContext;

// The form of blocks that kernels know, by a BlockForm's name; null: BlockForm::decode is all there is.
const GgufForm* ggufFormNamed(std::string_view name) noexcept;

struct WeightRows {
    Tensor plain;                       // F32, F16 or BF16, aligned for its type …
    std::optional<BlockTensor> blocks;  // … or this
    std::shared_ptr<const PackedTensor> packed;  // … or this
    std::int64_t rows = 0, columns = 0;

    bool isFloat32() const noexcept { return !blocks && !packed && plain.type() == ElementType::F32; }
    std::int64_t rowBytes() const noexcept;  // of plain rows and rows in blocks
    std::string typeName() const;  // "float32", "q4_K"
    // Rows first … first + count − 1 as count × columns floats: where they lie, or decoded into scratch.
    // Throws what PackedTensor::decode throws.
    const float* read(Isa isa, std::int64_t first, std::int64_t count, float* scratch) const;
};

// The constant input i of a node, which must be a matrix; fail()s otherwise.
WeightRows weightRowsOf(const PrepareContext& context, std::size_t i);

}  // namespace bitlathe
