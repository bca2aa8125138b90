// What a recipe asks for that cannot be done, or that does nothing.
#include "core/model/model.h"
#include "core/quant/codec.h"
#include "core/quant/recipe.h"
#include "core/quant/rule_match.h"
#include "core/quant/soft_clip.h"
#include "core/quant/stored_scale.h"
#include "core/quant/user_table.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

using Level = Issue::Level;

bool finiteOrdered(const Manual& m) noexcept { return std::isfinite(m.lo) && std::isfinite(m.hi) && m.lo <= 0 && m.hi >= 0 && m.lo < m.hi; }

void checkRange(const RangeRule& rule, const std::string& layer, const std::string& of, std::vector<Issue>& issues) {
    const auto error = [&](std::string message, std::string cure) {
        issues.push_back({Level::Error, layer, of + ": " + std::move(message), std::move(cure)});
    };
    if (const auto* r = std::get_if<Manual>(&rule); r && !finiteOrdered(*r))
        error("the range by hand must hold 0 and have lo < hi", "move the lower end to 0 or below and the upper end to 0 or above");
    if (const auto* r = std::get_if<Percentile>(&rule); r && !(r->percent > 50 && r->percent <= 100))
        error("a percentile lies above 50 and at most at 100", "use 99.99");
    if (const auto* r = std::get_if<MovingAverage>(&rule); r && !(r->constant > 0 && r->constant <= 1))
        error("the constant of a moving average lies above 0 and at most at 1", "use 0.01");
    if (const auto* r = std::get_if<LeastError>(&rule); r && !(r->norm > 0 && r->norm <= 16))
        error("the norm of the least error lies above 0 and at most at 16", "use 2");
    if (const auto* r = std::get_if<Entropy>(&rule); r && !(r->bins >= 16 && r->bins <= 65536 && r->quantizedBins >= 2 && r->quantizedBins <= r->bins))
        error("the entropy rule needs 16 to 65536 bins and 2 to as many quantized bins", "use 2048 and 128");
}

// Scales, tables and blocks.
void checkForm(const QuantSpec& spec, const Codec& codec, const std::string& layer, std::int64_t perChannel, std::vector<Issue>& issues) {
    const std::string label(codec.label);
    const auto& types = codec.scaleTypes;
    if (spec.scale != ScaleType::F32 && std::find(types.begin(), types.end(), spec.scale) == types.end())
        issues.push_back({Level::Error, layer, label + " has no scales of type " + std::string(nameOf(spec.scale)),
                          "choose " + std::string(nameOf(types.empty() ? ScaleType::F32 : types.front()))});
    if (codec.takesTable) {
        if (std::string problem = tableProblem(spec.table, spec.bits); !problem.empty())
            issues.push_back({Level::Error, layer, std::move(problem), "open a file of levels, or choose another format"});
    } else if (!spec.table.empty()) {
        issues.push_back({Level::Warning, layer, label + " takes no table: the one that is given does nothing", "choose the format 'table', or remove the table"});
    }
    if (codec.blockBytes > 0 && perChannel > 0 && perChannel % codec.blockSize != 0)
        issues.push_back({Level::Warning, layer,
                          label + " has blocks of " + std::to_string(codec.blockSize) + ": rows of " + std::to_string(perChannel) +
                              " weights end in a short one, which no GGUF file can hold",
                          perChannel % 32 == 0 ? "choose a format in blocks of 32 for this layer, such as q5_0 or q8_0, or leave it as it is"
                                               : "leave this layer in float, or choose a format without blocks"});
    else if (codec.blockSize > 0 && perChannel > 0 && perChannel % codec.blockSize != 0)
        issues.push_back({Level::Note, layer,
                          "channels of " + std::to_string(perChannel) + " weights end in a block that is not full: blocks have " + std::to_string(codec.blockSize),
                          "most consumers of this format want whole blocks: choose another format for this layer"});
}

