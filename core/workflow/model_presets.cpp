#include "core/workflow/model_presets.h"

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
    return mixture ? mixtureRecipe(*mixture, model, withImportance) : preset.recipe;
}

}  // namespace bitlathe
