// What the playground runs: the model as its file holds it, the same under a recipe, and its tokenizer. Immutable,
// made on a worker, shared by what continues texts and what measures them, and kept as long as it fits.
#pragma once

#include "app/importance_in_use.h"
#include "core/language/tokenizer.h"
#include "core/workflow/language.h"

#include <memory>

namespace bitlathe {

// What no recipe changes.
struct PlaygroundModel {
    std::shared_ptr<const Model> model;
    LanguageNetwork real;
    Tokenizer tokenizer;
};

struct PlaygroundNetworks {
    std::shared_ptr<const PlaygroundModel> base;
    Recipe recipe;
    LanguageNetwork quantized;
    ImportancePtr importance;  // that its encoders obeyed
};

// Lives on the UI thread. Of quantized networks it holds one, and none while the next is made: two of a large model
// may not fit.
class PlaygroundShelf {
public:
    struct Kept {
        std::shared_ptr<const PlaygroundModel> base;
        std::shared_ptr<const PlaygroundNetworks> networks;
    };
    // What still fits this question; lets go of what does not.
    Kept take(const std::shared_ptr<const Model>& model, const Recipe& recipe, const ImportancePtr& importance, EngineMode mode = EngineMode::Integer);
    void put(std::shared_ptr<const PlaygroundNetworks> networks);
    void clear() { m_kept = {}; }
    const std::shared_ptr<const PlaygroundNetworks>& networks() const { return m_kept.networks; }

private:
    Kept m_kept;
};

// Makes what `kept` lacks. Throws what preparing throws.
std::shared_ptr<const PlaygroundNetworks> playgroundNetworks(std::shared_ptr<const Model> model, const Recipe& recipe, PlaygroundShelf::Kept kept, const Machine& machine, Workers& workers,
                                                             JobContext& job, ImportancePtr importance, EngineMode mode = EngineMode::Integer);

}  // namespace bitlathe
