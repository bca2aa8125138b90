#include "core/workflow/cache_size.h"

#include "core/base/error.h"
#include "core/base/number_text.h"
#include "core/language/architecture.h"
#include "core/model/model.h"

#include <optional>
#include <utility>

namespace bitlathe {

namespace {

std::int64_t rowBytes(CacheType type, std::int64_t numbers) {
    const std::int64_t bytes = cacheRowBytes(type, numbers);
    return bytes > 0 ? bytes : cacheRowBytes(CacheType::F32, numbers);
}

}  // namespace

CacheSize cacheSizeOf(const LanguageSpec& spec, std::vector<CacheHeld> held) {
    CacheSize size;
    if (spec.encoder) return size;
    size.context = spec.context;
    size.blocks = std::move(held);
    size.blocks.resize(static_cast<std::size_t>(spec.layers));
    for (const CacheHeld& one : size.blocks) {
        size.blockBytes.push_back(spec.kvHeads * (rowBytes(one.keys, spec.headSize) + rowBytes(one.values, spec.valueSize)));
        size.bytesPerToken += size.blockBytes.back();
    }
    return size;
}

CacheSize cacheSizeOf(const LanguageSpec& spec, const CacheChoice& choice, CacheHeld otherwise) { return cacheSizeOf(spec, cacheHeld(choice, spec.layers, otherwise)); }

std::string cacheSizeText(const CacheSize& size, std::int64_t tokens) {
    return cacheText(cacheChoiceOf(size.blocks)) + ": " + bytesText(size.bytesPerToken) + " a token, " + bytesText(size.bytesPerToken * tokens) + " for " + countText(static_cast<std::uint64_t>(tokens)) +
           (tokens == 1 ? " token" : " tokens");
}

std::vector<Issue> cacheIssues(const CacheChoice& choice, const LanguageSpec& spec) {
    std::vector<Issue> issues;
    if (choice.empty()) return issues;
    if (spec.encoder) return {{Issue::Level::Note, "", "an encoder keeps no keys and values: how they are held changes nothing", "leave them as they are"}};
    if (!choice.blocks.empty() && choice.blocks.rbegin()->first >= spec.layers)
        issues.push_back({Issue::Level::Warning, "", "keys and values: the recipe speaks of block " + std::to_string(choice.blocks.rbegin()->first) + ", but the model has the blocks 0 to " + std::to_string(spec.layers - 1),
                          "remove the blocks that are not there"});
    const auto check = [&](CacheType CacheHeld::*side, std::int64_t numbers, const char* what) {
        for (const CacheHeld& held : cacheHeld(choice, spec.layers)) {
            if (cacheRowBytes(held.*side, numbers) > 0) continue;
            issues.push_back({Issue::Level::Error, "", std::string(what) + " of " + std::to_string(numbers) + " numbers a head are no whole number of blocks of 32, so " + std::string(nameOf(held.*side)) + " cannot hold them",
                              "choose f16"});
            return;
        }
    };
    check(&CacheHeld::keys, spec.headSize, "keys");
    check(&CacheHeld::values, spec.valueSize, "values");
    return issues;
}

void requireCache(const CacheChoice& choice, const LanguageSpec& spec) {
    for (const Issue& issue : cacheIssues(choice, spec))
        if (issue.level == Issue::Level::Error) throw Error(ErrorKind::Recipe, issue.message + "; " + issue.cure);
}

std::vector<Issue> cacheIssues(const Recipe& recipe, const Model& model) {
    if (recipe.cache.empty()) return {};
    std::optional<LanguageSpec> spec;
    try {
        spec = describeLanguage(model);
    } catch (const Error&) {
        return {};  // whoever runs the model says why it cannot
    }
    if (!spec) return {{Issue::Level::Note, "", "this is no language model: how keys and values are held changes nothing", "leave them as they are"}};
    return cacheIssues(recipe.cache, *spec);
}

}  // namespace bitlathe
