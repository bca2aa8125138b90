#include "core/workflow/weight_source.h"

#include "core/model/model.h"

#include <cstdint>

namespace bitlathe {

std::string identityOf(const Model& model) {
    if (!model.sha256.empty()) return model.sha256;
    return model.name + "@" + std::to_string(reinterpret_cast<std::uintptr_t>(&model));
}

WeightSource weightSource(const Model& model, std::size_t layer) {
    const Layer& which = model.layers.at(layer);
    WeightSource source;
    source.model = identityOf(model);
    source.layer = layer;
    source.values = weightOf(model.graph, which);
    source.layout = which.layout;
    const Tensor* stored = model.graph.constant(which.weight);
    source.bytesBefore = stored ? static_cast<std::int64_t>(stored->bytes().size()) : which.bytes;
    return source;
}

}  // namespace bitlathe
