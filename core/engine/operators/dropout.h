// Dropout: does nothing when a model runs, and drops values where the model says that it is training.
#pragma once

namespace bitlathe {

class OperatorContext;

// In training mode the values kept are those of numpy.random.seed(seed); uniform() >= ratio, as in ONNX's
// reference; without a seed it is refused, because no two runs would agree.
void runDropout(OperatorContext& context);

}  // namespace bitlathe
