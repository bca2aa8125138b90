// Which of GGUF's ways of cutting text a tokenizer.json has: found by cutting a text that tells them apart.
#include "core/language/tokenizer_cut_match.h"

#include "core/base/error.h"
#include "core/language/tokenizer_gguf.h"
#include "core/language/tokenizer_json_steps.h"

#include <nlohmann/json.hpp>

namespace bitlathe {

namespace {

using Json = nlohmann::json;

// Contractions in both cases, runs of digits of every length, white space of every kind before and behind lines, signs
// before and behind them, camel case, and letters with and without case, marks and spaces from many scripts.
constexpr std::string_view kTelling =
    "I'm here, you'LL see; it's THEY'VE'd 'tis o'clock don't WON'T\n"
    "1 12 123 1234 12345 123456 1234567 3.14 v2 x86_64 0x1F \t\t tab\tand  two   three    four \n\n\n  \r\n\r\n x\n  y \n"
    "fooBar FOOBar fooBAR parseHTTPRequest iPhone __init__(self): return {a[i]: b->c} // note\n/* two */ ;;; ===!!!\n\n???/path/to\n"
    "café CAFÉ naïve Ærø STRASSE straße Ǆ ǅ ﬁne ª º na\u0308ive e\u0301 \u0301x "
    "Привет МИР 123я Ελλάδα ΑΒΓ 你好，世界。一二三 1５６ ひらがなカタカナ漢字 한국어 텍스트 ภาษาไทย हिन्दी १२३ العربية ٣٤٥ עברית "
    "😀😀 👩‍👩‍👧 🇩🇪 €5 £6 ±7 x² ½ Ⅷ ① “quoted” ‘single’ —dash… «guillemets» ¿qué? $a+b<c>d=e^f~g|h`i` a@b.c #tag %d &amp; *bold* "
    "\u00a0nbsp\u2003em\u3000wide\u200bzero   trailing  \n \n";

std::vector<TextSplitter::Range> cuts(const std::vector<SplitStep>& steps, std::string text) {
    std::vector<TextSplitter::Range> pieces;
    TextSplitter(steps).run(text, true, pieces);
    return pieces;
}

bool same(const std::vector<TextSplitter::Range>& a, const std::vector<TextSplitter::Range>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) { return x.begin == y.begin && x.end == y.end; });
}

const Json& member(const Json& of, const char* key) {
    static const Json none;
    return of.is_object() && of.contains(key) ? of[key] : none;
}

// llama.cpp has no classes of case and writes these two families in another way, which differs on rare letters only.
std::string_view byClassesOfCase(const std::vector<SplitStep>& steps) {
    for (const SplitStep& step : steps) {
        const auto* split = std::get_if<PatternSplit>(&step);
        if (!split || split->pattern.text().find("\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}") == std::string::npos) continue;
        return split->pattern.text().find("\\p{N}{1,3}") != std::string::npos ? "gpt-4o" : "tekken";
    }
    return {};
}

}  // namespace

std::string_view cutRuleLike(const Json& tokenizer, const std::string& file) {
    JsonSteps steps;
    try {
        steps = readJsonSteps(Json(), member(tokenizer, "pre_tokenizer"), file);
    } catch (const Error&) {
        return {};
    } catch (const Json::exception&) {
        return {};
    }
    for (const SplitStep& step : steps.split)
        if (!std::holds_alternative<PatternSplit>(step)) return {};  // changes the text before it cuts it
    if (const std::string_view name = byClassesOfCase(steps.split); !name.empty()) return name;
    const Json& ignores = member(member(tokenizer, "model"), "ignore_merges");
    const bool wholeWords = ignores.is_boolean() && ignores.get<bool>();
    const auto own = cuts(steps.split, std::string(kTelling));
    std::string_view likely;
    for (const CutRule& rule : cutRules()) {
        std::vector<SplitStep> theirs;
        for (const std::string_view pattern : rule.patterns) theirs.emplace_back(PatternSplit{TextPattern(pattern, file)});
        if (!same(own, cuts(theirs, std::string(kTelling)))) continue;
        if (rule.takeWholeWords == wholeWords) return rule.name;
        if (likely.empty()) likely = rule.name;
    }
    return likely;
}

}  // namespace bitlathe
