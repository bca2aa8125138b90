#include "app/cli/inspect_language.h"

#include "app/cli/command.h"

#include "core/base/number_text.h"
#include "core/language/architecture.h"
#include "core/workflow/cache_size.h"
#include "core/workflow/language.h"
#include "core/workflow/load_tokenizer.h"

#include <optional>

namespace bitlathe::cli {

namespace {

struct Found {
    LanguageSpec spec;
    std::string whyNot;     // empty: it runs
    std::string tokenizer;  // its name, or why there is none
    struct Held {
        CacheType type;
        CacheSize size;
    };
    std::vector<Held> caches;  // keys and values in each type that can hold them
};

std::optional<Found> find(const Model& model, Session& session) {
    if (!model.graph.weightsOnly) return std::nullopt;
    Found found;
    found.spec.architecture = model.producer;
    try {
        const auto spec = describeLanguage(model);
        if (!spec) return std::nullopt;
        found.spec = *spec;
        found.whyNot = spec->whyNot;
        for (const CacheType type : kAllCacheTypes) {
            const CacheChoice choice{{type, type}, {}};
            const bool fits = cacheRowBytes(type, spec->headSize) > 0 && cacheRowBytes(type, spec->valueSize) > 0;
            if (!spec->encoder && spec->layers > 0 && fits) found.caches.push_back({type, cacheSizeOf(*spec, choice)});
        }
        if (found.whyNot.empty()) prepareLanguage(std::make_shared<const Model>(model), EngineMode::Float, session.machine());
    } catch (const Error& error) {
        found.whyNot = error.message();
    }
    try {
        found.tokenizer = loadTokenizer(model.source, session.job()).name();
    } catch (const Error& error) {
        found.tokenizer = error.message();
    }
    return found;
}

std::string counted(std::int64_t number) { return countText(static_cast<std::uint64_t>(number)); }

}  // namespace

std::string languageText(const Model& model, Session& session) {
    const auto found = find(model, session);
    if (!found) return {};
    const LanguageSpec& spec = found->spec;
    std::string text = "language model  " + (spec.label.empty() ? spec.architecture : spec.label) + "\n";
    if (!spec.label.empty() && spec.layers > 0) {
        text += "network    " + counted(spec.layers) + (spec.layers == 1 ? " layer, " : " layers, ") + counted(spec.width) + " wide, " + counted(spec.heads) + " heads of " + counted(spec.headSize) +
                (spec.kvHeads != spec.heads ? " on " + counted(spec.kvHeads) + " of keys" : "") + ", " + counted(spec.vocabulary) + " tokens\n";
        text += "context    " + counted(spec.context) + " tokens" + (spec.window > 0 ? ", windows of " + counted(spec.window) : "") + "\n";
        std::string sizes;
        for (const Found::Held& held : found->caches)
            sizes += (sizes.empty() ? "KV cache   " : ", ") + std::string(nameOf(held.type)) + " " + bytesText(held.size.bytesPerToken) + " a token (" + bytesText(held.size.bytes()) + ")";
        if (!sizes.empty()) text += sizes + "; in brackets the whole context\n";
    }
    text += "tokenizer  " + found->tokenizer + "\n";
    return text + (found->whyNot.empty() ? spec.encoder ? "runs here: reads text, continues none\n" : "runs here\n" : "cannot be run here: " + found->whyNot + "\n");
}

Json languageJson(const Model& model, Session& session) {
    const auto found = find(model, session);
    if (!found) return nullptr;
    const LanguageSpec& spec = found->spec;
    Json caches = Json::object();
    for (const Found::Held& held : found->caches) caches[std::string(nameOf(held.type))] = {{"bytesPerToken", held.size.bytesPerToken}, {"bytes", held.size.bytes()}};
    return {{"architecture", spec.architecture}, {"label", spec.label}, {"layers", spec.layers}, {"width", spec.width}, {"heads", spec.heads}, {"kvHeads", spec.kvHeads}, {"headSize", spec.headSize},
            {"vocabulary", spec.vocabulary}, {"context", spec.context}, {"window", spec.window}, {"encoder", spec.encoder}, {"cacheBytesPerToken", found->caches.empty() ? 0 : found->caches.front().size.bytesPerToken}, {"caches", caches}, {"tokenizer", found->tokenizer},
            {"runs", found->whyNot.empty()}, {"whyNot", found->whyNot}};
}

Json cacheJson(const CacheSize& size, std::int64_t tokens) {
    Json blocks = Json::array();
    for (std::size_t i = 0; i < size.blocks.size(); ++i)
        blocks.push_back({{"keys", nameOf(size.blocks[i].keys)}, {"values", nameOf(size.blocks[i].values)}, {"bytesPerToken", size.blockBytes[i]}});
    return {{"bytesPerToken", size.bytesPerToken}, {"tokens", tokens}, {"bytes", size.bytesPerToken * tokens}, {"blocks", blocks}};
}

}  // namespace bitlathe::cli