void checkWeights(const QuantSpec& spec, const std::string& layer, std::int64_t perChannel, std::vector<Issue>& issues) {
    const Codec* codec = findCodec(spec.codec);
    if (!codec) {
        issues.push_back({Level::Error, layer, "there is no number format '" + spec.codec + "'", "choose one of the listed formats"});
        return;
    }
    if (spec.bits < codec->minBits || spec.bits > codec->maxBits)
        issues.push_back({Level::Error, layer, std::string(codec->label) + " has no width of " + std::to_string(spec.bits) + " bits",
                          codec->minBits == codec->maxBits ? "its width is " + std::to_string(codec->minBits) + " bits"
                                                           : "choose " + std::to_string(codec->minBits) + " to " + std::to_string(codec->maxBits) + " bits"});
    if (!(spec.knee >= 0 && spec.knee <= 1))
        issues.push_back({Level::Error, layer, "the knee of a soft clip is a share from 0 to 1", "use 0 for a hard clip, or 0.1"});
    else if (spec.knee > 0 && !takesKnee(spec))
        issues.push_back({Level::Warning, layer, std::string(codec->label) + (codec->takesRange ? " of 1 bit" : "") + " clips at no range: the knee does nothing",
                          "set the knee to 0, or choose a format with a clip range"});
    checkForm(spec, *codec, layer, perChannel, issues);
    if (const auto* group = codec->blockSize > 0 ? nullptr : std::get_if<PerGroup>(&spec.granularity)) {
        if (group->size < 1)
            issues.push_back({Level::Error, layer, "a group of " + std::to_string(group->size) + " weights is impossible", "choose 32, 64 or 128"});
        else if (perChannel > 0 && group->size > perChannel)
            issues.push_back({Level::Note, layer,
                              "groups of " + std::to_string(group->size) + " are longer than the channel of " + std::to_string(perChannel) +
                                  " weights: each channel is one group",
                              "choose granularity channel, or smaller groups"});
    }
    checkRange(spec.range, layer, "weights", issues);
    if (std::holds_alternative<Aciq>(spec.range) && codec->takesRange && !codec->affine && codec->name != "equal")
        issues.push_back({Level::Note, layer, "ACIQ is solved for levels in even steps, which " + std::string(codec->label) + " has not: its range is a guess",
                          "choose least error or adaptive"});
    if (std::holds_alternative<Entropy>(spec.range) && !std::holds_alternative<PerTensor>(spec.granularity)) {
        const auto* group = std::get_if<PerGroup>(&spec.granularity);
        const std::int64_t values = group && perChannel > 0 ? std::min<std::int64_t>(group->size, perChannel) : perChannel;
        if (values < 1024)
            issues.push_back({Level::Warning, layer, "the entropy of " + std::to_string(values) + " weights is mostly chance, and slow to search",
                              "choose least error, or granularity tensor"});
    }
}

bool takesActivations(LayerKind kind) noexcept { return kind == LayerKind::Conv || kind == LayerKind::Linear; }

void checkScheme(const Scheme& scheme, const Layer& layer, bool own, std::vector<Issue>& issues) {
    if (scheme.weights) checkWeights(*scheme.weights, layer.name, layer.layout.perChannel(), issues);
    if (!scheme.activations) return;
    if (scheme.activations->bits != 8)
        issues.push_back({Level::Error, layer.name, "activations of " + std::to_string(scheme.activations->bits) + " bits run nowhere", "choose 8 bits"});
    checkRange(scheme.activations->range, layer.name, "activations", issues);
    if (!takesActivations(layer.kind))
        issues.push_back({own ? Level::Warning : Level::Note, layer.name,
                          "a layer of kind " + std::string(nameOf(layer.kind)) + " computes in float: its activations stay as they are",
                          "leave the activations of this layer in float"});
    else if (!scheme.weights)
        issues.push_back({Level::Warning, layer.name, "activations are quantized but weights are not: the layer computes in float",
                          "quantize the weights to 8 bits too, or leave the activations in float"});
}

void checkNames(const Recipe& recipe, const Model& model, std::vector<Issue>& issues) {
    for (const auto& [name, scheme] : recipe.layers) {
        const auto found = std::find_if(model.layers.begin(), model.layers.end(), [&](const Layer& l) { return l.name == name; });
        if (found == model.layers.end())
            issues.push_back({Level::Warning, name, "the model has no layer of this name; its scheme does nothing", "remove the entry, or correct the name"});
        else if (!found->quantizable && scheme != Scheme{})
            issues.push_back({Level::Warning, name,
                              "this layer cannot be quantized" + (found->note.empty() ? std::string() : " (" + found->note + ")") + "; its scheme does nothing",
                              "remove the entry"});
    }
    for (std::size_t r = 0; r < recipe.rules.size(); ++r) {
        const Rule& rule = recipe.rules[r];
        std::size_t first = model.layers.size(), last = first;
        for (std::size_t i = 0; i < model.layers.size(); ++i)
            if (model.layers[i].quantizable) first = first == model.layers.size() ? i : first, last = i;
        bool used = false;
        for (std::size_t i = 0; i < model.layers.size() && !used; ++i)
            used = model.layers[i].quantizable && matches(rule, model.layers[i], i == first, i == last);
        if (!used)
            issues.push_back({Level::Warning, "", "rule " + std::to_string(r + 1) + (rule.name.empty() ? "" : " ('" + rule.name + "')") + " matches no layer of this model",
                              "correct its pattern, or remove it"});
    }
}

}  // namespace

std::vector<Issue> validate(const Recipe& recipe, const Model& model) {
    std::vector<Issue> issues;
    checkNames(recipe, model, issues);
    const auto schemes = schemesFor(recipe, model);
    bool any = false;
    for (std::size_t i = 0; i < schemes.size(); ++i) {
        if (!model.layers[i].quantizable) continue;
        any = true;
        checkScheme(schemes[i], model.layers[i], recipe.layers.contains(model.layers[i].name), issues);
    }
    if (!any && recipe.defaults != Scheme{})
        issues.push_back({Level::Warning, "", "the model has no layer that can be quantized", "open a model with float weights"});
    return issues;
}

}  // namespace bitlathe
