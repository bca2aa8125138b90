#include "core/workflow/evaluation_record.h"

#include "core/project/node_fields.h"
#include "core/quant/recipe_json.h"

#include <limits>

namespace bitlathe {

namespace {

struct LayerColumns {
    std::vector<std::string> name, kernel, reason;
    std::vector<double> sqnr, carried, ms;
    std::vector<std::uint8_t> integer;
};

template <class F>
void fields(F& f, LayerColumns& c) {
    f("layer", c.name, "", "names of the layers; the other arrays have one element for each");
    f("layer_sqnr", c.sqnr, "dB", "of the layer's weights alone");
    f("layer_carried_sqnr", c.carried, "dB", "of the layer's output when everything before it is quantized too; NaN: not seen");
    f("layer_time", c.ms, "ms", "median of one run");
    f("layer_kernel", c.kernel);
    f("layer_in_integers", c.integer, "", "1: computed in integers");
    f("layer_reason", c.reason, "", "why in float where integers were asked for");
}

template <class F>
void fields(F& f, Evaluation& e) {
    f("samples", e.samples, "samples");
    f("batch", e.batch, "samples per run");
    f("labelled", e.labelled);
    f("top1", e.top1, "share of samples, 0..1");
    f("top5", e.top5, "share of samples, 0..1");
    f("float_top1", e.floatTop1, "share of samples, 0..1");
    f("float_top5", e.floatTop5, "share of samples, 0..1");
    f("agreement_with_float", e.agreement, "share of answers, 0..1");
    f("output_sqnr", e.outputSqnrDb, "dB");
    f("maximum_error", e.maximumError);
    f("time", e.seconds, "s");
    f("speed", e.samplesPerSecond, "samples/s");
    f("note", e.note);
    f("flipped", e.flipped, "", "samples whose answer differs from float's");
}

// What records of the first programs lack: not there, it has its default.
template <class F>
void laterFields(F& f, Evaluation& e) {
    f("top1_lost", e.lost, "samples", "float alone has them right");
    f("top1_gained", e.gained, "samples", "this network alone has them right");
    f("output_sqnr_error", e.outputSqnrErrorDb, "dB", "standard error; NaN: not known");
}

template <class F>
void fields(F& f, CalibrationChoice& c) {
    f("calibration_data", c.data, "", "what the ranges of activations were learned from");
    f("calibration_samples_asked", c.samples, "samples", "0: as many as is usual");
    f("split_seed", c.seed);
    f("split", c.split, "", "1: the data itself was split, and what calibrated was held out of the figures");
}

// The same figures on the samples that calibrated.
template <class F>
void calibrationFields(F& f, Evaluation& e) {
    f("calibration_samples", e.samples, "samples");
    f("calibration_labelled", e.labelled);
    f("calibration_top1", e.top1, "share of samples, 0..1");
    f("calibration_top5", e.top5, "share of samples, 0..1");
    f("calibration_float_top1", e.floatTop1, "share of samples, 0..1");
    f("calibration_float_top5", e.floatTop5, "share of samples, 0..1");
    f("calibration_top1_lost", e.lost, "samples");
    f("calibration_top1_gained", e.gained, "samples");
    f("calibration_agreement_with_float", e.agreement, "share of answers, 0..1");
    f("calibration_output_sqnr", e.outputSqnrDb, "dB");
    f("calibration_output_sqnr_error", e.outputSqnrErrorDb, "dB");
    f("calibration_maximum_error", e.maximumError);
}

}  // namespace

Hdf5Node toNode(const KeptEvaluation& kept) {
    Hdf5Node node;
    node.about = "A network measured on data, against its labels and against float";
    node.add("model_sha256", kept.model);
    node.add("data", kept.data);
    node.add("engine", std::string(nameOf(kept.evaluation.mode)));
    node.add("recipe", toJson(kept.recipe));
    ToNode to(node);
    Evaluation evaluation = kept.evaluation;
    fields(to, evaluation);
    laterFields(to, evaluation);
    if (CalibrationChoice choice = kept.choice; !choice.data.empty()) fields(to, choice);
    if (kept.calibration) {
        Evaluation calibration = *kept.calibration;
        calibrationFields(to, calibration);
    }
    LayerColumns columns;
    for (const LayerEvaluation& layer : evaluation.layers) {
        columns.name.push_back(layer.name);
        columns.kernel.push_back(layer.kernel);
        columns.reason.push_back(layer.reason);
        columns.sqnr.push_back(layer.sqnrDb);
        columns.carried.push_back(layer.carriedSqnrDb);
        columns.ms.push_back(layer.medianMs);
        columns.integer.push_back(layer.integer);
    }
    fields(to, columns);
    return node;
}

std::optional<KeptEvaluation> evaluationFrom(const Hdf5Node& node) {
    KeptEvaluation kept;
    FromNode from(node);
    std::string engine, recipe;
    from("model_sha256", kept.model);
    from("data", kept.data);
    from("engine", engine);
    from("recipe", recipe);
    fields(from, kept.evaluation);
    LayerColumns c;
    fields(from, c);
    const auto mode = engineModeFromName(engine);
    const std::size_t n = c.name.size();
    if (!from.complete() || !mode || c.kernel.size() != n || c.reason.size() != n || c.sqnr.size() != n || c.carried.size() != n || c.ms.size() != n || c.integer.size() != n)
        return std::nullopt;
    kept.evaluation.mode = *mode;
    kept.evaluation.outputSqnrErrorDb = std::numeric_limits<double>::quiet_NaN();
    FromNode later(node), choice(node), calibration(node);
    laterFields(later, kept.evaluation);
    fields(choice, kept.choice);
    Evaluation onCalibration;
    onCalibration.mode = *mode;
    calibrationFields(calibration, onCalibration);
    if (calibration.complete()) kept.calibration = onCalibration;
    kept.recipe = recipeFromJson(recipe, "the recipe of an evaluation");
    for (std::size_t i = 0; i < n; ++i) kept.evaluation.layers.push_back({c.name[i], c.sqnr[i], c.carried[i], c.ms[i], c.kernel[i], c.integer[i] != 0, c.reason[i]});
    return kept;
}

}  // namespace bitlathe
