#include "core/language/tokenizer_json_steps.h"

#include "core/base/error.h"
#include "core/base/plain_text.h"

#include <nlohmann/json.hpp>

#include <array>

namespace bitlathe {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kGpt2Words = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kPunctuation = R"([\p{P}$+<=>^`|~])";

std::string literal(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x80 && !std::isalnum(static_cast<unsigned char>(c))) out += '\\';
        out += c;
    }
    return out;
}

std::string fromBase64(std::string_view text, const std::string& file) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        if (c == '=') break;
        const std::size_t digit = kDigits.find(c);
        if (digit == std::string_view::npos) refuseInput("'" + file + "': precompiled_charsmap is no base64; the file is damaged, fetch it again");
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xFF);
    }
    return out;
}

class Reader {
public:
    explicit Reader(const std::string& file) : m_file(file) {}

    void normalizer(const Json& part) {
        if (part.is_null()) return;
        const std::string type = part.value("type", "");
        if (type == "Sequence") {
            for (const Json& inner : part.at("normalizers")) normalizer(inner);
            return;
        }
        auto& steps = made.normalize;
        if (type == "NFC") steps.emplace_back(NormalForm::Nfc);
        else if (type == "NFD") steps.emplace_back(NormalForm::Nfd);
        else if (type == "NFKC") steps.emplace_back(NormalForm::Nfkc);
        else if (type == "NFKD") steps.emplace_back(NormalForm::Nfkd);
        else if (type == "Lowercase") steps.emplace_back(LowerCase{});
        else if (type == "StripAccents") steps.emplace_back(StripAccents{});
        else if (type == "Strip") steps.emplace_back(StripSpace{part.value("strip_left", true), part.value("strip_right", true)});
        else if (type == "Prepend") steps.emplace_back(PrependText{part.at("prepend").get<std::string>()});
        else if (type == "Nmt") steps.emplace_back(SentencePieceClean{});
        else if (type == "Replace") replace(part);
        else if (type == "BertNormalizer") {
            const bool lower = part.value("lowercase", true);
            const Json& accents = part.contains("strip_accents") ? part["strip_accents"] : Json();
            steps.emplace_back(BertClean{part.value("clean_text", true), part.value("handle_chinese_chars", true), accents.is_boolean() ? accents.get<bool>() : lower, lower});
        } else if (type == "Precompiled") {
            const Json& map = part.at("precompiled_charsmap");
            if (map.is_string() && !map.get_ref<const std::string&>().empty())
                steps.emplace_back(MapChars{CharsMap(fromBase64(map.get_ref<const std::string&>(), m_file), m_file), TextPattern(R"(\X)", m_file)});
        } else if (type == "ByteLevel") {
            made.byteLevel = true;
        } else {
            unknown("normalizer", type);
        }
    }

    void preTokenizer(const Json& part) {
        if (part.is_null()) return;
        const std::string type = part.value("type", "");
        if (m_bytesEnd && type != "Sequence")
            throw Error(ErrorKind::Unsupported, "'" + m_file + "': the pre-tokenizer '" + plainText(type) + "' stands behind ByteLevel and would cut bytes; the model's weights can be looked at and quantized");
        if (type == "Sequence") {
            for (const Json& inner : part.at("pretokenizers")) preTokenizer(inner);
        } else if (type == "ByteLevel") {
            if (part.value("add_prefix_space", true)) made.split.emplace_back(PrefixSpace{});
            if (part.value("use_regex", true)) add(kGpt2Words);
            made.byteLevel = m_bytesEnd = true;
        } else if (type == "Split") {
            const JsonPattern pattern = readJsonPattern(part.at("pattern"), m_file);
            add(pattern.regex ? pattern.text : literal(pattern.text), behavior(part.value("behavior", "")), part.value("invert", false));
        } else if (type == "Metaspace") {
            metaspace(part);
        } else if (type == "Whitespace") {
            add(R"(\w+|[^\w\s]+)", SplitBehavior::Removed, true);
        } else if (type == "WhitespaceSplit") {
            add(R"(\s)", SplitBehavior::Removed);
        } else if (type == "BertPreTokenizer") {
            add(R"(\s)", SplitBehavior::Removed);
            add(kPunctuation);
        } else if (type == "Punctuation") {
            add(kPunctuation, behavior(part.value("behavior", "Isolated")));
        } else if (type == "Digits") {
            add(R"(\p{N})", part.value("individual_digits", false) ? SplitBehavior::Isolated : SplitBehavior::Contiguous);
        } else if (type == "CharDelimiterSplit") {
            add(literal(part.at("delimiter").get<std::string>()), SplitBehavior::Removed);
        } else {
            unknown("pre-tokenizer", type);
        }
    }

