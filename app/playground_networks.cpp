#include "app/playground_networks.h"

#include "core/workflow/load_tokenizer.h"

namespace bitlathe {

std::shared_ptr<const PlaygroundNetworks> playgroundNetworks(std::shared_ptr<const Model> model, const Recipe& recipe, const std::shared_ptr<const PlaygroundNetworks>& last,
                                                             const Machine& machine, Workers& workers, JobContext& job) {
    const bool same = last && last->model == model;
    if (same && last->recipe == recipe) return last;
    Tokenizer tokenizer = same ? last->tokenizer : loadTokenizer(model->source, job);
    LanguageNetwork real = same ? last->real : prepareLanguage(model, EngineMode::Float, machine);
    job.checkpoint(0.2, "coding the weights");
    LanguageNetwork quantized = prepareLanguage(model, recipe, nullptr, EngineMode::Integer, machine, workers, job);
    return std::make_shared<const PlaygroundNetworks>(PlaygroundNetworks{std::move(model), recipe, std::move(real), std::move(quantized), std::move(tokenizer)});
}

}  // namespace bitlathe
