// A language model made ready to run: as its file holds it, or coded by a recipe. Weights that the file holds stay
// mapped; what a recipe codes lies in memory in its coded form where GGUF has that format. Knows no text and no
// sampling: generate.h.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/engine/executable.h"
#include "core/language/language_spec.h"
#include "core/model/model.h"
#include "core/quant/importance.h"
#include "core/quant/recipe.h"
#include "core/workflow/network.h"

#include <memory>
#include <string>
#include <vector>

namespace bitlathe {

struct LanguageNetwork {
    LanguageSpec spec;
    std::shared_ptr<const Model> source;           // the file
    std::shared_ptr<const Executable> executable;  // inputs and outputs: core/language/network.h
    EngineMode mode = EngineMode::Float;
    std::vector<CacheHeld> cache;    // by block, as the recipe says; float32 where it says nothing
    std::vector<std::string> notes;  // layers that did not get what the recipe asked for, and why; for people
    std::int64_t weightBytes = 0;    // of all tensors as they are held: what one token reads, but for the embedding
};

// The model as its file holds it. Float and Simulated decode weights on the way and compute in float32; Integer
// multiplies weights in blocks by int8 activations. Opens in time proportional to the number of tensors, not to
// their bytes. Throws Error(Unsupported) naming the reason where it cannot run, Error(Input) where the file contradicts itself.
LanguageNetwork prepareLanguage(std::shared_ptr<const Model> model, EngineMode mode, const Machine& machine);

// The same with each layer coded by the recipe's scheme, as an export of it would be: formats of GGUF in their blocks,
// others as what their codes decode to. importance: of columns, or null; throws Error(Input) where it is of another width.
LanguageNetwork prepareLanguage(std::shared_ptr<const Model> model, const Recipe& recipe, const Importance* importance, EngineMode mode, const Machine& machine,
                                Workers& workers, JobContext& job);

}  // namespace bitlathe
