// Losses that a network may carry, and the determinant.
#pragma once

namespace bitlathe {

class OperatorContext;

// reduction none, sum, mean; a class weight; labels equal to ignore_index count nothing.
void runNegativeLogLikelihoodLoss(OperatorContext& context);
void runSoftmaxCrossEntropyLoss(OperatorContext& context);
void runDet(OperatorContext& context);

}  // namespace bitlathe
