// Operators that make tensors from a few numbers.
#pragma once

namespace bitlathe {

class OperatorContext;

void runConstant(OperatorContext& context);
void runConstantOfShape(OperatorContext& context);
void runRange(OperatorContext& context);
void runEyeLike(OperatorContext& context);
void runOneHot(OperatorContext& context);
void runTrilu(OperatorContext& context);

}  // namespace bitlathe
