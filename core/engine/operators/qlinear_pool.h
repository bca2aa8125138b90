// ONNX Runtime's pools of 8-bit codes (com.microsoft): averages with a rescale, and the maximum with
// channels last.
#pragma once

namespace bitlathe {

class OperatorContext;

void runQLinearAveragePool(OperatorContext& context);
void runQLinearGlobalAveragePool(OperatorContext& context);
void runNhwcMaxPool(OperatorContext& context);

}  // namespace bitlathe
