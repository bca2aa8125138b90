// The architectures of language models that can run: one description each, in core/language/architectures/. Knows
// no engine and no weights.
//
// To add one: write its description in a file of that folder, declare it in architectures/architectures.h, add a row
// to architecture.cpp. Parts that no other architecture has go into LanguageSpec and network_block.cpp.
#pragma once

#include "core/language/language_spec.h"
#include "core/language/tensor_names.h"

#include <optional>
#include <span>
#include <string_view>

namespace bitlathe {

class Hyperparameters;
struct Model;

struct Architecture {
    std::string_view name;   // general.architecture of GGUF
    std::string_view label;  // for people
    std::span<const std::string_view> modelTypes;  // model_type in a config.json
    // Fills in what differs from the usual; the common extents are there already. Sets whyNot for forms of the
    // architecture that cannot run.
    void (*describe)(const Hyperparameters& parameters, LanguageSpec& spec);
    TensorNames names;
    // Rotary pairs of queries and keys are neighbours in GGUF, so that their rows are in another order than in
    // Hugging Face's files.
    bool permutesQueries = false;
    bool joinsGate = false;  // gate and up of the feed-forward part are one weight
};

// In the order in which people see them.
std::span<const Architecture> architectures() noexcept;
// By general.architecture, or by model_type; null where it is not known.
const Architecture* findArchitecture(TensorNaming naming, std::string_view name) noexcept;

// What a model of weights says of itself; nothing where it is no language model. An architecture that is not known,
// or that lacks something, is described with whyNot set. Throws Error(Input) for numbers that contradict themselves.
std::optional<LanguageSpec> describeLanguage(const Model& model);

}  // namespace bitlathe
