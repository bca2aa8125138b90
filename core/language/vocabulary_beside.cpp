#include "core/language/vocabulary_beside.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace bitlathe {

namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMostTokens = std::int64_t(1) << 21;
constexpr std::int64_t kMostGap = 1 << 16;  // numbers between the pieces and what is added
constexpr float kAddedScore = -1000.0f;

// Null where the text is no JSON object, or nests deeply.
Json parsed(std::string_view text) {
    if (text.empty()) return {};
    bool deep = false;
    Json json = Json::parse(text, [&](int depth, Json::parse_event_t, Json&) { return !(deep = deep || depth > 100); }, /*allow_exceptions=*/false);
    return deep || !json.is_object() ? Json() : json;
}
const Json& member(const Json& json, std::string_view key) {
    static const Json none;
    if (!json.is_object()) return none;
    const auto at = json.find(key);
    return at == json.end() ? none : *at;
}
std::string textOf(const Json& json) {
    const Json& inner = json.is_object() ? member(json, "content") : json;
    return inner.is_string() ? inner.get<std::string>() : std::string();
}
std::int64_t idOf(const Json& json) { return json.is_number_integer() && json >= 0 && json < kMostTokens ? json.get<std::int64_t>() : -1; }

void put(Vocabulary& out, std::int64_t id, const std::string& text, bool control) {
    if (text.empty() || id < 0 || id >= kMostTokens || id > static_cast<std::int64_t>(out.tokens.size()) + kMostGap) return;
    if (out.kinds.empty()) out.kinds.assign(out.tokens.size(), TokenKind::Normal);
    while (static_cast<std::int64_t>(out.tokens.size()) <= id) {
        out.tokens.push_back("[PAD" + std::to_string(out.tokens.size()) + "]");
        out.kinds.push_back(TokenKind::Unused);
        if (!out.scores.empty()) out.scores.push_back(kAddedScore);
    }
    const auto at = static_cast<std::size_t>(id);
    const TokenKind was = out.kinds[at];
    const bool same = out.tokens[at] == text && was != TokenKind::Normal && was != TokenKind::Unused;
    out.tokens[at] = text;
    if (!same) out.kinds[at] = control ? TokenKind::Control : TokenKind::UserDefined;
}

void putAll(const Json& config, const Json& added, Vocabulary& out) {
    if (added.is_object())
        for (const auto& [text, id] : added.items()) put(out, idOf(id), text, true);
    const Json& decoder = member(config, "added_tokens_decoder");
    if (!decoder.is_object()) return;
    for (const auto& [key, token] : decoder.items()) {
        if (key.empty() || key.size() > 8 || !std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; })) continue;
        const Json& special = member(token, "special");
        put(out, std::stoll(key), textOf(token), special.is_boolean() && special.get<bool>());
    }
}

}  // namespace

void addBeside(const BesideTexts& texts, Vocabulary& out) {
    const Json config = parsed(texts.tokenizerConfig), special = parsed(texts.specialTokens);
    putAll(config, parsed(texts.addedTokens), out);
    const auto name = [&](const char* key, std::optional<std::int32_t>& to) {
        for (const Json* from : {&config, &special})
            if (const std::string text = textOf(member(*from, key)); !text.empty())
                if (const auto at = std::find(out.tokens.begin(), out.tokens.end(), text); at != out.tokens.end()) {
                    to = static_cast<std::int32_t>(at - out.tokens.begin());
                    return;
                }
    };
    name("bos_token", out.bos), name("eos_token", out.eos), name("unk_token", out.unknown), name("pad_token", out.padding), name("sep_token", out.separator), name("cls_token", out.classify), name("mask_token", out.mask);
    const auto flag = [&](const char* key, std::optional<bool>& to) {
        if (const Json& value = member(config, key); value.is_boolean()) to = value.get<bool>();
    };
    flag("add_bos_token", out.addBos), flag("add_eos_token", out.addEos), flag("add_prefix_space", out.addSpacePrefix);
    // Unigrams are T5's custom unless another class of tokenizer reads them: these begin texts and do not end them.
    if (const std::string type = textOf(member(config, "tokenizer_class")); out.model == "t5" && !type.empty() && type.find("T5") == std::string::npos) {
        if (!out.addBos) out.addBos = out.bos.has_value();
        if (!out.addEos) out.addEos = false;
    }
    out.ends = endsOf(texts, out.tokens.size());
    checkVocabulary(out);
}

std::vector<std::int32_t> endsOf(const BesideTexts& texts, std::size_t tokens) {
    std::vector<std::int32_t> ends;
    const auto add = [&](const Json& one) {
        if (const std::int64_t id = idOf(one); id >= 0 && static_cast<std::size_t>(id) < tokens) ends.push_back(static_cast<std::int32_t>(id));
    };
    for (const std::string_view text : {texts.generationConfig, texts.config}) {
        const Json config = parsed(text);
        const Json& of = member(config, "eos_token_id");
        if (of.is_array()) std::for_each(of.begin(), of.end(), add);
        else add(of);
    }
    std::vector<std::int32_t> once;
    for (const std::int32_t id : ends)
        if (std::find(once.begin(), once.end(), id) == once.end()) once.push_back(id);
    return once;
}

std::string chatTemplateOf(std::string_view tokenizerConfig) {
    const Json config = parsed(tokenizerConfig);
    const Json& of = member(config, "chat_template");
    if (of.is_string()) return of.get<std::string>();
    if (!of.is_array()) return {};
    std::string first;
    for (const Json& one : of) {
        const Json& text = member(one, "template");
        if (!text.is_string()) continue;
        if (textOf(member(one, "name")) == "default") return text.get<std::string>();
        if (first.empty()) first = text.get<std::string>();
    }
    return first;
}

}  // namespace bitlathe
