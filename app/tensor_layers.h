// From a tensor's name in the file to the layer that shows it. Knows no windows.
#pragma once

#include "core/model/model.h"

#include <map>
#include <string>

namespace bitlathe {

class TensorLayers {
public:
    explicit TensorLayers(const Model& model) {
        for (const Layer& layer : model.layers)
            if (layer.weight != kNoValue) m_layers.emplace(model.graph.value(layer.weight).name, layer.name);
    }
    // The tensor's own name where no layer has it.
    const std::string& of(const std::string& tensor) const {
        const auto found = m_layers.find(tensor);
        return found == m_layers.end() ? tensor : found->second;
    }

private:
    std::map<std::string, std::string> m_layers;
};

}  // namespace bitlathe
