// Products of matrices: MatMul with numpy's broadcasting, and Gemm. Float through BLAS, integers exactly.
#pragma once

#include "core/tensor/shape.h"

#include <cstdint>
#include <vector>

namespace bitlathe {

class Blas;
class OperatorContext;
struct PrepareContext;
struct Prepared;

void runMatMul(OperatorContext& context);
Prepared prepareMatMul(const PrepareContext& context);
void runGemm(OperatorContext& context);

// How MatMul's inputs pair up: `batches` products of m × k by k × n, whose operands start at offsets[i]
// matrices of A and of B.
struct MatMulShape {
    std::int64_t m = 0, n = 0, k = 0;
    struct Pair { std::int64_t a, b; };  // in matrices
    std::vector<Pair> batches;
    Shape out;
};
// Throws Error(Input) through context when the shapes do not fit. Where B is one matrix, A's batches are
// taken as more rows, so there is one product.
MatMulShape resolveMatMul(const OperatorContext& context, const Shape& a, const Shape& b);

// One product, cut into fixed blocks over the workers.
struct MatrixProduct {
    bool transposeA = false, transposeB = false;
    std::int64_t m = 0, n = 0, k = 0;
    float alpha = 1.0f, beta = 0.0f;
    const float *a = nullptr, *b = nullptr;  // dense, row-major as stored
    float* c = nullptr;                      // dense m × n
};
void multiply(OperatorContext& context, const MatrixProduct& product);

}  // namespace bitlathe
