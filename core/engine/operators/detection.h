// Operators that object detectors end in.
#pragma once

namespace bitlathe {

class OperatorContext;

void runNonMaxSuppression(OperatorContext& context);
void runRoiAlign(OperatorContext& context);

}  // namespace bitlathe
