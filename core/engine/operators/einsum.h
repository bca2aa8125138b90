// Einstein summation: products of tensors, named axis by axis.
#pragma once

namespace bitlathe {

class OperatorContext;

void runEinsum(OperatorContext& context);

}  // namespace bitlathe
