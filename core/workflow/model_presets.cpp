#include "core/workflow/model_presets.h"

#include "core/formats/target.h"
#include "core/formats/weights_format.h"
#include "core/language/mixture.h"
#include "core/model/model.h"

#include <algorithm>

namespace bitlathe {

std::span<const Preset> modelPresets() {
    static const std::vector<Preset> rows = [] {
        std::vector<Preset> all = presets();
        for (const Mixture& mixture : mixtures()) all.push_back({mixture.name, mixture.label, mixture.description, mixtureRecipe(mixture, Model{})});
        return all;
    }();
    return rows;
}

const Preset* findModelPreset(std::string_view name) {
    const auto rows = modelPresets();
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const Preset& row) { return row.name == name; });
    return found == rows.end() ? nullptr : &*found;
}

Recipe recipeFor(const Preset& preset, const Model& model, bool withImportance) {
    const Mixture* mixture = findMixture(preset.name);
    if (!mixture) return preset.recipe;
    Recipe recipe = mixtureRecipe(*mixture, model, withImportance);
    const Target* target = findTarget("llama.cpp");
    const WeightsFormat* format = target ? weightsFor(*target, model) : nullptr;
    if (!format) return recipe;
    const auto schemes = schemesFor(recipe, model);
    for (std::size_t i = 0; i < schemes.size(); ++i) {
        if (!schemes[i].weights || !model.layers[i].quantizable) continue;
        const WeightChoice choice = format->choose(model.layers[i], *schemes[i].weights);
        if (choice.possible && choice.weights && choice.weights != schemes[i].weights) recipe.layers[model.layers[i].name].weights = choice.weights;
    }
    return recipe;
}

std::string recipeTitle(const Recipe& recipe, const Model& model) {
    if (recipe.name.empty()) return "custom";
    const Preset* preset = findModelPreset(recipe.name);
    if (!preset) return recipe.name;
    const auto own = schemesFor(recipe, model);
    std::size_t fewest = own.size();
    for (const bool withImportance : {false, true}) {
        const auto usual = schemesFor(recipeFor(*preset, model, withImportance), model);
        std::size_t changed = 0;
        for (std::size_t i = 0; i < own.size(); ++i) changed += own[i] != usual[i];
        fewest = std::min(fewest, changed);
    }
    return fewest == 0 ? recipe.name : recipe.name + ", " + std::to_string(fewest) + (fewest == 1 ? " layer changed" : " layers changed");
}

}  // namespace bitlathe
