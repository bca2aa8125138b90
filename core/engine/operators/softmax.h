// Softmax and its relatives along one axis.
#pragma once

namespace bitlathe {

class OperatorContext;

void runSoftmax(OperatorContext& context);
void runLogSoftmax(OperatorContext& context);
void runHardmax(OperatorContext& context);

}  // namespace bitlathe
