#include "core/quant/recipe_json.h"

#include "core/base/error.h"
#include "core/model/layer.h"
#include "core/quant/codec.h"
#include "core/quant/ranges.h"
#include "core/quant/recipe_json_text.h"
#include "core/quant/stored_scale.h"
#include "core/quant/user_table.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace bitlathe {

namespace {

using Json = nlohmann::json;

template <class... F>
struct Overloaded : F... { using F::operator()...; };

// ---- writing

Json toValue(const RangeRule& rule) {
    return std::visit(Overloaded{
                          [](const MinMax&) { return Json("minmax"); },
                          [](const MovingAverage& r) { return Json{{"movingAverage", r.constant}}; },
                          [](const Percentile& r) { return Json{{"percentile", r.percent}}; },
                          [](const LeastError& r) { return Json{{"leastError", r.norm}}; },
                          [](const Entropy& r) { return Json{{"entropy", {{"bins", r.bins}, {"quantizedBins", r.quantizedBins}}}}; },
                          [](const Manual& r) { return Json{{"manual", Json::array({r.lo, r.hi})}}; },
                          [](const Aciq& r) { return Json{{"aciq", nameOf(r.shape)}}; },
                          [](const Adaptive& r) { return Json{{"adaptive", nameOf(r.metric)}}; },
                      },
                      rule);
}

Json toValue(const Granularity& granularity) {
    return std::visit(Overloaded{
                          [](const PerTensor&) { return Json("tensor"); },
                          [](const PerChannel&) { return Json("channel"); },
                          [](const PerGroup& g) { return Json{{"group", g.size}}; },
                      },
                      granularity);
}

void addScheme(Json& to, const Scheme& scheme) {
    to["weights"] = nullptr;
    to["activations"] = nullptr;
    if (const auto& w = scheme.weights) {
        to["weights"] = {{"codec", w->codec},   {"bits", w->bits},   {"symmetric", w->symmetric},
                         {"narrow", w->narrow}, {"granularity", toValue(w->granularity)}, {"range", toValue(w->range)}};
        if (w->scale != ScaleType::F32) to["weights"]["scale"] = nameOf(w->scale);
        if (w->knee != 0) to["weights"]["knee"] = w->knee;
        if (!w->table.empty()) to["weights"]["table"] = w->table;
    }
    if (const auto& a = scheme.activations)
        to["activations"] = {{"bits", a->bits}, {"symmetric", a->symmetric}, {"range", toValue(a->range)}};
}

void addTypes(Json& to, const CacheTypes& types) {
    if (types.keys) to["keys"] = nameOf(*types.keys);
    if (types.values) to["values"] = nameOf(*types.values);
}

Json toValue(const CacheChoice& cache) {
    Json value = Json::object();
    addTypes(value, cache.all);
    for (const auto& [block, types] : cache.blocks) addTypes(value["blocks"][std::to_string(block)], types);
    return value;
}

std::string_view placeName(Rule::Place place) noexcept {
    return place == Rule::Place::First ? "first" : place == Rule::Place::Last ? "last" : "any";
}

// ---- reading

// One value of the document and where it stands.
struct Field {
    const Json& value;
    std::string place;
    const std::string& source;

    [[noreturn]] void refuse(const std::string& what) const {
        throw Error(ErrorKind::Recipe, "recipe '" + source + "', " + (place.empty() ? "top level" : place) + ": " + what);
    }
    Field at(const std::string& key) const { return {value.at(key), place.empty() ? key : place + "." + key, source}; }
    Field at(std::size_t i) const { return {value.at(i), place + "[" + std::to_string(i) + "]", source}; }
    bool has(const std::string& key) const { return value.contains(key); }

