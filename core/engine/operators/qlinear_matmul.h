// Products of matrices of codes, in exact integer arithmetic: ONNX's QLinearMatMul and MatMulInteger, and
// ONNX Runtime's QGemm, DynamicQuantizeMatMul and MatMulIntegerToFloat.
#pragma once

namespace bitlathe {

class OperatorContext;
struct PrepareContext;
struct Prepared;

void runQLinearMatMul(OperatorContext& context);
Prepared prepareQLinearMatMul(const PrepareContext& context);
void runMatMulInteger(OperatorContext& context);
Prepared prepareMatMulInteger(const PrepareContext& context);
void runQGemm(OperatorContext& context);
Prepared prepareQGemm(const PrepareContext& context);
void runDynamicQuantizeMatMul(OperatorContext& context);
Prepared prepareDynamicQuantizeMatMul(const PrepareContext& context);
void runMatMulIntegerToFloat(OperatorContext& context);
Prepared prepareMatMulIntegerToFloat(const PrepareContext& context);

}  // namespace bitlathe
