// Normalisations that measure mean and variance of what they normalise. Statistics are kept in double.
#pragma once

namespace bitlathe {

class OperatorContext;

void runLayerNormalization(OperatorContext& context);
void runRmsNormalization(OperatorContext& context);  // also ORT's SimplifiedLayerNormalization
// com.microsoft: LayerNormalization (or the RMS form) of input + skip + bias.
void runSkipLayerNormalization(OperatorContext& context);
void runSkipRmsNormalization(OperatorContext& context);
void runInstanceNormalization(OperatorContext& context);
void runGroupNormalization(OperatorContext& context);
void runMeanVarianceNormalization(OperatorContext& context);
void runLpNormalization(OperatorContext& context);

}  // namespace bitlathe
