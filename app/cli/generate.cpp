#include "core/workflow/generate.h"

#include "app/cli/command.h"
#include "app/cli/inspect_language.h"
#include "app/cli/json_output.h"
#include "app/cli/quantization_options.h"
#include "core/base/number_text.h"
#include "core/formats/gguf/imatrix.h"
#include "core/workflow/cache_size.h"
#include "core/workflow/language.h"
#include "core/workflow/load_tokenizer.h"
#include "core/workflow/side_by_side.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <iostream>

namespace bitlathe::cli {

namespace {

struct Options {
    std::string model, prompt, promptFile, tokenizer, importance;
    std::int64_t tokens = 96;
    Sampling sampling;
    bool toTheEnd = false;
    QuantizationOptions quantization;
};

constexpr CacheHeld kUsual{CacheType::F16, CacheType::F16};

// What --engine says of the quantized network; integers where it says nothing.
EngineMode modeOf(const std::string& engine, EngineMode otherwise) {
    if (engine.empty()) return otherwise;
    return *engineModeFromName(engine);
}

Json shares(const std::vector<TokenShare>& best, const Tokenizer& tokenizer) {
    Json list = Json::array();
    for (const TokenShare& share : best) list.push_back({{"token", share.token}, {"text", tokenizer.piece(share.token)}, {"probability", share.probability}});
    return list;
}

Json toJson(const ContinuedSide& side, const Tokenizer& tokenizer) {
    std::string text;
    Json tokens = Json::array();
    for (const ContinuedToken& token : side.tokens) {
        text += token.text;
        tokens.push_back({{"token", token.token}, {"text", token.text}, {"probability", token.probability}, {"best", shares(token.best, tokenizer)}});
    }
    return {{"text", text}, {"tokensPerSecond", side.tokensPerSecond}, {"promptSeconds", side.promptSeconds}, {"contextFull", side.contextFull}, {"tokens", tokens}};
}

std::string textOf(const ContinuedSide& side, std::size_t from = 0) {
    std::string text;
    for (std::size_t i = from; i < side.tokens.size(); ++i) text += side.tokens[i].text;
    return text;
}

// Where the networks begin to differ while they still read the same.
void printParting(const Parting& parting) {
    const auto percent = [](double share) { return fixedText(100 * share, 1) + " %"; };
    const std::string limit = fixedText(100 * parting.threshold, 0) + " %";
    if (const std::int64_t worst = parting.worstProduct(); worst >= 0) {
        const Parting::Product& shown = parting.products[std::size_t(parting.product >= 0 ? parting.product : worst)];
        std::cout << (parting.product >= 0 ? "First product more than " + limit + " off: " : "No product is " + limit + " off; the most: ") << shown.weight << " (" << percent(shown.error) << ").\n";
    }
    if (const std::int64_t worst = parting.worstBlock(); worst >= 0) {
        const std::int64_t shown = parting.block >= 0 ? parting.block : worst;
        std::cout << (parting.block >= 0 ? "First block whose output is: block " : "No block's output is; the most: block ") << shown << " (" << percent(parting.blocks[std::size_t(shown)]) << ").\n";
    }
}

void print(const SideBySide& both, const Options& options, bool quiet) {
    double sum = 0;
    for (const double nats : both.divergence) sum += nats;
    std::cout << "float (" << fixedText(both.first.tokensPerSecond, 0) << " tokens/s)\n" << options.prompt << textOf(both.first) << "\n\n"
              << "quantized (" << fixedText(both.second.tokensPerSecond, 0) << " tokens/s)\n" << options.prompt << textOf(both.second) << (quiet ? "\n" : "\n\n");
    if (quiet) return;
    if (const std::int64_t at = both.partsAt(); at >= 0) {
        const ContinuedToken &a = both.first.tokens[std::size_t(at)], &b = both.second.tokens[std::size_t(at)];
        std::cout << "They part at token " << at + 1 << ": float says \"" << a.text << "\" (" << fixedText(100 * a.probability, 1) << " %), quantized \"" << b.text << "\" ("
                  << fixedText(100 * b.probability, 1) << " %).\n";
    } else {
        std::cout << "Both wrote the same.\n";
    }
    if (!both.divergence.empty()) std::cout << "KL divergence: " << sum / double(both.divergence.size()) << " nats on average over " << both.divergence.size() << " tokens.\n";
    printParting(both.parting);
    for (const ContinuedSide* side : {&both.first, &both.second})
        if (side->contextFull) std::cout << (side == &both.first ? "Float" : "Quantized") << " stopped after " << side->tokens.size() << " tokens: the context is full.\n";
}

Json toJson(const SideBySide& both, const Tokenizer& tokenizer) {
    const std::int64_t at = both.partsAt();
    Json parting = nullptr;
    if (const Parting& p = both.parting; !p.blocks.empty()) {
        Json products = Json::array();
        for (const Parting::Product& product : p.products) products.push_back({{"weight", product.weight}, {"relativeError", product.error}});
        Json blocks = Json::array();
        for (const double error : p.blocks) blocks.push_back(error);
        parting = {{"threshold", p.threshold}, {"firstBlock", p.block >= 0 ? Json(p.block) : Json(nullptr)}, {"firstProduct", p.product >= 0 ? Json(p.products[std::size_t(p.product)].weight) : Json(nullptr)},
                   {"blocks", blocks}, {"products", products}};
    }
    return {{"float", toJson(both.first, tokenizer)}, {"quantized", toJson(both.second, tokenizer)}, {"partsAt", at >= 0 ? Json(at) : Json(nullptr)},
            {"divergence", both.divergence}, {"parting", parting}};
}

// One network alone: its text as it comes.
int continueOne(const LanguageNetwork& network, const Tokenizer& tokenizer, const std::vector<std::int32_t>& prompt, const Options& options, Session& session) {
    DecodeSession decoding(network, {}, session.workers());
    TextStream stream(tokenizer, true);
    ContinuedSide side;
    GenerateOptions generating;
    generating.sampling = options.sampling;
    generating.mostTokens = options.tokens;
    generating.token = [&](const Sampled& chosen) {
        if (tokenizer.ends(chosen.token) && !options.toTheEnd) return false;
        side.tokens.push_back({chosen.token, stream.push(chosen.token), chosen.probability, {}});
        if (!session.json()) std::cout << side.tokens.back().text << std::flush;
        return true;
    };
    if (!session.json()) std::cout << options.prompt << std::flush;
    JobContext quiet(session.job().stopToken());
    const Generated made = generate(decoding, prompt, generating, quiet);
    if (!side.tokens.empty()) side.tokens.back().text += stream.finish();
    side.promptSeconds = made.promptSeconds;
    side.tokensPerSecond = made.tokensPerSecond;
    side.contextFull = made.contextFull;
    if (session.json()) {
        printJson({{"prompt", prompt}, {"engine", nameOf(network.mode)}, {"continuation", toJson(side, tokenizer)}, {"contextFull", made.contextFull}, {"cache", cacheJson(cacheSizeOf(network.spec, network.cache), decoding.context())}});
    } else {
        std::cout << std::endl;  // before the note on the other stream
        session.note(fixedText(made.tokensPerSecond, 1) + " tokens/s; the prompt's " + std::to_string(prompt.size()) + " tokens at " + fixedText(made.promptTokensPerSecond, 1) + " a second" +
                     (made.contextFull ? "; the context is full" : ""));
        session.note("KV cache " + cacheSizeText(cacheSizeOf(network.spec, network.cache), decoding.context()));
    }
    return kDone;
}

}  // namespace

Action generateCommand(CLI::App& app, CommonOptions& common) {
    auto options = std::make_shared<Options>();
    app.add_option("MODEL", options->model, "The language model: GGUF, a folder or file of safetensors, or a checkpoint of llama2.c")->required();
    auto* prompt = app.add_option("--prompt", options->prompt, "The beginning of the text");
    app.add_option("--prompt-file", options->promptFile, "A file with the beginning of the text")->excludes(prompt);
    app.add_option("--tokenizer", options->tokenizer, "The tokenizer: a GGUF file, tokenizer.json or tokenizer.bin of llama2.c; else the model's own");
    app.add_option("--tokens", options->tokens, "How many tokens to make")->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}));
    app.add_option("--temperature", options->sampling.temperature, "0 takes the likeliest token every time")->check(CLI::NonNegativeNumber);
    app.add_option("--top-k", options->sampling.topK, "Draw among so many; 0 for all")->check(CLI::NonNegativeNumber);
    app.add_option("--top-p", options->sampling.topP, "Draw among those that hold this share")->check(CLI::Range(0.0, 1.0));
    app.add_option("--seed", options->sampling.seed, "Equal seeds, equal texts");
    app.add_option("--importance,--imatrix", options->importance, "A file of llama.cpp's imatrix, for the recipe's block formats");
    app.add_flag("--ignore-end", options->toTheEnd, "Go on after a token that ends the text");
    addQuantizationOptions(app, options->quantization, true);
    addCacheOptions(app, options->quantization);
    app.add_flag("--json", common.json, "Print one JSON document");
    return [options](Session& session) -> int {
        if (!options->promptFile.empty()) options->prompt = readText(options->promptFile);
        JobContext loading = session.job().part(0, 0.2);
        const auto model = loadInput(options->model, options->quantization, session, loading);
        const Tokenizer tokenizer = loadTokenizer(options->tokenizer.empty() ? model->source : std::filesystem::path(options->tokenizer), loading);
        const std::vector<std::int32_t> ids = tokenizer.encode(options->prompt);
        if (ids.empty()) throw Error(ErrorKind::Usage, "there is nothing to continue; give --prompt TEXT or --prompt-file FILE");
        options->quantization.withImportance = !options->importance.empty();
        std::optional<Recipe> recipe = chosenRecipe(options->quantization, model.get());
        const std::string& engine = options->quantization.engine;
        if (!recipe) {
            LanguageNetwork network = prepareLanguage(model, modeOf(engine, EngineMode::Integer), session.machine());
            const CacheChoice cache = chosenCache(options->quantization, {}, *model);
            requireCache(cache, network.spec);
            network.cache = cacheSizeOf(network.spec, cache, kUsual).blocks;
            session.endProgress();
            return continueOne(network, tokenizer, ids, *options, session);
        }
        recipe->cache = chosenCache(options->quantization, recipe->cache, *model);
        recipe->cache.all = {recipe->cache.all.keys.value_or(kUsual.keys), recipe->cache.all.values.value_or(kUsual.values)};
        if (modeOf(engine, EngineMode::Integer) == EngineMode::Float && codesWeights(*recipe)) throw Error(ErrorKind::Usage, "--engine float runs the file's own weights and would not show what the recipe does; leave --engine out, or take simulated or integer");
        std::optional<Importance> importance;
        if (!options->importance.empty()) importance = gguf::readImportance(options->importance, loading);
        const LanguageNetwork real = prepareLanguage(model, EngineMode::Float, session.machine());
        const LanguageNetwork quantized = prepareLanguage(model, *recipe, importance ? &*importance : nullptr, modeOf(engine, EngineMode::Integer), session.machine(), session.workers(), loading);
        // One reason mostly holds for all of them.
        if (!quantized.notes.empty()) session.note(quantized.notes.front());
        if (quantized.notes.size() > 1) session.note("… and so " + std::to_string(quantized.notes.size() - 1) + " more tensors");
        SideBySideOptions how;
        how.sampling = options->sampling;
        how.mostTokens = options->tokens;
        how.stopAtEnd = !options->toTheEnd;
        JobContext running = session.job().part(0.2, 1);
        const SideBySide both = continueSideBySide(real, quantized, tokenizer, options->prompt, how, session.workers(), running);
        session.endProgress();
        const CacheSize cache = cacheSizeOf(quantized.spec, quantized.cache);
        const std::int64_t context = std::min(quantized.spec.context, SessionOptions::kUsualContext);
        if (session.json()) {
            Json json = toJson(both, tokenizer);
            json["cache"] = cacheJson(cache, context);
            printJson(json);
        } else {
            print(both, *options, session.quiet());
            if (!session.quiet()) std::cout << "KV cache: " << cacheSizeText(cache, context) << "; float " << cacheSizeText(cacheSizeOf(real.spec, real.cache), context) << ".\n";
        }
        return kDone;
    };
}

}  // namespace bitlathe::cli
