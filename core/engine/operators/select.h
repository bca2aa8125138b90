// Operators that look for elements: the largest, the nonzero, the different ones.
#pragma once

namespace bitlathe {

class OperatorContext;

void runArgMax(OperatorContext& context);  // a NaN counts as found first
void runArgMin(OperatorContext& context);
void runTopK(OperatorContext& context);  // ties: the lower index first; NaN counts as the largest number
void runNonZero(OperatorContext& context);
void runCompress(OperatorContext& context);
void runUnique(OperatorContext& context);
void runCumSum(OperatorContext& context);  // floats are summed in double

}  // namespace bitlathe
