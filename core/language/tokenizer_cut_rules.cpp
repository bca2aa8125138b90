// The patterns are those of the models' own tokenizers, in the form in which llama.cpp runs them (src/llama-vocab.cpp).
#include "core/language/tokenizer_gguf.h"

#include <algorithm>

namespace bitlathe {

namespace {

using Patterns = std::vector<std::string_view>;

constexpr std::string_view kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))";
constexpr std::string_view kDigit = R"(\p{N})";
constexpr std::string_view kUpToThreeDigits = R"(\p{N}{1,3})";
constexpr std::string_view kThreeDigits = "[0-9][0-9][0-9]";
// English contractions in any case, words with one character before them, digits, punctuation, white space.
constexpr std::string_view kLlama3 =
    R"((?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2 =
    R"((?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen35 =
    R"((?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kTekken =
    R"([^\r\n\p{L}\p{N}]?((?=[\p{L}])([^a-z]))*((?=[\p{L}])([^A-Z]))+|[^\r\n\p{L}\p{N}]?((?=[\p{L}])([^a-z]))+((?=[\p{L}])([^A-Z]))*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kGpt4o =
    R"([^\r\n\p{L}\p{N}]?((?=[\p{L}])([^a-z]))*((?=[\p{L}])([^A-Z]))+(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|[^\r\n\p{L}\p{N}]?((?=[\p{L}])([^a-z]))+((?=[\p{L}])([^A-Z]))*(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kDeepseek3 =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kDeepseekHan = "[一-龥ࠀ-一가-퟿]+", kHanAndKana = "[一-龥぀-ゟ゠-ヿ]+";
// The letters that have two cases, as DeepSeek's first tokenizer lists them.
constexpr std::string_view kDeepseekLetters =
    R"(\s?[)"
    R"(A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386\u0388)"
    R"(-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA\u1CBD-\u1CBF)"
    R"(\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80)"
    R"(-\u1FB4\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC\u2102\u2107\u210A-\u2113)"
    R"(\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB)"
    R"(-\u2CEE\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41)"
    R"(-\uFF5A\U00010400-\U0001044F\U000104B0-\U000104D3\U000104D8-\U000104FB\U00010C80-\U00010CB2\U00010CC0-\U00010CF2\U000118A0-\U000118DF\U0001E900)"
    R"(-\U0001E943)"
    R"(]+)";
constexpr std::string_view kBloom = R"( ?[^(\s|.,!?…。，、।۔،)]+)";

const std::vector<CutRule>& rules() {
    static const Patterns gpt2 = {kGpt2}, digits = {kDigit, kGpt2}, llama3 = {kLlama3}, qwen2 = {kQwen2}, deepseek3 = {kUpToThreeDigits, kHanAndKana, kDeepseek3};
    static const std::vector<CutRule> kRules = {
        {"default", {R"([\p{P}\$\+<=>\^~\|]+)", kGpt2, R"(\p{N}+)", kThreeDigits}},
        {"gpt-2", gpt2}, {"phi-2", gpt2}, {"jina-es", gpt2}, {"jina-de", gpt2}, {"jina-v2-es", gpt2}, {"jina-v2-de", gpt2}, {"gigachat", gpt2}, {"a.x-4.0", gpt2},
        {"mellum", gpt2}, {"modern-bert", gpt2}, {"mpt", gpt2}, {"olmo", gpt2}, {"jais", gpt2}, {"exaone4", gpt2}, {"trillion", gpt2}, {"granite-docling", gpt2},
        {"jina-v1-en", gpt2, false, false, true}, {"jina-v2-code", gpt2, false, false, true}, {"roberta-bpe", gpt2, false, false, true},
        {"starcoder", digits}, {"refact", digits}, {"command-r", digits}, {"smollm", digits}, {"codeshell", digits}, {"exaone", digits}, {"minerva-7b", digits}, {"mellum2", digits},
        {"llama-bpe", llama3, true, true}, {"llama3", llama3, true, true}, {"llama-v3", llama3, true, true}, {"falcon3", llama3, true, true}, {"falcon-h1", llama3, true, true},
        {"pixtral", llama3, true, true}, {"midm-2.0", llama3, true, true}, {"lfm2", llama3, true, true}, {"jina-v5-nano", llama3, true, true},
        {"dbrx", llama3}, {"smaug-bpe", llama3}, {"glm4", llama3}, {"chatglm-bpe", llama3},
        {"qwen2", qwen2}, {"deepseek-r1-qwen", qwen2}, {"kormo", qwen2}, {"f2llmv2", qwen2}, {"megrez", qwen2}, {"stablelm2", qwen2}, {"hunyuan", qwen2}, {"solar-open", qwen2}, {"grok-2", qwen2},
        {"qwen35", {kQwen35}},
        {"tekken", {kTekken}, true, true},
        {"gpt-4o", {kGpt4o}}, {"llama4", {kGpt4o}}, {"kanana2", {kGpt4o}}, {"talkie", {kGpt4o}}, {"minimax-m2", {kGpt4o}},
        {"deepseek-llm", {R"([\r\n])", kDeepseekLetters, R"(\s?[!-/:-~！-／：-～‘-‟　-。]+)", R"(\s+\z)", kDeepseekHan, R"(\p{N}+)"}},
        {"deepseek-coder", {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", kDeepseekHan, kDigit}},
        {"deepseek-v3", deepseek3}, {"hunyuan-dense", deepseek3}, {"joyai-llm", deepseek3}, {"hy_v4", deepseek3},
        {"falcon", {R"([\p{P}\$\+<=>\^~\|`]+)", kGpt2, kThreeDigits}},
        {"bloom", {kBloom}}, {"poro-chat", {kBloom}}, {"gpt3-finnish", {kBloom}}, {"viking", {kBloom, kDigit}},
        {"superbpe", {R"(\p{N}+)", R"((?=(\d{3})+(?!\d)))"}},
    };
    return kRules;
}

}  // namespace

std::span<const CutRule> cutRules() { return rules(); }

const CutRule* cutRule(std::string_view name) {
    if (name.empty()) name = "default";
    const auto found = std::find_if(rules().begin(), rules().end(), [&](const CutRule& rule) { return rule.name == name; });
    return found == rules().end() ? nullptr : &*found;
}

}  // namespace bitlathe
