#include "core/engine/operators/weight_rows.h"

#include "core/engine/operator.h"
#include "core/kernels/convert_rows.h"
#include "core/quant/ggml_types.h"
#include "core/quant/gguf_rows.h"

#include <cstring>

namespace bitlathe {

const GgufForm* ggufFormNamed(std::string_view name) noexcept {
    for (const GgufForm& form : kGgufForms)
        if (form.name == name) return &form;
    return nullptr;
}

std::int64_t WeightRows::rowBytes() const noexcept { return blocks ? bytesFor(*blocks->form, columns) : bytesFor(plain.type(), columns); }

std::string WeightRows::typeName() const { return packed ? packed->form : std::string(blocks ? blocks->form->name : nameOf(plain.type())); }

const float* WeightRows::read(Isa isa, std::int64_t first, std::int64_t count, float* scratch) const {
    if (packed) {
        packed->decode(first, first + count, {scratch, static_cast<std::size_t>(count * columns)});
        return scratch;
    }
    const std::int64_t each = rowBytes();
    const auto numbers = static_cast<std::size_t>(count * columns);
    if (blocks) {
        const auto bytes = blocks->bytes.subspan(static_cast<std::size_t>(first * each), static_cast<std::size_t>(count * each));
        if (const GgufForm* form = ggufFormNamed(blocks->form->name); form && !isLattice(form->type)) unpackGgufRows(*form, bytes, {scratch, numbers}, isa);
        else blocks->form->decode(bytes, {scratch, numbers});
        return scratch;
    }
    const std::byte* from = plain.bytes().data() + first * each;
    if (plain.type() == ElementType::F32) return reinterpret_cast<const float*>(from);
    const auto* halves = reinterpret_cast<const std::uint16_t*>(from);
    if (plain.type() == ElementType::F16) floatsFromHalves(isa, halves, count * columns, scratch);
    else floatsFromBfloats(isa, halves, count * columns, scratch);
    return scratch;
}

WeightRows weightRowsOf(const PrepareContext& context, std::size_t i) {
    WeightRows rows;
    const Tensor* plain = context.constant(i);
    const BlockTensor* blocks = context.block(i);
    const auto packed = context.packedWeight(i);
    if (!plain && !blocks && !packed) context.fail("its weight is no constant");
    const Shape& shape = plain ? plain->shape() : blocks ? blocks->shape : packed->shape;
    if (shape.rank() != 2) context.fail("its weight " + toText(shape) + " is no matrix");
    rows.rows = shape[0];
    rows.columns = shape[1];
    if (packed) {
        rows.packed = packed;
        return rows;
    }
    if (blocks) {
        rows.blocks = *blocks;
        return rows;
    }
    const bool half = plain->type() == ElementType::F16 || plain->type() == ElementType::BF16;
    const std::size_t alignment = half ? alignof(std::uint16_t) : alignof(float);
    const bool aligned = reinterpret_cast<std::uintptr_t>(plain->bytes().data()) % alignment == 0;
    if (half || plain->type() == ElementType::F32) {
        rows.plain = *plain;
        if (!aligned) {  // as a damaged or a foreign file may have it
            std::byte* to = nullptr;
            rows.plain = Tensor::allocate(plain->type(), plain->shape(), to);
            std::memcpy(to, plain->bytes().data(), plain->bytes().size());
        }
    } else {
        rows.plain = toFloat32(*plain);
    }
    return rows;
}

}  // namespace bitlathe
