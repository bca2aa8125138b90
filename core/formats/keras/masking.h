// Masks: which steps of a sequence Keras skips. A Flow carries the mask that came with it; layers that Keras lets through
// pass it on, recurrent layers and averages over time obey it. Knows no single layer.
#pragma once

#include "core/formats/keras/layer_call.h"

#include <span>

namespace bitlathe::keras {

// Of tokens: the steps that are not 0.
ValueId maskOfTokens(const LayerCall& call, ValueId tokens);
// Of several inputs that are joined step by step: where all of them that have a mask say yes; kNoValue when none has one.
ValueId maskOfAll(const LayerCall& call, std::span<const Flow> inputs);

// A masked sequence made ready for a recurrent operator: the steps that count stand in front, in their order.
// ONNX's lengths alone say only that steps are missing at the end.
struct Compacted {
    ValueId sequence;  // as the input: batch × time × features
    ValueId lengths;   // int32, by batch
};
Compacted compacted(const LayerCall& call, const Flow& sequence);
// The operator's results back at their steps, as Keras has them: a skipped step repeats the result before it (backwards: behind
// it), or is 0 where there was none yet. results: batch × time × units over the compacted steps, and 0 behind them.
ValueId spread(const LayerCall& call, ValueId results, ValueId mask, bool backwards);

}  // namespace bitlathe::keras
