// The network of a language model as an ordinary graph: operators of ONNX, and those of core/engine that read weights
// as their file holds them and carry keys and values from token to token. One builder for all architectures and
// for every way of holding weights. Knows no engine and no recipes.
//
// Inputs: "tokens" int64 [1, T], "positions" int64 [1, T], and of decoders "outputs" int64 [n]: the tokens, counted
// from the first of this run, whose logits are wanted. Output: "logits" float32 [1, n, vocabulary]; of encoders
// "hidden" [1, T, width]. What flows from layer to layer is named "hidden.0", "hidden.1" …: after layer i.
#pragma once

#include "core/language/language_spec.h"
#include "core/model/model.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

// A weight by its tensor's name in the file, as a constant or in blocks; nothing where there is none. The value's
// own name is what the graph calls it.
using WeightLookup = std::function<std::optional<Value>(std::string_view name)>;

struct NetworkOptions {
    bool integer = false;  // weights in blocks are multiplied by activations as int8; else everything is float
};

// Throws Error(Unsupported) where spec.whyNot says so or the file has tensors that the architecture does not know,
// Error(Input) where a tensor is missing or of another shape than the numbers say. `names`: of all tensors of the
// file. The result has no layers and no file: weights keep their bytes alive.
std::shared_ptr<const Model> buildLanguage(const LanguageSpec& spec, const std::vector<std::string>& names, const WeightLookup& weights, const NetworkOptions& options);

// Tables that are computed here, masks, heads that are not run, and what reads pictures: no network for texts misses them.
bool isHarmless(const LanguageSpec& spec, std::string_view name);

// Whether a matrix of a block lies [in, out] in its file (GPT-2's Conv1D). Packed codes lie as a Linear's, whatever they
// were made from.
bool liesInputsFirst(const LanguageSpec& spec, const Value& matrix) noexcept;

// The tensors of a model of weights, as it stores them.
WeightLookup weightsOf(std::shared_ptr<const Model> model);
std::vector<std::string> tensorNamesOf(const Model& model);

}  // namespace bitlathe
