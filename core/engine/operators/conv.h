// Convolution in float32, straight from the image (core/kernels/fconv.h), and its transpose through products of
// matrices. N × C × 1..3 spatial axes.
#pragma once

namespace bitlathe {

class OperatorContext;
struct PrepareContext;
struct Prepared;

// ai.onnx Conv; com.microsoft FusedConv (activation: Relu, Clip, LeakyRelu, Sigmoid, Tanh, HardSigmoid;
// input 3 is added before it).
void runConv(OperatorContext& context);
Prepared prepareConv(const PrepareContext& context);

void runConvTranspose(OperatorContext& context);

}  // namespace bitlathe
