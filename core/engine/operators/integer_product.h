// Products of 8-bit codes for the operators: weights packed once, work cut into fixed blocks. The arithmetic
// is core/kernels/igemm.h.
#pragma once

#include "core/kernels/igemm.h"
#include "core/tensor/tensor.h"

#include <cstdint>
#include <string>
#include <vector>

namespace bitlathe {

class OperatorContext;

// Multiply-adds of codes that are worth waking a thread for: some 10 µs.
constexpr std::int64_t kIntegerGrain = 4'000'000;

// I8 or U8; anything else is answered with false.
bool byteTypeOf(ElementType type, ByteType& byteType) noexcept;

// A k × n matrix of codes, packed for the kernels.
struct IntegerWeights {
    IgemmShape shape;
    ByteType type = ByteType::S8;
    Tensor packed;
    std::vector<std::int32_t> zeros;  // none, one, or n
};
// codes: k × n, or n × k where transposed. I8 or U8; packed into fresh memory.
IntegerWeights packWeights(const void* codes, ByteType type, std::int64_t k, std::int64_t n, bool transposed, std::vector<std::int32_t> zeros);

// Y = (A - aZero)(B - zeros) + bias: to `sums` (int32) or, where that is null, through `rule` to `codes`.
struct IntegerProduct {
    const IntegerWeights* weights = nullptr;
    const void* a = nullptr;  // m × k codes, dense
    ByteType aType = ByteType::U8;
    std::int32_t aZero = 0;
    std::int64_t m = 0;
    const std::int32_t* bias = nullptr;  // n, or null
    std::int32_t* sums = nullptr;        // m × n, dense
    void* codes = nullptr;               // m × n, dense
    Requantize rule;
};
void multiplyIntegers(OperatorContext& context, const IntegerProduct& product);

// The values of a zero point tensor; empty for null.
std::vector<std::int32_t> zeroPoints(const Tensor* tensor);

}  // namespace bitlathe
