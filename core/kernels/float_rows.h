// Rows of float32: functions of each element, softmax, moments, pooling. The same bits at every ISA: sums go
// to sixteen parts in a fixed order. Knows no tensors and no threads.
#pragma once

#include "core/kernels/isa.h"

#include <cstdint>

namespace bitlathe {

enum class RowFunction : std::uint8_t {
    Exp, Sigmoid, Tanh, Erf, Gelu, TanhGelu, Mish,
    Swish,        // x · sigmoid(a · x)
    Elu,          // b · (x, or a · (e^(x / c) - 1) below 0)
    HardSigmoid,  // a · x + b, limited to 0 … 1
    HardSwish,    // x · (a · x + b, limited to 0 … 1)
};

// The constants of functions that have them.
struct RowConstants {
    float a = 1.0f, b = 1.0f, c = 1.0f;
};

struct RowMoments {
    double mean = 0, variance = 0;  // of the population; 0 of nothing
};

// One row of a pool: out[i] joins row[i · stride + k · dilation] for k < taps. Reads the row as if count were
// rounded up to a multiple of 16: it must be that long.
struct PoolRow {
    const float* row;
    float* out;
    std::int64_t count, stride, dilation, taps;
};

// Pointers to one ISA's implementations. In all of them y may be x.
struct FloatRows {
    void (*map)(RowFunction function, const RowConstants& constants, const float* x, float* y, std::int64_t n) noexcept;
    // y = e^(x - largest) / their sum.
    void (*softmax)(const float* x, float* y, std::int64_t n) noexcept;
    // The same down the columns of extent × n elements, whose rows lie `stride` apart; n <= 64.
    void (*softmaxColumns)(const float* x, float* y, std::int64_t extent, std::int64_t stride, std::int64_t n) noexcept;
    RowMoments (*moments)(const float* x, std::int64_t n) noexcept;
    double (*sum)(const float* x, std::int64_t n) noexcept;
    double (*sumOfSquares)(const float* x, std::int64_t n) noexcept;
    // y = (x - mean) · inverse · scale + bias; scale and bias may be null, bias only with scale.
    void (*normalize)(const float* x, float* y, std::int64_t n, float mean, float inverse, const float* scale, const float* bias) noexcept;
    // y[i] = the larger of y[i] and x[i], a NaN winning; y[i] += x[i].
    void (*raise)(const float* x, float* y, std::int64_t n) noexcept;
    void (*add)(const float* x, float* y, std::int64_t n) noexcept;
    void (*poolLargest)(const PoolRow& task) noexcept;
    void (*poolSum)(const PoolRow& task) noexcept;
};

const FloatRows& floatRows(Isa isa) noexcept;

}  // namespace bitlathe
