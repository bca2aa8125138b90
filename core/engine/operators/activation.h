// Activation functions: each element by itself, in float32 (Relu and Clip also for integers).
// A NaN stays a NaN in all of them.
#pragma once

namespace bitlathe {

class OperatorContext;

void runRelu(OperatorContext& context);
void runClip(OperatorContext& context);  // every number type; where min > max the result is max
void runLeakyRelu(OperatorContext& context);
void runThresholdedRelu(OperatorContext& context);
void runElu(OperatorContext& context);
void runSelu(OperatorContext& context);
void runCelu(OperatorContext& context);
void runSigmoid(OperatorContext& context);
void runTanh(OperatorContext& context);
void runHardSigmoid(OperatorContext& context);
void runHardSwish(OperatorContext& context);
void runSwish(OperatorContext& context);
void runQuickGelu(OperatorContext& context);  // com.microsoft: Swish with alpha 1.702
void runMish(OperatorContext& context);
void runGelu(OperatorContext& context);      // approximate: "none" or "tanh"
void runFastGelu(OperatorContext& context);  // com.microsoft: the tanh form of x + bias
void runBiasGelu(OperatorContext& context);  // com.microsoft: the exact form of x + bias
void runSoftplus(OperatorContext& context);
void runSoftsign(OperatorContext& context);
void runShrink(OperatorContext& context);

}  // namespace bitlathe
