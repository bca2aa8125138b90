// Operators that change a tensor's shape and none of its elements.
#pragma once

namespace bitlathe {

class OperatorContext;

void runFlatten(OperatorContext& context);

}  // namespace bitlathe
