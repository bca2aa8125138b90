#include "core/workflow/export_weights.h"

#include "core/base/error.h"
#include "core/formats/weights_format.h"
#include "core/quant/codec.h"
#include "core/workflow/load.h"

#include <algorithm>

namespace bitlathe {

namespace {

// fixed: why the layer must stay as it is; empty where it need not.
LayerOutcome outcomeOf(const WeightsFormat& format, const Layer& layer, std::size_t index, const Scheme& asked, const std::string& fixed, std::vector<Issue>& issues) {
    LayerOutcome outcome{index, asked, asked, {}, nullptr};
    if (asked.activations) {
        outcome.got.activations.reset();
        outcome.reason = "a file of weights says nothing of activations";
    }
    if (!asked.weights) return outcome;
    if (!fixed.empty()) {
        outcome.got.weights.reset();
        outcome.reason = fixed;
        return outcome;
    }
    WeightChoice choice = format.choose(layer, *asked.weights);
    if (!choice.possible) issues.push_back({Issue::Level::Error, layer.name, choice.reason, "choose a format that the file can hold"});
    outcome.got.weights = std::move(choice.weights);
    if (!choice.reason.empty()) outcome.reason = std::move(choice.reason);
    return outcome;
}

// Types that llama.cpp's own quantizer makes by importance alone.
bool wantsImportance(const QuantSpec& spec) {
    const Codec& codec = codecOf(spec);
    return codec.coupled > 0 && !codec.name.starts_with("iq3");
}

// One importance for every column of a matrix, or of every matrix of a stack.
void checkImportance(const Importance& importance, const WeightsFormat& format, const Model& model, const LayerOutcome& outcome, std::vector<Issue>& issues) {
    const Layer& layer = model.layers[outcome.layer];
    const auto values = static_cast<std::int64_t>(importance.of(format.nameOf ? format.nameOf(model, layer) : model.graph.value(layer.weight).name).size());
    const std::int64_t columns = layer.layout.inner, matrices = layer.shape.rank() > 2 ? layer.shape.count(0, layer.shape.rank() - 2) : 1;
    // What is looked up is multiplied by nothing: no tool collects its importance.
    if (values == 0 && layer.kind == LayerKind::Embedding) return;
    if (values == 0)
        issues.push_back({Issue::Level::Warning, layer.name, "the importance file does not know this tensor: all its columns count alike", "measure importance for the whole model"});
    else if (values != columns && values != columns * matrices)
        issues.push_back({Issue::Level::Error, layer.name, "the importance file has " + std::to_string(values) + " values for " + std::to_string(columns) + " columns",
                          "take the importance of this very model"});
}

}  // namespace

ExportPlan planWeights(const ExportRequest& request, const Target& target, JobContext& job) {
    const Model& model = *request.model;
    const WeightsFormat& format = *weightsFor(target, model);
    ExportPlan plan;
    plan.issues = validate(request.recipe, model);
    for (const Layer& layer : model.layers) plan.bytesBefore += layer.bytes;
    plan.bytesAfter = plan.bytesBefore;
    const auto refuses = [](const Issue& issue) { return issue.level == Issue::Level::Error; };
    if (std::any_of(plan.issues.begin(), plan.issues.end(), refuses)) return plan;
    job.checkpoint(0.0, "planning");
    const std::vector<std::string> fixed = format.fixed ? format.fixed(model, job) : std::vector<std::string>(model.layers.size());

    auto quantized = std::make_shared<QuantizedModel>();
    const auto schemes = schemesFor(request.recipe, model);
    double weights = 0, bits = 0, asked = 0;
    std::int64_t unweighted = 0;
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
        const Layer& layer = model.layers[i];
        quantized->layers.push_back(outcomeOf(format, layer, i, schemes[i], fixed[i], plan.issues));
        const LayerOutcome& outcome = quantized->layers.back();
        const std::int64_t bytes = format.bytes(layer, outcome.got.weights);
        plan.bytesAfter += bytes - layer.bytes;
        if (layer.quantizable) {
            const double count = static_cast<double>(layer.shape.count()), stored = static_cast<double>(layer.bytes) / static_cast<double>(std::max<std::int64_t>(layer.parameters, 1)) * count;
            weights += count;
            bits += 8.0 * (stored + static_cast<double>(bytes - layer.bytes));
            asked += 8.0 * (outcome.got.weights ? static_cast<double>(storedBytes(layer.layout, *outcome.got.weights)) : stored);
        }
        unweighted += !request.importance && outcome.got.weights && wantsImportance(*outcome.got.weights);
        if (request.importance && outcome.got.weights) checkImportance(*request.importance, format, model, outcome, plan.issues);
    }
    if (unweighted > 0)
        plan.issues.push_back({Issue::Level::Warning, "", std::to_string(unweighted) + (unweighted == 1 ? " layer is" : " layers are") + " coded in two bits or less without importance: all columns count alike, and the loss is larger than it has to be",
                               "measure importance on text and give its file"});
    plan.bitsPerWeight = weights > 0 ? asked / weights : 0;
    plan.storedBitsPerWeight = weights > 0 ? bits / weights : 0;
    const auto found = target.check(model, *quantized);
    plan.issues.insert(plan.issues.end(), found.begin(), found.end());
    if (std::none_of(plan.issues.begin(), plan.issues.end(), refuses)) plan.quantized = std::move(quantized);
    return plan;
}

void writeWeights(const ExportRequest& request, const Target& target, ExportPlan& plan, const WriteOptions& options, Workers& workers, JobContext& job) {
    const WeightsRequest what{*request.model, plan.quantized->layers, request.importance.get()};
    const WeightsWritten written = weightsFor(target, *request.model)->write(what, request.path, options, workers, job);
    if (const std::string broken = notFiniteText(written.notFinite); !broken.empty())
        plan.issues.push_back({Issue::Level::Warning, "", broken + ": NaN is coded as 0, infinities as the largest value", "train or convert the network again"});
}

}  // namespace bitlathe
