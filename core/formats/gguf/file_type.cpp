#include "core/formats/gguf/file_type.h"

#include "core/formats/gguf/types.h"
#include "core/language/mixture.h"

#include <algorithm>
#include <string_view>

namespace bitlathe::gguf {

namespace {

struct FileType {
    std::string_view type;
    std::uint32_t number;
};
constexpr FileType kFileTypes[] = {{"f32", 0}, {"f16", 1}, {"q4_0", 2}, {"q4_1", 3}, {"q8_0", 7}, {"q5_0", 8}, {"q5_1", 9}, {"q2_K", 10}, {"q3_K", 11},
                                   {"q4_K", 14}, {"q5_K", 16}, {"q6_K", 18}, {"iq2_xxs", 19}, {"iq2_xs", 20}, {"iq3_xxs", 23}, {"iq1_s", 24}, {"iq4_nl", 25},
                                   {"iq3_s", 26}, {"iq2_s", 28}, {"iq4_xs", 30}, {"iq1_m", 31}, {"bf16", 32}, {"tq1_0", 36}, {"tq2_0", 37}, {"mxfp4", 38},
                                   {"nvfp4", 39}, {"q1_0", 40}, {"q2_0", 41}};

bool isOf(const Mixture& mixture, const Model& model, std::span<const StoredLayer> layers, bool withImportance) {
    const Recipe recipe = mixtureRecipe(mixture, model, withImportance);
    return std::all_of(layers.begin(), layers.end(), [&](const StoredLayer& stored) {
        const Layer& layer = model.layers[stored.layer];
        const auto asked = schemeFor(recipe, model, stored.layer).weights;
        const WeightChoice choice = asked ? choose(layer, *asked) : WeightChoice{};
        const GgmlType* type = choice.weights ? typeOf(choice.weights->codec) : storedType(model.graph.value(layer.weight));
        return type == stored.type;
    });
}

}  // namespace

std::uint32_t fileTypeOf(const Model& model, std::span<const StoredLayer> layers, bool withImportance, const GgmlType& most) {
    if (!layers.empty())
        for (const Mixture& mixture : mixtures())
            if (isOf(mixture, model, layers, withImportance)) return static_cast<std::uint32_t>(mixture.fileType);
    for (const FileType& row : kFileTypes)
        if (row.type == most.name) return row.number;
    return 0;
}

}  // namespace bitlathe::gguf
