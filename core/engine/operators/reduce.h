// Reductions over any axes. Float sums are kept in double and cut into fixed pieces, so the result is
// accurate and the same for every number of threads.
#pragma once

namespace bitlathe {

class OperatorContext;

void runReduceSum(OperatorContext& context);
void runReduceMean(OperatorContext& context);
void runReduceMax(OperatorContext& context);  // NaN wins; over nothing: -infinity or the least integer
void runReduceMin(OperatorContext& context);
void runReduceProd(OperatorContext& context);
void runReduceL1(OperatorContext& context);
void runReduceL2(OperatorContext& context);
void runReduceLogSum(OperatorContext& context);
void runReduceLogSumExp(OperatorContext& context);
void runReduceSumSquare(OperatorContext& context);
void runGlobalAveragePool(OperatorContext& context);
void runGlobalMaxPool(OperatorContext& context);
void runGlobalLpPool(OperatorContext& context);

}  // namespace bitlathe
