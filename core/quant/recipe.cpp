#include "core/quant/recipe.h"

#include "core/model/model.h"
#include "core/quant/rule_match.h"

#include <algorithm>

namespace bitlathe {

namespace {

// The first and the last quantizable layer; layers.size() when there is none.
struct Ends {
    std::size_t first, last;
};
Ends endsOf(const Model& model) {
    const auto& layers = model.layers;
    Ends ends{layers.size(), layers.size()};
    for (std::size_t i = 0; i < layers.size(); ++i)
        if (layers[i].quantizable) {
            if (ends.first == layers.size()) ends.first = i;
            ends.last = i;
        }
    return ends;
}

Scheme schemeOf(const Recipe& recipe, const Model& model, std::size_t index, Ends ends) {
    const Layer& layer = model.layers[index];
    if (!layer.quantizable) return {};
    if (const auto own = recipe.layers.find(layer.name); own != recipe.layers.end()) return own->second;
    for (auto rule = recipe.rules.rbegin(); rule != recipe.rules.rend(); ++rule)
        if (matches(*rule, layer, index == ends.first, index == ends.last)) return rule->scheme;
    return recipe.defaults;
}

}  // namespace

bool matches(const Rule& rule, const Layer& layer, bool isFirst, bool isLast) {
    if (rule.place == Rule::Place::First && !isFirst) return false;
    if (rule.place == Rule::Place::Last && !isLast) return false;
    if (!rule.kind.empty() && rule.kind != nameOf(layer.kind)) return false;
    return rule.name.empty() || globMatches(rule.name, layer.name);
}

bool globMatches(std::string_view pattern, std::string_view text) noexcept {
    std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p, ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

Scheme schemeFor(const Recipe& recipe, const Model& model, std::size_t layer) { return schemeOf(recipe, model, layer, endsOf(model)); }

std::vector<Scheme> schemesFor(const Recipe& recipe, const Model& model) {
    const Ends ends = endsOf(model);
    std::vector<Scheme> schemes;
    schemes.reserve(model.layers.size());
    for (std::size_t i = 0; i < model.layers.size(); ++i) schemes.push_back(schemeOf(recipe, model, i, ends));
    return schemes;
}

bool codesWeights(const Recipe& recipe) noexcept {
    const auto codes = [](const Scheme& scheme) { return scheme.weights.has_value(); };
    return codes(recipe.defaults) || std::any_of(recipe.rules.begin(), recipe.rules.end(), [&](const Rule& rule) { return codes(rule.scheme); }) ||
           std::any_of(recipe.layers.begin(), recipe.layers.end(), [&](const auto& layer) { return codes(layer.second); });
}

}  // namespace bitlathe
