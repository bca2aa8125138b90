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
    "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-"
    "ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+";
constexpr std::string_view kBloom = R"( ?[^(\s|.,!?…。，、।۔،)]+)";

const std::vector<CutRule>& rules() {
    static const Patterns gpt2 = {kGpt2}, digits = {kDigit, kGpt2}, llama3 = {kLlama3}, qwen2 = {kQwen2}, deepseek3 = {kUpToThreeDigits, kHanAndKana, kDeepseek3};
    static const std::vector<CutRule> kRules = {
        {"default", {R"([\p{P}\$\+<=>\^~\|]+)", kGpt2, R"(\p{N}+)", kThreeDigits}},
        {"gpt-2", gpt2}, {"phi-2", gpt2}, {"jina-es", gpt2}, {"jina-de", gpt2}, {"jina-v2-es", gpt2}, {"jina-v2-de", gpt2}, {"gigachat", gpt2}, {"a.x-4.0", gpt2},
        {"mellum", gpt2}, {"modern-bert", gpt2}, {"mpt", gpt2}, {"olmo", gpt2}, {"jais", gpt2}, {"exaone4", gpt2}, {"trillion", gpt2}, {"granite-docling", gpt2},
        {"jina-v1-en", gpt2, false, false, true}, {"jina-v2-code", gpt2, false, false, true}, {"roberta-bpe", gpt2, false, false, true},
        {"starcoder", digits}, {"refact", digits}, {"command-r", digits}, {"smollm", digits}, {"codeshell", digits}, {"exaone", digits}, {"minerva-7b", digits}, {"mellum2", digits},
        {"llama3", llama3, true, true}, {"llama-v3", llama3, true, true}, {"llama-bpe", llama3, true, true}, {"falcon3", llama3, true, true}, {"falcon-h1", llama3, true, true},
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

const CutRule* cutRule(std::string_view name) {
    if (name.empty()) name = "default";
    const auto found = std::find_if(rules().begin(), rules().end(), [&](const CutRule& rule) { return rule.name == name; });
    return found == rules().end() ? nullptr : &*found;
}

}  // namespace bitlathe
