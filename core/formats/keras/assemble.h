// Puts the layers of a network together: who reads whose outputs, models within models, shared layers. Knows
// no single layer.
#pragma once

#include "core/formats/keras/layer_call.h"

namespace bitlathe {
class JobContext;
}

namespace bitlathe::keras {

// Emits all layers; makes the graph's inputs and outputs. Throws Error(Input) for links that lead nowhere.
void assemble(Build& build, const Network& network, JobContext& context);

// The weights of a file that says nothing of its network: one node for each layer, which nothing runs.
void assembleWeights(Build& build, JobContext& context);


}  // namespace bitlathe::keras
