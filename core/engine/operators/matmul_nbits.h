// ONNX Runtime's product with weights of 2, 4 or 8 bits in blocks (com.microsoft MatMulNBits).
#pragma once

namespace bitlathe {

class OperatorContext;
struct PrepareContext;
struct Prepared;

// A [.., K] float · Bᵀ, B [N, blocks, block_size · bits / 8]. The weights are decoded once, to float32.
void runMatMulNBits(OperatorContext& context);
Prepared prepareMatMulNBits(const PrepareContext& context);

}  // namespace bitlathe
