#include "core/engine/operators/integer_product.h"

#include "core/engine/operator.h"

#include <algorithm>

namespace bitlathe {

bool byteTypeOf(ElementType type, ByteType& byteType) noexcept {
    byteType = type == ElementType::I8 ? ByteType::S8 : ByteType::U8;
    return type == ElementType::I8 || type == ElementType::U8;
}

std::vector<std::int32_t> zeroPoints(const Tensor* tensor) {
    std::vector<std::int32_t> zeros;
    if (tensor)
        for (const auto value : toInt64(*tensor)) zeros.push_back(static_cast<std::int32_t>(value));
    return zeros;
}

IntegerWeights packWeights(const void* codes, ByteType type, std::int64_t k, std::int64_t n, bool transposed, std::vector<std::int32_t> zeros) {
    IntegerWeights weights;
    weights.shape = {.segments = 1, .depth = k, .n = n};
    weights.type = type;
    weights.zeros = std::move(zeros);
    std::byte* packed = nullptr;
    weights.packed = Tensor::allocate(ElementType::U8, Shape{igemmPackedBytes(weights.shape)}, packed);
    IgemmSource source;
    source.data = codes;
    source.type = type;
    source.depthStride = transposed ? 1 : n;
    source.columnStride = transposed ? k : 1;
    igemmPack(weights.shape, source, packed);
    return weights;
}

void multiplyIntegers(OperatorContext& context, const IntegerProduct& p) {
    const IntegerWeights& w = *p.weights;
    const std::int64_t n = w.shape.n, padded = igemmPaddedColumns(n);
    if (w.zeros.size() > 1 && static_cast<std::int64_t>(w.zeros.size()) != n) context.fail("the zero points of its weights do not fit their columns");
    const auto offsets = context.scratch<std::int32_t>(padded), columnZeros = context.scratch<std::int32_t>(padded);
    const IgemmZeroPoints zeros{p.aType, p.aZero, w.type, w.zeros.empty() ? nullptr : w.zeros.data(), static_cast<std::int64_t>(w.zeros.size())};
    const bool both = igemmOffsets(w.shape, w.packed.bytes().data(), zeros, p.bias, offsets.data(), columnZeros.data());
    IgemmCall call;
    call.shape = w.shape;
    call.packed = w.packed.bytes().data();
    call.offsets = offsets.data();
    call.columnZeros = both ? columnZeros.data() : nullptr;
    call.a = p.a;
    call.aStride = w.shape.depth;
    call.aType = p.aType;
    call.c = p.sums;
    call.cStride = n;
    call.y = p.codes;
    call.yStride = n;
    call.rule = p.rule;
    // Whole tiles of 48 rows by 64 columns; small products stay whole.
    const bool small = p.m * n * w.shape.depth <= kIntegerGrain;
    const std::int64_t rows = small ? std::max<std::int64_t>(p.m, 1) : 96, columns = small ? padded : p.m < rows ? 256 : 512;
    const std::int64_t across = (n + columns - 1) / std::max<std::int64_t>(columns, 1), down = (p.m + rows - 1) / rows;
    const Isa isa = context.machine().isa;
    context.forEach(across * down, [&](std::int64_t chunk) {
        const std::int64_t i = chunk / across * rows, j = chunk % across * columns;
        igemm(isa, call, i, std::min(p.m, i + rows), j, std::min(n, j + columns));
    });
}

}  // namespace bitlathe
