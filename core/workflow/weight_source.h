// One layer's weight, ready to be analysed: what an analysis needs to know of a model. Holds the bytes
// alive; cheap to copy.
#pragma once

#include "core/model/layer.h"
#include "core/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bitlathe {

struct Importance;
struct Model;

struct WeightSource {
    std::string model;      // identity of the model: equal texts, equal weights
    std::size_t layer = 0;  // index in Model::layers
    Tensor values;          // F32, the weight's own order
    ChannelLayout layout;
    std::int64_t bytesBefore = 0;  // of the weight as the source stores it
    // How much each element of a channel counts, layout.perChannel() of them; null: all alike. What fits groups obeys it, as
    // an export does; `model` says that it is there.
    std::shared_ptr<const std::vector<float>> importance;

    std::span<const float> columns() const noexcept { return importance ? std::span<const float>(*importance) : std::span<const float>(); }
};

// Converts the weight to float32 unless it is stored so. Throws Error as weightOf() does.
WeightSource weightSource(const Model& model, std::size_t layer);

// The same with the importance of its columns, where there is one that fits it. `identity` stands for the importance in
// WeightSource::model: equal texts, equal importance. importance: may be null.
WeightSource weightSource(const Model& model, std::size_t layer, const Importance* importance, const std::string& identity);
WeightSource withImportance(WeightSource source, const Model& model, const Importance* importance, const std::string& identity);

// What weightSource() takes as the model's identity: the file's hash, or the address of a model that was
// made in memory.
std::string identityOf(const Model& model);

}  // namespace bitlathe
