// Operators that map each element by itself.
#pragma once

namespace bitlathe {

class OperatorContext;

void runRelu(OperatorContext& context);

}  // namespace bitlathe
