#include "core/workflow/evaluate_parts.h"

#include "app/cli/command.h"
#include "app/cli/evaluate_language.h"
#include "app/cli/gate.h"
#include "app/cli/json_output.h"
#include "app/cli/quantization_options.h"
#include "app/cli/text_table.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

namespace bitlathe::cli {

namespace {

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json toJson(const Evaluation& e) {
    Json layers = Json::array();
    for (const LayerEvaluation& layer : e.layers)
        layers.push_back({{"name", layer.name}, {"sqnrDb", number(layer.sqnrDb)}, {"carriedSqnrDb", number(layer.carriedSqnrDb)}, {"medianMs", layer.medianMs},
                          {"kernel", layer.kernel}, {"integer", layer.integer}, {"reason", layer.reason}});
    const Json none = nullptr;
    return {{"engine", nameOf(e.mode)}, {"samples", e.samples}, {"top1", e.labelled ? Json(e.top1) : none}, {"top5", e.labelled ? Json(e.top5) : none},
            {"agreement", e.agreement}, {"layers", layers}, {"floatTop1", e.labelled ? Json(e.floatTop1) : none},
            {"floatTop5", e.labelled ? Json(e.floatTop5) : none}, {"outputSqnrDb", number(e.outputSqnrDb)}, {"maximumError", number(e.maximumError)},
            {"flipped", e.flipped}, {"seconds", e.seconds}, {"note", e.note}, {"batch", e.batch}};
}

Json toJson(const GapFigure& figure) { return {{"gap", number(figure.gap)}, {"chance", number(figure.noise)}, {"beyond", figure.beyond()}}; }

// The figures of the held-out samples stand where they always stood; beside them those of the samples that calibrated.
Json toJson(const PartsEvaluation& result, const CalibrationChoice& choice) {
    Json json = toJson(result.heldOut);
    if (choice.data.empty()) return json;
    json["split"] = {{"calibrationData", choice.data}, {"sameData", choice.split}, {"seed", choice.seed}};
    if (!result.calibration) return json;
    Json calibration = toJson(*result.calibration);
    for (const char* left : {"layers", "engine", "batch"}) calibration.erase(left);
    json["calibration"] = calibration;
    const SplitGap gap = *result.gap();
    json["gap"] = {{"agreement", toJson(gap.agreement)}, {"outputSqnrDb", toJson(gap.sqnrDb)}, {"top1Loss", gap.top1Loss ? toJson(*gap.top1Loss) : Json(nullptr)},
                   {"floatTop1", gap.floatTop1 ? toJson(*gap.floatTop1) : Json(nullptr)}, {"overfits", gap.overfits()}, {"text", gapText(gap, *result.calibration, result.heldOut)}};
    return json;
}

void print(const Evaluation& e, bool quiet) {
    if (!quiet && !e.layers.empty()) {
        TextTable table({{"Layer"}, {"Own SQNR dB", Align::Right}, {"Carried SQNR dB", Align::Right}, {"ms per " + std::to_string(e.batch) + (e.batch == 1 ? " sample" : " samples"), Align::Right}, {"Kernel"}, {"Remark"}});
        for (const LayerEvaluation& layer : e.layers)
            table.add({layer.name, fixedText(layer.sqnrDb, 1), fixedText(layer.carriedSqnrDb, 1), fixedText(layer.medianMs, 3), layer.kernel, layer.reason});
        std::cout << table.text() << "\n";
    }
    if (!quiet) std::cout << nameOf(e.mode) << " engine, " << e.samples << " samples, " << fixedText(e.seconds, 2) << " s\n";
    if (e.labelled) {
        std::cout << "top-1      " << fixedText(e.top1 * 100, 2) << " %  (float " << fixedText(e.floatTop1 * 100, 2) << " %)\n";
        std::cout << "top-5      " << fixedText(e.top5 * 100, 2) << " %  (float " << fixedText(e.floatTop5 * 100, 2) << " %)\n";
    }
    if (e.mode != EngineMode::Float)
        std::cout << "agreement  " << fixedText(e.agreement * 100, 2) << " % of samples have float's highest output\n"
                  << "outputs    SQNR " << fixedText(e.outputSqnrDb, 1) << " dB, largest error " << e.maximumError << "\n";
    if (!quiet && !e.note.empty()) std::cout << "note: " << e.note << "\n";
}

std::string percent(double share) { return fixedText(share * 100, 2) + " %"; }

void print(const PartsEvaluation& result, const CalibrationChoice& choice, bool quiet) {
    print(result.heldOut, quiet);
    if (quiet || !result.calibration) return;
    const Evaluation &held = result.heldOut, &calibrated = *result.calibration;
    const SplitGap gap = *result.gap();
    TextTable table({{""}, {"Held out", Align::Right}, {"Calibration", Align::Right}, {"Gap ± chance", Align::Right}});
    const auto gapOf = [](const GapFigure& f, double unit, int decimals, const char* name) {
        return fixedText(f.gap * unit, decimals) + " ± " + fixedText(f.noise * unit, decimals) + name + (f.beyond() ? " !" : "");
    };
    table.add({"samples", std::to_string(held.samples), std::to_string(calibrated.samples), ""});
    if (held.labelled && calibrated.labelled) {
        const auto loss = [](const Evaluation& e) { return fixedText((e.floatTop1 - e.top1) * 100, 2) + " points"; };
        table.add({"top-1", percent(held.top1), percent(calibrated.top1), ""});
        table.add({"top-1 of float", percent(held.floatTop1), percent(calibrated.floatTop1), gapOf(*gap.floatTop1, 100, 2, " points")});
        table.add({"top-1 lost to float", loss(held), loss(calibrated), gapOf(*gap.top1Loss, 100, 2, " points")});
    }
    table.add({"agreement", percent(held.agreement), percent(calibrated.agreement), gapOf(gap.agreement, 100, 2, " points")});
    table.add({"output SQNR", fixedText(held.outputSqnrDb, 1) + " dB", fixedText(calibrated.outputSqnrDb, 1) + " dB", gapOf(gap.sqnrDb, 1, 1, " dB")});
    std::cout << "\n" << partsText(choice, result) << "\n" << table.text() << gapText(gap, calibrated, held) << "\n";
}

double figure(const PartsEvaluation& result, const std::string& name) {
    const Evaluation& e = result.heldOut;
    const auto gap = result.gap();
    if (name == "agreement_gap") return gap ? gap->agreement.gap : 0;
    if (name == "overfits") return gap && gap->overfits();
    if (name == "top1") return e.top1;
    if (name == "top5") return e.top5;
    if (name == "agreement") return e.agreement;
    if (name == "top1_drop") return e.floatTop1 - e.top1;
    if (name == "top5_drop") return e.floatTop5 - e.top5;
    return e.outputSqnrDb;
}

void refuseUnlabelled(const Gate& gate) {
    if (gate.figure.starts_with("top")) throw Error(ErrorKind::Usage, "--fail-if '" + gate.text + "': the data has no labels; give data with labels, or gate on agreement");
}

}  // namespace

Action evaluateCommand(CLI::App& app, CommonOptions& common) {
    struct Options {
        std::string model, data;
        std::int64_t samples = 0;
        bool heldOutOnly = false;
        std::vector<std::string> gates;
        bool fast = false;
        QuantizationOptions quantization;
        LanguageOptions language;
    };
    auto options = std::make_shared<Options>();
    app.add_option("MODEL", options->model, "The model file")->required();
    app.add_option("--data", options->data, "What to measure on: .npz, .npy, HDF5 or an image folder; of language models a text")->required();
    addQuantizationOptions(app, options->quantization, true);
    addLanguageOptions(app, options->language);
    addCacheOptions(app, options->quantization);
    app.add_option("--samples", options->samples, "Measure only so many samples, picked by --split-seed; 0 for all")->check(CLI::NonNegativeNumber);
    app.add_flag("--held-out-only", options->heldOutOnly, "Do not measure the samples that calibrated as well: faster, but over-fitting is not seen");
    app.add_flag("--no-layers", options->fast, "Only the figures of the whole network: faster");
    app.add_option("--fail-if", options->gates, "Exit with 5 when this holds, e.g. 'top1_drop>0.01'");
    app.add_flag("--json", common.json, "Print one JSON document");
    return [options](Session& session) -> int {
        if (isTextData(options->data, options->language)) return evaluateLanguageModel(options->model, options->data, options->quantization, options->language, options->gates, session);
        if (options->quantization.choosesCache()) throw Error(ErrorKind::Usage, "--kv-k and --kv-v are for language models measured on text; give a text as --data, or leave them out");
        const std::vector<std::string> figures = {"top1", "top5", "agreement", "top1_drop", "top5_drop", "output_sqnr_db", "agreement_gap", "overfits"};
        std::vector<Gate> gates;
        for (const std::string& text : options->gates) gates.push_back(parseGate(text, figures));
        options->quantization.measuredOn = options->data;
        if (!openDataset(options->data).labels) std::for_each(gates.begin(), gates.end(), refuseUnlabelled);
        const PreparedRun prepared = prepareRun(options->model, options->quantization, session, options->fast);
        EvaluateOptions evaluation;
        evaluation.mostSamples = options->samples;
        evaluation.layers = !options->fast;
        const MeasuredParts parts{options->data, preprocessingOf(options->quantization, prepared.recipe), prepared.calibration, !options->heldOutOnly};
        JobContext running = session.job().part(0.35, 1.0);
        PartsEvaluation result, sofar;
        evaluation.partial = [&](const Evaluation& measured) { sofar.heldOut = measured; };
        try {
            result = evaluateParts(prepared.network, parts, evaluation, session.workers(), running);
        } catch (const Cancelled&) {
            if (sofar.heldOut.samples == 0) throw;
            session.endProgress();
            if (session.json()) {
                Json json = toJson(sofar, prepared.calibration);
                json["partial"] = true;
                printJson(json);
            } else {
                std::cout << "PARTIAL: stopped; the figures are of the " << sofar.heldOut.samples << " samples measured so far\n";
                print(sofar, prepared.calibration, session.quiet());
            }
            std::cout.flush();
            std::fprintf(stderr, "cancelled; the figures are partial, and no gate was asked\n");
            return kCancelled;
        }
        session.endProgress();
        if (session.json()) printJson(toJson(result, prepared.calibration));
        else print(result, prepared.calibration, session.quiet());
        for (const Gate& gate : gates) {
            if (!result.heldOut.labelled) refuseUnlabelled(gate);
            const double value = figure(result, gate.figure);
            if (!gate.holds(value)) continue;
            std::cout.flush();
            std::fprintf(stderr, "gate failed: %s (it is %g)\n", gate.text.c_str(), value);
            return kGateFailed;
        }
        return kDone;
    };
}

}  // namespace bitlathe::cli
