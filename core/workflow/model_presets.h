// The recipes that ship, whichever room they come from: the fixed ones, and llama-quantize's named mixtures, whose
// recipe depends on the model.
#pragma once

#include "core/quant/recipe.h"

#include <span>
#include <string>
#include <string_view>

namespace bitlathe {

struct Model;

// A mixture's Preset::recipe is its base type for every weight; recipeFor() knows the rest. withImportance: the
// weights will be coded by an importance file, for which llama-quantize chooses some types otherwise.
std::span<const Preset> modelPresets();
const Preset* findModelPreset(std::string_view name);
// Where a mixture's type does not divide a layer's rows, the recipe names what GGUF takes instead: what is measured is
// what is stored.
Recipe recipeFor(const Preset& preset, const Model& model, bool withImportance = false);

// For people: "Q4_K_M", "Q4_K_M, 2 layers changed", "custom".
std::string recipeTitle(const Recipe& recipe, const Model& model);

}  // namespace bitlathe
