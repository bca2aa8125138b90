// Operators that change or tell a tensor's shape and leave its elements as they are.
#pragma once

namespace bitlathe {

class OperatorContext;

void runReshape(OperatorContext& context);
void runFlatten(OperatorContext& context);
void runSqueeze(OperatorContext& context);
void runUnsqueeze(OperatorContext& context);
void runShape(OperatorContext& context);
void runSize(OperatorContext& context);

}  // namespace bitlathe
