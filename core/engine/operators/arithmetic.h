// Operators that combine two or more tensors element by element, with broadcasting. Every number type.
#pragma once

namespace bitlathe {

class OperatorContext;

void runAdd(OperatorContext& context);
void runSub(OperatorContext& context);
void runMul(OperatorContext& context);
void runDiv(OperatorContext& context);  // integers: towards zero; x / 0 is 0
void runMod(OperatorContext& context);  // integers: x mod 0 is 0
void runPow(OperatorContext& context);
void runPRelu(OperatorContext& context);
// Any number of inputs. A NaN in any input is a NaN in the output.
void runSum(OperatorContext& context);
void runMean(OperatorContext& context);
void runMax(OperatorContext& context);
void runMin(OperatorContext& context);

}  // namespace bitlathe
