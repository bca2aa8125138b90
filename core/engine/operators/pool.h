// Pooling over 1 to 3 spatial axes, and its reverse.
#pragma once

namespace bitlathe {

class OperatorContext;

void runMaxPool(OperatorContext& context);  // a NaN in the window is a NaN in the output
void runAveragePool(OperatorContext& context);
void runLpPool(OperatorContext& context);
void runMaxUnpool(OperatorContext& context);

}  // namespace bitlathe
