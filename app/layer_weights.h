// The float weights of the layer that is looked at, and the parameters of its groups under the scheme looked at
// last: made by the job that needs them first, kept for the next one. Shared between jobs; knows no windows.
#pragma once

#include "app/importance_in_use.h"
#include "core/model/model.h"
#include "core/quant/quantized_tensor.h"
#include "core/workflow/weight_source.h"

#include <memory>
#include <mutex>
#include <optional>

namespace bitlathe {

class LayerWeights {
public:
    LayerWeights(std::shared_ptr<const Model> model, std::size_t layer, ImportancePtr importance) : m_model(std::move(model)), m_layer(layer), m_importance(std::move(importance)) {}

    // From any thread; the first call converts weights that are not stored as float32. Throws Error.
    const WeightSource& source();
    // Null unless they were kept for this very spec.
    std::shared_ptr<const QuantizedTensor> parameters(const QuantSpec& spec) const;
    void keep(std::shared_ptr<const QuantizedTensor> parameters);

private:
    std::shared_ptr<const Model> m_model;
    std::size_t m_layer;
    ImportancePtr m_importance;
    mutable std::mutex m_mutex;
    std::optional<WeightSource> m_source;
    std::shared_ptr<const QuantizedTensor> m_parameters;
};

}  // namespace bitlathe
