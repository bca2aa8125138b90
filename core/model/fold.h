// Takes nodes out of a network that a run for inference does not need: Identity, Dropout, and batch
// normalisations that fit into the weights before them. Knows no engine and no schemes.
#pragma once

#include "core/model/model.h"

namespace bitlathe {

// Folds in place, finds the layers anew, and says in Model::notes what was folded. BatchNormalization goes
// into a Conv, ConvTranspose or Gemm whose output nobody else reads and whose weights are float32 or
// float16 constants: w' = w·γ/√(σ²+ε), b' = (b − μ)·γ/√(σ²+ε) + β, computed in double and rounded once
// to the weight's type. Names of graph inputs and outputs stay; folding a second time changes nothing.
void fold(Model& model);

}  // namespace bitlathe
