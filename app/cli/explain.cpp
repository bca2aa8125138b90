#include "app/cli/explain.h"

#include "app/cli/json_output.h"
#include "app/cli/quantization_options.h"

#include "core/quant/codec.h"
#include "core/quant/worked_example.h"
#include "core/workflow/analyze.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace bitlathe::cli {

namespace {

std::size_t layerNamed(const Model& model, const std::string& name) {
    const auto found = std::find_if(model.layers.begin(), model.layers.end(), [&](const Layer& layer) { return layer.name == name; });
    if (found == model.layers.end()) throw Error(ErrorKind::Usage, "there is no layer '" + name + "'; 'bitlathe-cli inspect MODEL' lists them");
    if (!found->quantizable) throw Error(ErrorKind::Usage, "'" + name + "' cannot be quantized" + (found->note.empty() ? "" : ": " + found->note));
    return static_cast<std::size_t>(found - model.layers.begin());
}

QuantSpec specOf(const Model& model, std::size_t layer, const ExplainOptions& options) {
    const auto recipe = chosenRecipe({.recipe = options.recipe, .preset = options.preset, .project = options.format.empty() ? options.project : nullptr}, &model);
    QuantSpec spec;
    if (recipe) {
        const Scheme scheme = schemeFor(*recipe, model, layer);
        if (!scheme.weights && options.format.empty()) throw Error(ErrorKind::Usage, "the recipe leaves '" + options.layer + "' in float: there is nothing to explain; name a format with --format");
        spec = scheme.weights.value_or(QuantSpec{});
    }
    if (!options.format.empty()) {
        const Codec* codec = findCodec(options.format);
        if (!codec) throw Error(ErrorKind::Usage, "there is no format '" + options.format + "'; 'bitlathe-cli list codecs' has them");
        spec.codec = codec->name;
        spec.bits = std::clamp(4, codec->minBits, codec->maxBits);
    }
    if (options.bits > 0) spec.bits = options.bits;
    Recipe asked;
    asked.defaults.weights = spec;
    for (const Issue& issue : validate(asked, model))
        if (issue.level == Issue::Level::Error && (issue.layer.empty() || issue.layer == options.layer))
            throw Error(ErrorKind::Usage, issue.message + (issue.cure.empty() ? "" : "; " + issue.cure));
    return spec;
}

}  // namespace

int explainLayer(const Model& model, const ExplainOptions& options, Session& session) {
    const std::size_t layer = layerNamed(model, options.layer);
    const Scheme scheme{specOf(model, layer, options), std::nullopt};
    const WeightSource source = weightSource(model, layer);
    const auto values = source.values.as<float>();
    if (values.empty()) throw Error(ErrorKind::Usage, "'" + options.layer + "' has no weights");
    if (options.weight && *options.weight >= static_cast<std::int64_t>(values.size()))
        throw Error(ErrorKind::Usage, "--weight " + std::to_string(*options.weight) + " is beyond the " + std::to_string(values.size()) + " weights of '" + options.layer + "'");
    JobContext analyzing = session.job().part(0, 0.6), explaining = session.job().part(0.6, 1);
    const auto report = analyzeLayer(source, scheme, {.sampleWeights = 0, .isa = session.machine().isa}, nullptr, session.workers(), analyzing);
    const WorkedExample example = workedExample(values, source.layout, *scheme.weights, options.weight, report->transfer.group, session.workers(), explaining);
    session.endProgress();
    const Codec& codec = codecOf(*scheme.weights);
    if (session.json()) {
        Json lines = Json::array();
        for (const auto& line : example.lines) lines.push_back({{"title", line.title}, {"text", line.text}});
        printJson({{"layer", options.layer}, {"scheme", shortText(scheme)}, {"format", codec.name}, {"formula", codec.formula}, {"lines", lines},
                   {"index", example.index}, {"channel", example.channel}, {"element", example.element}, {"group", example.group},
                   {"weight", example.weight}, {"quantized", example.back}, {"code", example.code}});
        return kDone;
    }
    std::cout << options.layer << " as " << shortText(scheme) << " (" << codec.label << ")\n";
    for (const auto& line : example.lines) std::cout << "  " << line.title << std::string(line.title.size() < 16 ? 16 - line.title.size() : 1, ' ') << line.text << "\n";
    return kDone;
}

}  // namespace bitlathe::cli
