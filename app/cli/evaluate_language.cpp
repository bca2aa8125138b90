#include "app/cli/evaluate_language.h"

#include "app/cli/gate.h"
#include "app/cli/inspect_language.h"
#include "app/cli/json_output.h"
#include "app/cli/text_table.h"

#include "core/base/mapped_file.h"
#include "core/formats/gguf/imatrix.h"
#include "core/workflow/cache_size.h"
#include "core/workflow/load.h"
#include "core/workflow/load_tokenizer.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>

namespace bitlathe::cli {

namespace {

const std::vector<std::string> kMetrics = {"perplexity", "kld", "layers"};
const std::vector<std::string> kFigures = {"perplexity", "perplexity_ratio", "kld_mean", "kld_p99", "agreement"};

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
Json toJson(const Estimate& of) { return {{"value", number(of.value)}, {"error", number(of.error)}}; }
Json toJson(const Distribution& of) {
    return {{"mean", number(of.mean.value)}, {"meanError", number(of.mean.error)}, {"minimum", number(of.minimum)}, {"p0.1", number(of.p0_1)}, {"p1", number(of.p1)}, {"p5", number(of.p5)}, {"p10", number(of.p10)},
            {"p25", number(of.p25)}, {"median", number(of.median)}, {"p75", number(of.p75)}, {"p90", number(of.p90)}, {"p95", number(of.p95)}, {"p99", number(of.p99)}, {"p99.9", number(of.p99_9)}, {"maximum", number(of.maximum)}};
}

struct Measured {
    LanguageEvaluation evaluation;
    std::vector<CarriedError> layers;
    EngineMode mode = EngineMode::Float;
    bool divergence = false;
    bool partial = false;  // it was stopped
    std::vector<std::string> notes;
    CacheSize cache;
    std::int64_t context = 0;  // of a window
};

Json toJson(const Measured& of) {
    const LanguageFigures& f = of.evaluation.figures;
    Json out = {{"engine", nameOf(of.mode)}, {"partial", of.partial}, {"windows", of.evaluation.windowsDone}, {"windowsOfAll", of.evaluation.windows}, {"tokensRead", of.evaluation.tokensRead}, {"tokensPredicted", f.tokens}, {"perplexity", toJson(f.perplexity)}, {"loss", toJson(f.loss)},
                {"seconds", of.evaluation.seconds}, {"tokensPerSecond", of.evaluation.tokensPerSecond}};
    if (f.compared)
        out.update({{"referencePerplexity", toJson(f.referencePerplexity)}, {"perplexityRatio", toJson(f.ratio)}, {"perplexityDifference", toJson(f.difference)}, {"logPerplexityRatio", toJson(f.logRatio)},
                    {"lossCorrelation", f.lossCorrelation}, {"referenceSeconds", of.evaluation.referenceSeconds}, {"referenceTokensPerSecond", of.evaluation.referenceTokensPerSecond}});
    if (of.divergence)
        out.update({{"kld", toJson(f.divergence)}, {"probabilityChange", toJson(f.probabilityChange)}, {"probabilityChangeRms", toJson(f.probabilityChangeRms)}, {"agreement", toJson(f.sameTop)}});
    Json layers = Json::array();
    for (const CarriedError& layer : of.layers) layers.push_back({{"name", layer.tensor}, {"carriedSqnrDb", number(layer.sqnrDb)}});
    if (!of.layers.empty()) out["layers"] = std::move(layers);
    out["cache"] = cacheJson(of.cache, of.context);
    out["notes"] = of.notes;
    return out;
}

std::string within(const Estimate& of, int decimals, double scale = 1) { return fixedText(of.value * scale, decimals) + " ± " + fixedText(of.error * scale, decimals); }

void print(const Measured& of, bool layers, bool quiet) {
    const LanguageFigures& f = of.evaluation.figures;
    if (layers && !of.layers.empty()) {
        TextTable table({{"Weight"}, {"Carried SQNR dB", Align::Right}});
        for (const CarriedError& layer : of.layers) table.add({layer.tensor, fixedText(layer.sqnrDb, 1)});
        std::cout << table.text() << "\n";
    }
    if (of.partial) std::cout << "PARTIAL: stopped after " << of.evaluation.windowsDone << " of " << of.evaluation.windows << " windows; the figures are of the " << f.tokens << " tokens predicted so far\n";
    if (!quiet)
        std::cout << nameOf(of.mode) << " engine, " << of.evaluation.windowsDone << " windows, " << f.tokens << " tokens predicted, " << fixedText(of.evaluation.tokensPerSecond, 1) << " tokens/s\n";
    std::cout << "perplexity  " << within(f.perplexity, 4) << "\n";
    if (f.compared)
        std::cout << "reference   " << within(f.referencePerplexity, 4) << ", ratio " << within(f.ratio, 6) << ", difference " << within(f.difference, 4) << "\n";
    if (of.divergence) {
        const Distribution& d = f.divergence;
        std::cout << "KLD         mean " << within(d.mean, 6) << " nats; median " << fixedText(d.median, 6) << ", 90 % " << fixedText(d.p90, 6) << ", 95 % " << fixedText(d.p95, 6) << ", 99 % " << fixedText(d.p99, 6) << ", 99.9 % "
                  << fixedText(d.p99_9, 6) << ", maximum " << fixedText(d.maximum, 6) << "\n"
                  << "Δp          mean " << within(f.probabilityChange.mean, 3, 100) << " %, RMS " << within(f.probabilityChangeRms, 3, 100) << " %, median " << fixedText(f.probabilityChange.median * 100, 3) << " %, 1 % "
                  << fixedText(f.probabilityChange.p1 * 100, 3) << " %, 99 % " << fixedText(f.probabilityChange.p99 * 100, 3) << " %\n"
                  << "agreement   " << within(f.sameTop, 3, 100) << " % of tokens: both expect the same one most\n";
    }
    if (quiet) return;
    std::cout << "KV cache    " << cacheSizeText(of.cache, of.context) << "\n";
    for (const std::string& note : of.notes) std::cout << "note: " << note << "\n";
}

double figure(const LanguageFigures& f, const std::string& name) {
    if (name == "perplexity") return f.perplexity.value;
    if (name == "perplexity_ratio") return f.ratio.value;
    if (name == "kld_mean") return f.divergence.mean.value;
    if (name == "kld_p99") return f.divergence.p99;
    return f.sameTop.value;
}

bool asked(const LanguageOptions& options, const char* metric) { return std::find(options.metrics.begin(), options.metrics.end(), metric) != options.metrics.end(); }

bool holdsBlocks(const Model& model) {
    return std::any_of(model.graph.values.begin(), model.graph.values.end(), [](const Value& value) { return value.blocks.has_value(); });
}

}  // namespace

void addLanguageOptions(CLI::App& app, LanguageOptions& options) {
    app.add_option("--metric", options.metrics, "Of language models on text: perplexity, kld, layers")->delimiter(',')->check(CLI::IsMember(kMetrics))->group("Language models");
    app.add_option("--reference", options.reference, "Compare with this model, in float, and not with the model itself in float")->group("Language models");
    app.add_option("--tokenizer", options.tokenizer, "The tokenizer: a GGUF file, tokenizer.json or tokenizer.bin of llama2.c; else the model's own")->group("Language models");
    app.add_option("--importance,--imatrix", options.importance, "A file of llama.cpp's imatrix (.dat or GGUF; 'importance' makes one): the recipe's block formats fit what matters most")->group("Language models");
    app.add_option("--context", options.windows.context, "Tokens of a window; the second half of each is predicted. A short text needs a smaller one")->group("Language models")->capture_default_str();
    app.add_option("--stride", options.windows.stride, "Windows begin so many tokens apart, and so many of each are predicted; 0: side by side")->group("Language models")->capture_default_str();
    app.add_option("--chunks", options.mostWindows, "Use only so many windows; 0 for all")->check(CLI::NonNegativeNumber)->group("Language models");
    app.add_option("--split-at", options.windows.separator, "The text falls into slices at this, each with an empty memory and wholly predicted")->group("Language models");
    app.add_option("--slice", options.windows.sliceCharacters, "The same with slices of so many characters")->check(CLI::NonNegativeNumber)->group("Language models");
}

bool isTextData(const std::string& data, const LanguageOptions& options) {
    if (!options.metrics.empty()) return true;
    const std::string extension = std::filesystem::path(data).extension().string();
    return extension == ".txt" || extension == ".md" || extension == ".raw" || extension == ".text";
}

int evaluateLanguageModel(const std::string& modelPath, const std::string& data, const QuantizationOptions& given, const LanguageOptions& options,
                          const std::vector<std::string>& gateTexts, Session& session) {
    std::vector<Gate> gates;
    for (const std::string& text : gateTexts) gates.push_back(parseGate(text, kFigures));
    JobContext loading = session.job().part(0.0, 0.1), running = session.job().part(0.1, 1.0);
    QuantizationOptions quantization = given;
    quantization.withImportance = !options.importance.empty();
    const std::shared_ptr<const Model> model = loadInput(modelPath, quantization, session, loading);
    std::optional<Recipe> recipe = chosenRecipe(quantization, model.get());
    if (quantization.choosesCache()) {
        if (!recipe) recipe.emplace();
        recipe->cache = chosenCache(quantization, recipe->cache, *model);
    }
    Measured measured;
    measured.mode = !quantization.engine.empty() ? *engineModeFromName(quantization.engine) : recipe || holdsBlocks(*model) ? EngineMode::Integer : EngineMode::Float;
    if (measured.mode == EngineMode::Float && recipe && codesWeights(*recipe)) throw Error(ErrorKind::Usage, "--engine float runs the file's own weights and would not show what the recipe does; leave --engine out, or take simulated or integer");
    const bool compared = recipe || !options.reference.empty() || asked(options, "kld") || asked(options, "layers");
    measured.divergence = compared && (options.metrics.empty() || asked(options, "kld"));
    for (const Gate& gate : gates)
        if (!compared && gate.figure != "perplexity") throw Error(ErrorKind::Usage, "--fail-if '" + gate.text + "' needs something to compare with; give --recipe, --reference or --metric kld");

    const Tokenizer tokenizer = loadTokenizer(!options.tokenizer.empty() ? std::filesystem::path(options.tokenizer) : model->source, loading);
    const auto text = MappedFile::open(data);
    const auto windows = windowsOf({reinterpret_cast<const char*>(text->bytes().data()), text->bytes().size()}, tokenizer, options.windows, loading);
    std::optional<Importance> importance;
    if (!options.importance.empty()) importance = gguf::readImportance(options.importance, loading);
    const LanguageNetwork network = recipe ? prepareLanguage(model, *recipe, importance ? &*importance : nullptr, measured.mode, session.machine(), session.workers(), loading)
                                           : prepareLanguage(model, measured.mode, session.machine());
    std::optional<LanguageNetwork> reference;
    if (compared) reference = prepareLanguage(options.reference.empty() ? model : loadModel(options.reference, session.machine(), loading), EngineMode::Float, session.machine());
    measured.notes = network.notes;
    measured.cache = cacheSizeOf(network.spec, network.cache);
    measured.context = options.windows.context;
    if (tokenizer.size() != network.spec.vocabulary)
        measured.notes.push_back("the tokenizer has " + std::to_string(tokenizer.size()) + " tokens and the network " + std::to_string(network.spec.vocabulary) + "; perplexity takes all of the network's into account");

    if (network.spec.context > 0 && options.windows.context > network.spec.context)
        measured.notes.push_back("windows of " + std::to_string(options.windows.context) + " tokens are longer than the " + std::to_string(network.spec.context) + " that the model learned on: what it predicts behind them counts for little");

    PerplexityOptions how;
    how.mostWindows = options.mostWindows;
    const auto say = [&] {
        session.endProgress();
        if (session.json()) printJson(toJson(measured));
        else print(measured, asked(options, "layers"), session.quiet());
    };
    how.stopped = [&](const LanguageEvaluation& sofar) { measured.evaluation = sofar; };
    // Which weights carry how much: for people where they ask for it, in JSON with every divergence.
    if (asked(options, "layers") || (session.json() && measured.divergence)) {
        constexpr std::int64_t kTokens = 512;
        JobContext part = running.part(0.0, 0.2);
        measured.layers = carriedErrors(network, *reference, windows, kTokens, session.workers(), part);
    }
    JobContext part = running.part(measured.layers.empty() ? 0.0 : 0.2, 1.0);
    try {
        measured.evaluation = evaluateLanguage(network, reference, windows, how, session.workers(), part);
    } catch (const Cancelled&) {
        if (measured.evaluation.figures.tokens == 0) throw;
        measured.partial = true;
        say();
        std::cout.flush();
        std::fprintf(stderr, "cancelled; the figures are partial, and no gate was asked\n");
        return kCancelled;
    }
    say();
    for (const Gate& gate : gates) {
        const double value = figure(measured.evaluation.figures, gate.figure);
        if (!gate.holds(value)) continue;
        std::cout.flush();
        std::fprintf(stderr, "gate failed: %s (it is %g)\n", gate.text.c_str(), value);
        return kGateFailed;
    }
    return kDone;
}

}  // namespace bitlathe::cli
