// Convolution of 8-bit codes in exact integer arithmetic: QLinearConv and ConvInteger, over 1 or 2 spatial
// axes. With the attribute channels_last (ONNX Runtime's com.microsoft.QLinearConv) input and output are NHWC.
#pragma once

namespace bitlathe {

class OperatorContext;
struct PrepareContext;
struct Prepared;

void runQLinearConv(OperatorContext& context);
Prepared prepareQLinearConv(const PrepareContext& context);
void runConvInteger(OperatorContext& context);
Prepared prepareConvInteger(const PrepareContext& context);

}  // namespace bitlathe
