// The layers of a file that holds weights and no graph. Private to findLayers().
#pragma once

#include "core/model/layer.h"

#include <vector>

namespace bitlathe {

// One layer for each tensor. Matrices and stacks of matrices (experts) of floats, plain or in blocks, are
// quantizable; vectors, norms and integers are shown and left as they are.
std::vector<Layer> weightLayers(const Graph& graph);

}  // namespace bitlathe