    void mustBeObject(std::initializer_list<std::string_view> keys) const {
        std::string known;
        for (const auto key : keys) known += (known.empty() ? "" : ", ") + std::string(key);
        if (!value.is_object()) refuse("expected an object with the keys " + known);
        for (const auto& item : value.items())
            if (std::find(keys.begin(), keys.end(), item.key()) == keys.end())
                refuse("the key '" + item.key() + "' is not known; remove it, or use one of: " + known);
    }
    std::string text() const {
        if (!value.is_string()) refuse("expected a text in quotes");
        return value.get<std::string>();
    }
    bool flag() const {
        if (!value.is_boolean()) refuse("expected true or false");
        return value.get<bool>();
    }
    int integer(int lo, int hi) const {
        const bool fits = value.is_number_integer() && (value.is_number_unsigned() ? value.get<std::uint64_t>() <= std::uint64_t(hi)
                                                                                   : value.get<std::int64_t>() <= hi);
        if (!fits || value.get<std::int64_t>() < lo) refuse("expected a whole number from " + std::to_string(lo) + " to " + std::to_string(hi));
        return value.get<int>();
    }
    double real() const {
        if (!value.is_number()) refuse("expected a number");
        return value.get<double>();
    }
};

double between(const Field& field, double above, double atMost, const char* what) {
    const double number = field.real();
    if (!(number > above && number <= atMost)) field.refuse(what);
    return number;
}

template <class Value>
Value named(const Field& field, std::initializer_list<Value> all) {
    const std::string name = field.text();
    std::string names;
    for (const Value value : all) {
        if (name == nameOf(value)) return value;
        names += (names.empty() ? "" : ", ") + std::string(nameOf(value));
    }
    field.refuse("expected one of: " + names);
}

RangeRule rangeFrom(const Field& field) {
    constexpr const char* kRules =
        R"(expected "minmax", or an object with one of the keys movingAverage, percentile, leastError, entropy, manual, aciq, adaptive)";
    if (field.value.is_string()) {
        if (field.text() != "minmax") field.refuse(kRules);
        return MinMax{};
    }
    if (!field.value.is_object() || field.value.size() != 1) field.refuse(kRules);
    field.mustBeObject({"movingAverage", "percentile", "leastError", "entropy", "manual", "aciq", "adaptive"});
    if (field.has("aciq")) return Aciq{named(field.at("aciq"), {Aciq::Shape::Auto, Aciq::Shape::Gaussian, Aciq::Shape::Laplace})};
    if (field.has("adaptive")) {
        using Metric = Adaptive::Metric;
        return Adaptive{named(field.at("adaptive"), {Metric::SquaredError, Metric::Norm24, Metric::Cosine, Metric::MaxError, Metric::Divergence})};
    }
    if (field.has("movingAverage"))
        return MovingAverage{between(field.at("movingAverage"), 0, 1, "expected a number above 0 and at most 1, for example 0.01")};
    if (field.has("percentile"))
        return Percentile{between(field.at("percentile"), 50, 100, "expected a percentage above 50 and at most 100, for example 99.99")};
    if (field.has("leastError"))
        return LeastError{between(field.at("leastError"), 0, 16, "expected a norm above 0 and at most 16, for example 2")};
    if (field.has("entropy")) {
        const Field entropy = field.at("entropy");
        entropy.mustBeObject({"bins", "quantizedBins"});
        Entropy rule;
        if (entropy.has("bins")) rule.bins = entropy.at("bins").integer(16, 65536);
        if (entropy.has("quantizedBins")) rule.quantizedBins = entropy.at("quantizedBins").integer(2, 65536);
        if (rule.quantizedBins > rule.bins) entropy.refuse("quantizedBins must not exceed bins; use 128 and 2048, for example");
        return rule;
    }
    const Field manual = field.at("manual");
    if (!manual.value.is_array() || manual.value.size() != 2) manual.refuse("expected two numbers [lo, hi]");
    const Manual rule{manual.at(0).real(), manual.at(1).real()};
    constexpr double kLargest = 3e38;
    if (!(rule.lo <= 0 && rule.hi >= 0 && rule.lo < rule.hi && rule.lo >= -kLargest && rule.hi <= kLargest))
        manual.refuse("expected lo <= 0 <= hi with lo < hi, so that 0 is representable");
    return rule;
}

double kneeFrom(const Field& field) {
    const double knee = field.real();
    if (!(knee >= 0 && knee <= 1)) field.refuse("expected a number from 0 (hard clip) to 1, for example 0.1");
    return knee;
}

Granularity granularityFrom(const Field& field) {
    if (field.value.is_string()) {
        if (field.text() == "tensor") return PerTensor{};
        if (field.text() == "channel") return PerChannel{};
    } else if (field.value.is_object()) {
        field.mustBeObject({"group"});
        if (field.has("group")) return PerGroup{field.at("group").integer(1, 1 << 30)};
    }
    field.refuse(R"(expected "tensor", "channel" or {"group": size})");
}

ScaleType scaleFrom(const Field& field, const Codec& codec) {
    const std::string name = field.text();
    std::string names;
    for (const ScaleType type : codec.scaleTypes) {
        if (name == nameOf(type)) return type;
        names += (names.empty() ? "" : ", ") + std::string(nameOf(type));
    }
    field.refuse("the format '" + std::string(codec.name) + "' has no scales of type '" + name + "'; choose one of: " + names);
}

std::vector<float> tableFrom(const Field& field, const QuantSpec& spec, const Codec& codec) {
    if (!codec.takesTable) field.refuse("the format '" + spec.codec + "' takes no table; remove the key, or choose the codec 'table'");
    if (!field.value.is_array()) field.refuse("expected a list of levels");
    std::vector<float> table;
    for (std::size_t i = 0; i < field.value.size(); ++i) {
        const double level = field.at(i).real();
        if (!(std::fabs(level) <= 3e38)) field.at(i).refuse("a level must be a finite float32");
        table.push_back(float(level));
    }
    if (const std::string problem = tableProblem(table, spec.bits); !problem.empty()) field.refuse(problem);
    return table;
}

QuantSpec weightsFrom(const Field& field) {
    field.mustBeObject({"codec", "bits", "symmetric", "narrow", "granularity", "range", "knee", "scale", "table"});
    QuantSpec spec;
    if (field.has("codec")) spec.codec = field.at("codec").text();
    const Codec* codec = findCodec(spec.codec);
    if (!codec) {
        std::string names;
        for (const Codec& row : codecs()) names += (names.empty() ? "" : ", ") + std::string(row.name);
        field.at("codec").refuse("there is no codec '" + spec.codec + "'; choose one of: " + names);
    }
    if (codec->minBits == codec->maxBits) spec.bits = codec->minBits;
    else if (!field.has("bits")) field.refuse("the key 'bits' is missing; give the width of a code, for example 8");
    if (field.has("bits")) spec.bits = field.at("bits").integer(codec->minBits, codec->maxBits);
    if (field.has("symmetric")) spec.symmetric = field.at("symmetric").flag();
    if (field.has("narrow")) spec.narrow = field.at("narrow").flag();
    if (field.has("granularity")) spec.granularity = granularityFrom(field.at("granularity"));
    if (field.has("range")) spec.range = rangeFrom(field.at("range"));
    if (field.has("knee")) spec.knee = kneeFrom(field.at("knee"));
    if (field.has("scale")) spec.scale = scaleFrom(field.at("scale"), *codec);
    if (field.has("table")) spec.table = tableFrom(field.at("table"), spec, *codec);
    if (codec->takesTable && spec.table.empty()) field.refuse("the key 'table' is missing; give the levels, for example [-1, 0, 1]");
    return spec;
}

ActivationSpec activationsFrom(const Field& field) {
    field.mustBeObject({"bits", "symmetric", "range"});
    ActivationSpec spec;
    if (field.has("bits")) spec.bits = field.at("bits").integer(8, 8);
    if (field.has("symmetric")) spec.symmetric = field.at("symmetric").flag();
    if (field.has("range")) spec.range = rangeFrom(field.at("range"));
    return spec;
}

// The object's keys were checked by the caller, who may know more of them.
Scheme schemeFrom(const Field& field) {
    Scheme scheme;
    if (field.has("weights") && !field.value.at("weights").is_null()) scheme.weights = weightsFrom(field.at("weights"));
    if (field.has("activations") && !field.value.at("activations").is_null())
        scheme.activations = activationsFrom(field.at("activations"));
    return scheme;
}

Rule ruleFrom(const Field& field) {
    field.mustBeObject({"match", "weights", "activations"});
    Rule rule;
    if (!field.has("match")) field.refuse("the key 'match' is missing; give {} to match every layer");
    const Field match = field.at("match");
    match.mustBeObject({"name", "kind", "place"});
    if (match.has("name")) rule.name = match.at("name").text();
    if (match.has("kind")) {
        rule.kind = match.at("kind").text();
        std::string kinds;
        bool known = rule.kind.empty();
        for (int k = 0; k <= int(LayerKind::Other); ++k) {
            const auto name = nameOf(LayerKind(k));
            kinds += (kinds.empty() ? "" : ", ") + std::string(name);
            known = known || name == rule.kind;
        }
        if (!known) match.at("kind").refuse("there is no layer kind '" + rule.kind + "'; choose one of: " + kinds);
    }
    if (match.has("place")) {
        const std::string place = match.at("place").text();
        if (place != "any" && place != "first" && place != "last") match.at("place").refuse(R"(expected "any", "first" or "last")");
        rule.place = place == "first" ? Rule::Place::First : place == "last" ? Rule::Place::Last : Rule::Place::Any;
    }
    rule.scheme = schemeFrom(field);
    return rule;
}

void readTypes(const Field& field, CacheTypes& types) {
    if (field.has("keys")) types.keys = named(field.at("keys"), {CacheType::F32, CacheType::F16, CacheType::Int8, CacheType::Int4});
    if (field.has("values")) types.values = named(field.at("values"), {CacheType::F32, CacheType::F16, CacheType::Int8, CacheType::Int4});
}

CacheChoice cacheFrom(const Field& field) {
    CacheChoice cache;
    if (field.value.is_null()) return cache;
    field.mustBeObject({"keys", "values", "blocks"});
    readTypes(field, cache.all);
    if (!field.has("blocks")) return cache;
    const Field blocks = field.at("blocks");
    if (!blocks.value.is_object()) blocks.refuse("expected an object of types by the block's number");
    for (const auto& item : blocks.value.items()) {
        const Field block = blocks.at(item.key());
        const std::string& key = item.key();
        const bool number = !key.empty() && key.size() <= 4 && std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; }) && (key == "0" || key[0] != '0');
        if (!number || std::stoll(key) >= CacheChoice::kMostBlocks) block.refuse("expected a block's number from 0 to " + std::to_string(CacheChoice::kMostBlocks - 1) + " as the key");
        block.mustBeObject({"keys", "values"});
        CacheTypes types;
        readTypes(block, types);
        if (types.empty()) block.refuse("a block of its own needs keys or values; remove it, or say how it holds them");
        cache.blocks.emplace(std::stoll(key), types);
    }
    return cache;
}

}  // namespace

