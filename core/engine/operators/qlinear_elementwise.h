// ONNX Runtime's element-wise operators on 8-bit codes (com.microsoft): sums, products, tables, softmax,
// concatenation.
#pragma once

namespace bitlathe {

class OperatorContext;
struct PrepareContext;
struct Prepared;

void runQLinearAdd(OperatorContext& context);
Prepared prepareQLinearAdd(const PrepareContext& context);
void runQLinearMul(OperatorContext& context);
Prepared prepareQLinearMul(const PrepareContext& context);
void runQLinearSigmoid(OperatorContext& context);
void runQLinearLeakyRelu(OperatorContext& context);
void runQLinearConcat(OperatorContext& context);
void runQLinearSoftmax(OperatorContext& context);

}  // namespace bitlathe
