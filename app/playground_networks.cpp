#include "app/playground_networks.h"

#include "core/workflow/load_tokenizer.h"

namespace bitlathe {

PlaygroundShelf::Kept PlaygroundShelf::take(const std::shared_ptr<const Model>& model, const Recipe& recipe, const ImportancePtr& importance, EngineMode mode) {
    if (m_kept.base && m_kept.base->model != model) clear();
    if (m_kept.networks && (m_kept.networks->recipe != recipe || m_kept.networks->importance != importance || m_kept.networks->quantized.mode != mode)) m_kept.networks.reset();
    return m_kept;
}

void PlaygroundShelf::put(std::shared_ptr<const PlaygroundNetworks> networks) {
    m_kept.base = networks->base;
    m_kept.networks = std::move(networks);
}

std::shared_ptr<const PlaygroundNetworks> playgroundNetworks(std::shared_ptr<const Model> model, const Recipe& recipe, PlaygroundShelf::Kept kept, const Machine& machine, Workers& workers,
                                                             JobContext& job, ImportancePtr importance, EngineMode mode) {
    if (kept.networks) return kept.networks;
    if (!kept.base) kept.base = std::make_shared<const PlaygroundModel>(PlaygroundModel{model, prepareLanguage(model, EngineMode::Float, machine), loadTokenizer(model->source, job)});
    job.checkpoint(0.2, "coding the weights");
    LanguageNetwork quantized = prepareLanguage(std::move(model), recipe, columnsOf(importance), mode, machine, workers, job);
    return std::make_shared<const PlaygroundNetworks>(PlaygroundNetworks{std::move(kept.base), recipe, std::move(quantized), std::move(importance)});
}

}  // namespace bitlathe
