// Where in a Keras file the weights of a model's layers lie, so that changed ones can be written back: through the
// orientation that the reader gave them, and through batch normalisations that were folded into them. Knows no files.
#pragma once

#include "core/formats/keras/weight_origin.h"
#include "core/model/model.h"

#include <string>
#include <vector>

namespace bitlathe::keras {

// A BatchNormalization that was folded into a layer: paths of its arrays; empty where Keras left one out.
struct FoldedNorm {
    std::string name, gamma, beta, mean, variance;
    float epsilon = 1e-3f;
    std::int64_t channels = 0;
};

struct LayerPlace {
    std::string reason;  // not empty: why changed weights cannot be written back, as a clause
    WeightOrigin weight;
    std::vector<FoldedNorm> norms;  // in the order in which they act
    std::string bias;               // path of the layer's own; empty: it has none
    ValueId foldedBias = kNoValue;  // of the folded model; where there are norms
};

// One per layer of `model`, which was folded after it was read; asRead and origins: the same file as the reader gives it.
std::vector<LayerPlace> findPlaces(const Model& model, const Model& asRead, const std::vector<WeightOrigin>& origins);

}  // namespace bitlathe::keras
