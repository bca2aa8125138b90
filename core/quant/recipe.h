// All that is to be done to a model: defaults, rules, and schemes by layer. An immutable value; the
// one thing that a person edits. Its JSON form is core/quant/recipe_json.h.
#pragma once

#include "core/quant/cache_choice.h"
#include "core/quant/scheme.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

struct Model;
struct Layer;

// Applies its scheme to the layers it matches; every part that is given must match.
struct Rule {
    std::string name;                    // a glob over layer names ("blk.*.ffn_*"); empty: any
    std::string kind;                    // nameOf(LayerKind); empty: any
    enum class Place { Any, First, Last } place = Place::Any;  // among the quantizable layers, in graph order
    Scheme scheme;
    bool operator==(const Rule&) const = default;
};

struct Recipe {
    static constexpr int kVersion = 1;
    std::string name;      // "int8", or what the user called it
    Scheme defaults;       // for layers that no rule matches
    std::vector<Rule> rules;               // the last match wins
    std::map<std::string, Scheme> layers;  // by layer name; wins over rules
    CacheChoice cache;                     // of language models: how keys and values are held
    std::string preprocessing;             // JSON of core/data's Preprocessing; empty: none
    bool operator==(const Recipe&) const = default;
};

// The scheme that the recipe gives to one layer; float for layers that are not quantizable.
Scheme schemeFor(const Recipe& recipe, const Model& model, std::size_t layer);
std::vector<Scheme> schemesFor(const Recipe& recipe, const Model& model);

// Whether any weight gets a format of its own; a recipe may speak of activations, keys and values alone.
bool codesWeights(const Recipe& recipe) noexcept;

// What cannot be done, shown while editing; export refuses an Error.
struct Issue {
    enum class Level { Note, Warning, Error } level = Level::Error;
    std::string layer;    // empty: the recipe as a whole
    std::string message;  // what and why
    std::string cure;     // what to do about it
    bool operator==(const Issue&) const = default;
};
std::vector<Issue> validate(const Recipe& recipe, const Model& model);

// The recipes that ship: "int8", "int8-weights", "int4-g128", "int4-channel", "mixed-safe".
struct Preset {
    std::string_view name, label, description;
    Recipe recipe;
};
const std::vector<Preset>& presets();
const Preset* findPreset(std::string_view name);

}  // namespace bitlathe
