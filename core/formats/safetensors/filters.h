// Weights whose output channels are not their rows: filters of convolutions, and GPT-2's matrices, which lie
// transposed. Which they are, names and shapes tell. Private to this folder.
#pragma once

#include "core/model/model.h"

namespace bitlathe::safetensors {

// Corrects kind and layout of such layers.
void layOutFilters(Model& model);

// Whether the checkpoint keeps the matrix as [in, out]: GPT-2's Conv1D.
bool liesTransposed(const Model& model, const std::string& tensor);

}  // namespace bitlathe::safetensors