    JsonSteps made;

private:
    [[noreturn]] void unknown(const char* what, const std::string& type) const {
        throw Error(ErrorKind::Unsupported, "'" + m_file + "' has a " + what + " '" + plainText(type) + "', which is not known here; the model's weights can be looked at and quantized, its text cannot be measured");
    }
    void add(std::string_view pattern, SplitBehavior behavior = SplitBehavior::Isolated, bool invert = false) {
        constexpr bool kLines = true;  // as Oniguruma reads ^ and $
        made.split.emplace_back(PatternSplit{TextPattern(pattern, m_file, kLines), behavior, invert});
    }
    void replace(const Json& part) {
        const JsonPattern pattern = readJsonPattern(part.at("pattern"), m_file);
        const auto content = part.at("content").get<std::string>();
        if (pattern.regex) made.normalize.emplace_back(ReplacePattern{TextPattern(pattern.text, m_file, true), content});
        else made.normalize.emplace_back(ReplaceText{pattern.text, content});
    }
    void metaspace(const Json& part) {
        SpaceMarks marks;
        marks.mark = part.value("replacement", std::string(kSpaceMark));
        std::string scheme = part.value("prepend_scheme", "");
        if (scheme.empty()) scheme = part.value("add_prefix_space", true) ? "always" : "never";
        marks.prepend = scheme == "always" ? SpaceMarks::Prepend::Always : scheme == "first" ? SpaceMarks::Prepend::First : SpaceMarks::Prepend::Never;
        marks.split = part.value("split", true);
        made.split.emplace_back(std::move(marks));
    }
    SplitBehavior behavior(const std::string& name) const {
        constexpr std::array<std::pair<std::string_view, SplitBehavior>, 5> kNames = {{{"Removed", SplitBehavior::Removed}, {"Isolated", SplitBehavior::Isolated},
            {"MergedWithPrevious", SplitBehavior::MergedWithPrevious}, {"MergedWithNext", SplitBehavior::MergedWithNext}, {"Contiguous", SplitBehavior::Contiguous}}};
        for (const auto& [known, value] : kNames)
            if (known == name) return value;
        unknown("way to split", name);
    }

    const std::string& m_file;
    bool m_bytesEnd = false;
};

}  // namespace

JsonPattern readJsonPattern(const nlohmann::json& pattern, const std::string& file) {
    if (pattern.is_string()) return {pattern.get<std::string>(), false};
    if (pattern.is_object() && pattern.contains("String")) return {pattern["String"].get<std::string>(), false};
    if (pattern.is_object() && pattern.contains("Regex")) return {pattern["Regex"].get<std::string>(), true};
    refuseInput("'" + file + "' has a pattern that is neither text nor regular expression; the file is damaged, fetch it again");
}

JsonSteps readJsonSteps(const nlohmann::json& normalizer, const nlohmann::json& preTokenizer, const std::string& file) {
    Reader reader(file);
    reader.normalizer(normalizer);
    reader.preTokenizer(preTokenizer);
    return std::move(reader.made);
}

}  // namespace bitlathe