std::string toJson(const Recipe& recipe) {
    Json document = {{"format", "bitlathe recipe"}, {"version", Recipe::kVersion}, {"name", recipe.name}};
    addScheme(document["defaults"], recipe.defaults);
    document["rules"] = Json::array();
    for (const Rule& rule : recipe.rules) {
        Json entry = {{"match", {{"name", rule.name}, {"kind", rule.kind}, {"place", placeName(rule.place)}}}};
        addScheme(entry, rule.scheme);
        document["rules"].push_back(std::move(entry));
    }
    document["layers"] = Json::object();
    for (const auto& [name, scheme] : recipe.layers) addScheme(document["layers"][name], scheme);
    if (!recipe.cache.empty()) document["cache"] = toValue(recipe.cache);
    document["preprocessing"] = nullptr;
    if (!recipe.preprocessing.empty()) {
        document["preprocessing"] = parsedRecipe(recipe.preprocessing, recipe.name);
        if (!document["preprocessing"].is_object())
            throw Error(ErrorKind::Recipe, "recipe '" + recipe.name + "': the preprocessing must be a JSON object");
    }
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Recipe recipeFromJson(std::string_view text, const std::string& source) {
    const Json document = parsedRecipe(text, source);
    const Field top{document, "", source};
    top.mustBeObject({"format", "version", "name", "defaults", "rules", "layers", "cache", "preprocessing"});
    if (!top.has("format") || top.at("format").text() != "bitlathe recipe")
        top.refuse(R"(this is no recipe: the key 'format' must be "bitlathe recipe")");
    if (!top.has("version")) top.refuse("the key 'version' is missing; write 1");
    if (const Field version = top.at("version"); !version.value.is_number_integer() || version.value.get<std::int64_t>() != Recipe::kVersion)
        version.refuse("this program reads version 1; save the recipe with this version of the program or update the program");
    Recipe recipe;
    if (top.has("name")) recipe.name = top.at("name").text();
    if (top.has("defaults")) {
        top.at("defaults").mustBeObject({"weights", "activations"});
        recipe.defaults = schemeFrom(top.at("defaults"));
    }
    if (top.has("rules")) {
        const Field rules = top.at("rules");
        if (!rules.value.is_array()) rules.refuse("expected a list of rules");
        for (std::size_t i = 0; i < rules.value.size(); ++i) recipe.rules.push_back(ruleFrom(rules.at(i)));
    }
    if (top.has("layers")) {
        const Field layers = top.at("layers");
        if (!layers.value.is_object()) layers.refuse("expected an object of schemes by layer name");
        for (const auto& item : layers.value.items()) {
            const Field layer = layers.at(item.key());
            layer.mustBeObject({"weights", "activations"});
            recipe.layers.emplace(item.key(), schemeFrom(layer));
        }
    }
    if (top.has("cache")) recipe.cache = cacheFrom(top.at("cache"));
    if (top.has("preprocessing") && !document["preprocessing"].is_null()) {
        if (!document["preprocessing"].is_object()) top.at("preprocessing").refuse("expected an object");
        recipe.preprocessing = document["preprocessing"].dump();
    }
    return recipe;
}

}  // namespace bitlathe
