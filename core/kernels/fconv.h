// Float convolution straight from the image: every filter tap is the image moved by some elements, so a row
// of sixteen neighbouring outputs is a sum of (weight) x (sixteen neighbouring inputs), and no patch matrix is
// built. Knows no shapes: the caller lists where each tap and each row of outputs lies.
//
// An output is the chain s = fma(w, x, s) over the taps in their order, from 0; then + bias; then the bounds.
// That is the same on every instruction set, for any cut of the work, and for any order of rows.
#pragma once

#include <cstdint>

#include "core/kernels/isa.h"

namespace bitlathe {

constexpr int fconvBlockOutputs = 8;  // output channels that are computed together
constexpr int fconvLanes = 16;        // outputs of one channel in a row

// Weights [outputs][depth] as [ceil(outputs / 8)][depth][8], padded with zeros. Floats.
std::int64_t fconvPackedCount(std::int64_t outputs, std::int64_t depth) noexcept;
void fconvPack(const float* weights, std::int64_t outputs, std::int64_t depth, float* packed) noexcept;

// Sixteen outputs: lane i reads x[this->x + i + taps[k]] and, where bit i of `lanes` is set, is written; the
// written ones go side by side to y[this->y ...]. Lanes that are not set are neither read nor written.
struct FconvRow {
    std::int64_t x = 0;
    std::int64_t y = 0;
    std::uint32_t lanes = 0xFFFF;  // never 0
};

struct FconvCall {
    const float* packed = nullptr;       // fconvPack
    const std::int64_t* taps = nullptr;  // depth distances from a row's x, in elements
    std::int64_t depth = 0;
    std::int64_t outputs = 0;
    const float* x = nullptr;
    float* y = nullptr;
    std::int64_t yStride = 0;     // elements from one output channel to the next
    const float* bias = nullptr;  // one per output, or null
    float low = 0, high = 0;      // y = min(max(sum, low), high) where bounded; NaN stays
    bool bounded = false;
};

// Rows [0, count) of the output channels [outputBegin, outputEnd); outputBegin is a multiple of 8. Disjoint
// parts may run on different threads. Allocates nothing.
void fconv(Isa isa, const FconvCall& call, const FconvRow* rows, std::int64_t count, std::int64_t outputBegin,
           std::int64_t outputEnd) noexcept;

}  // namespace bitlathe
