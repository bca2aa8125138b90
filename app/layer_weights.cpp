#include "app/layer_weights.h"

namespace bitlathe {

const WeightSource& LayerWeights::source() {
    const std::lock_guard lock(m_mutex);
    if (!m_source) m_source = weightSource(*m_model, m_layer, columnsOf(m_importance), m_importance ? m_importance->identity : std::string());
    return *m_source;
}

std::shared_ptr<const QuantizedTensor> LayerWeights::parameters(const QuantSpec& spec) const {
    const std::lock_guard lock(m_mutex);
    return m_parameters && m_parameters->spec == spec ? m_parameters : nullptr;
}

void LayerWeights::keep(std::shared_ptr<const QuantizedTensor> parameters) {
    const std::lock_guard lock(m_mutex);
    m_parameters = std::move(parameters);
}

}  // namespace bitlathe
