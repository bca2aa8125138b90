// One layer's weight, ready to be analysed: what an analysis needs to know of a model. Holds the bytes
// alive; cheap to copy.
#pragma once

#include "core/model/layer.h"
#include "core/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace bitlathe {

struct Model;

struct WeightSource {
    std::string model;      // identity of the model: equal texts, equal weights
    std::size_t layer = 0;  // index in Model::layers
    Tensor values;          // F32, the weight's own order
    ChannelLayout layout;
    std::int64_t bytesBefore = 0;  // of the weight as the source stores it
};

// Converts the weight to float32 unless it is stored so. Throws Error as weightOf() does.
WeightSource weightSource(const Model& model, std::size_t layer);

// What weightSource() takes as the model's identity: the file's hash, or the address of a model that was
// made in memory.
std::string identityOf(const Model& model);

}  // namespace bitlathe
