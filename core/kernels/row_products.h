// Products of a few float vectors with many rows, and sums of rows by weights: what attention over kept keys and
// values does, and a layer of float weights for one token. The same bits at every ISA: sixteen sums side by side,
// joined in a fixed order, no fused multiply-adds. Knows no tensors and no threads.
#pragma once

#include "core/kernels/isa.h"

#include <cstdint>

namespace bitlathe {

// out[i][j] = scale · Σ a[i][c] · b[j][c] for i < m, j < n, c < k. Steps are in floats.
struct RowProducts {
    const float* a = nullptr;
    std::int64_t aStep = 0, m = 0;
    const float* b = nullptr;
    std::int64_t bStep = 0, n = 0;
    std::int64_t k = 0;
    float* out = nullptr;
    std::int64_t outStep = 0;
    float scale = 1.0f;
};

// out[i][c] += Σ weights[i][j] · b[j][c], j in order.
struct RowSums {
    const float* weights = nullptr;
    std::int64_t weightStep = 0, m = 0;
    const float* b = nullptr;
    std::int64_t bStep = 0, n = 0;
    std::int64_t k = 0;
    float* out = nullptr;
    std::int64_t outStep = 0;
};

void rowProducts(Isa isa, const RowProducts& task) noexcept;
void rowSums(Isa isa, const RowSums& task) noexcept;

}  // namespace bitlathe
