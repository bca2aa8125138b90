// Comparisons, boolean and bitwise operators, and the choice between two tensors; with broadcasting.
#pragma once

namespace bitlathe {

class OperatorContext;

void runEqual(OperatorContext& context);
void runGreater(OperatorContext& context);
void runGreaterOrEqual(OperatorContext& context);
void runLess(OperatorContext& context);
void runLessOrEqual(OperatorContext& context);
void runAnd(OperatorContext& context);
void runOr(OperatorContext& context);
void runXor(OperatorContext& context);
void runNot(OperatorContext& context);
void runBitShift(OperatorContext& context);  // shifts by the width or more give 0
void runBitwiseAnd(OperatorContext& context);
void runBitwiseOr(OperatorContext& context);
void runBitwiseXor(OperatorContext& context);
void runBitwiseNot(OperatorContext& context);
void runWhere(OperatorContext& context);
void runIsNaN(OperatorContext& context);
void runIsInf(OperatorContext& context);

}  // namespace bitlathe
