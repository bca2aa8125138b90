// What the playground runs: the model as its file holds it, the same under a recipe, and its tokenizer. Immutable,
// made on a worker, kept as long as it fits.
#pragma once

#include "core/language/tokenizer.h"
#include "core/workflow/language.h"

#include <memory>

namespace bitlathe {

struct PlaygroundNetworks {
    std::shared_ptr<const Model> model;
    Recipe recipe;
    LanguageNetwork real, quantized;
    Tokenizer tokenizer;
};

// Takes from `last` (may be null) what still fits. Throws what preparing throws.
std::shared_ptr<const PlaygroundNetworks> playgroundNetworks(std::shared_ptr<const Model> model, const Recipe& recipe, const std::shared_ptr<const PlaygroundNetworks>& last,
                                                             const Machine& machine, Workers& workers, JobContext& job);

}  // namespace bitlathe
