#include "core/language/tokenizer_json.h"

#include "core/base/error.h"
#include "core/base/number_text.h"
#include "core/base/plain_text.h"
#include "core/language/tokenizer_json_steps.h"
#include "core/language/tokenizer_parts.h"
#include "core/language/vocabulary_beside.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>

namespace bitlathe {

namespace {

using Json = nlohmann::json;

constexpr int kDeepest = 32;             // objects in objects; tokenizers have six
constexpr std::size_t kMostGaps = 1 << 16; // ids that no piece has
constexpr float kUnknownPenalty = 10.0f;  // of unigrams, below the least score

Json parsed(std::string_view text, const std::string& file, JobContext* job = nullptr) {
    bool deep = false;
    std::size_t seen = 0;
    Json made = Json::parse(text, [&](int depth, Json::parse_event_t, Json&) {
        if (job && (++seen & 4095) == 0) job->checkpoint(0.2, "reading the tokenizer");
        deep = deep || depth > kDeepest;
        return !deep;
    }, false);
    if (made.is_discarded() || deep || !made.is_object()) refuseInput("'" + file + "' is no JSON of a tokenizer; it is damaged, fetch it again");
    return made;
}

class Maker {
public:
    Maker(const Json& json, const std::string& file, const Json& config, JobContext* job) : m_json(json), m_file(file), m_config(config), m_job(job) {}

    TokenizerParts run() {
        if (!m_json.contains("model") || !m_json["model"].is_object()) refuse("has no model");
        m_steps = readJsonSteps(part("normalizer"), part("pre_tokenizer"), m_file);
        readModel();
        readAdded();
        finishPieces();
        readPostProcessor(part("post_processor"));
        nameTokens();
        m_parts.normalize = std::move(m_steps.normalize);
        m_parts.split = std::move(m_steps.split);
        m_parts.name += ", " + countText(m_parts.stored.size()) + " tokens";
        return std::move(m_parts);
    }

private:
    [[noreturn]] void refuse(const std::string& what) const { refuseInput("'" + m_file + "' " + what + "; it is damaged, fetch it again"); }
    void pause() const {
        if (m_job && (++m_done & 1023) == 0) m_job->checkpoint(0.5, "reading the tokenizer");
    }
    const Json& part(const char* name) const {
        static const Json kNone;
        return m_json.contains(name) ? m_json[name] : kNone;
    }
    std::string text(const Json& of, const char* key) const { return of.contains(key) && of[key].is_string() ? of[key].get<std::string>() : std::string(); }

    void place(std::int64_t id, const std::string& piece, TokenKind kind) {
        const std::size_t pieces = m_json["model"]["vocab"].size() + part("added_tokens").size();
        if (id < 0 || static_cast<std::size_t>(id) >= pieces + kMostGaps) refuse("gives '" + plainText(piece) + "' the number " + std::to_string(id) + ", which is none of a token");
        const auto at = static_cast<std::size_t>(id);
        if (at >= m_parts.stored.size()) {
            m_parts.stored.resize(at + 1);
            m_parts.kinds.resize(at + 1, TokenKind::Unused);
        }
        m_parts.stored[at] = piece;
        m_parts.kinds[at] = kind;
    }
    void addPiece(std::int64_t id, const std::string& piece) {
        pause();
        place(id, piece, TokenKind::Normal);
        if (!m_ids.emplace(piece, static_cast<std::int32_t>(id)).second) refuse("has the piece '" + plainText(piece) + "' twice");
    }
    std::int32_t idOf(const std::string& piece, const char* what) const {
        const auto found = m_ids.find(piece);
        if (found == m_ids.end()) refuse(std::string("names '") + plainText(piece) + "' as " + what + ", which is no piece of it");
        return found->second;
    }

    void readModel() {
        const Json& model = m_json["model"];
        const Json& vocabulary = model.at("vocab");
        std::string type = text(model, "type");
        if (type.empty()) type = model.contains("merges") ? "BPE" : vocabulary.is_array() ? "Unigram" : "WordPiece";
        if (vocabulary.is_object())
            for (const auto& [piece, id] : vocabulary.items()) addPiece(id.get<std::int64_t>(), piece);
        if (type == "BPE") readPairs(model);
        else if (type == "WordPiece") readWordPieces(model);
        else if (type == "Unigram") readUnigrams(model, vocabulary);
        else
            throw Error(ErrorKind::Unsupported, "'" + m_file + "' has a model of the kind '" + plainText(type) + "'; BPE, WordPiece and Unigram are known here; the weights can be looked at and quantized");
    }
    void readBytes(UnknownPieces& unknowns) const {
        unknowns.allBytes = true;
        for (int byte = 0; byte < 256; ++byte)
            if (const auto found = m_ids.find(byteName(static_cast<std::uint8_t>(byte))); found != m_ids.end()) unknowns.bytes[static_cast<std::size_t>(byte)] = found->second;
    }

    void readPairs(const Json& model) {
        m_parts.name = m_steps.byteLevel ? "byte pairs" : "pairs";
        PairMerger::Form form;
        form.byBytes = m_steps.byteLevel;
        form.takeWholeWords = model.value("ignore_merges", false);
        form.insidePrefix = text(model, "continuing_subword_prefix");
        form.endSuffix = text(model, "end_of_word_suffix");
        form.cutMark = m_steps.byteLevel ? "" : kSpaceMark;
        form.unknowns.fuse = model.value("fuse_unk", false);
        if (const std::string unknown = text(model, "unk_token"); !unknown.empty()) m_parts.unknown = form.unknowns.token = idOf(unknown, "the unknown token");
        if (model.value("byte_fallback", false)) readBytes(form.unknowns);
        TextMap pieces;
        if (m_steps.byteLevel) {
            for (const auto& [piece, id] : m_ids)
                if (auto bytes = byteLevelBytes(piece)) pieces.emplace(std::move(*bytes), id);
        } else {
            pieces = m_ids;
        }
        const std::size_t overlap = form.insidePrefix.size();
        PairMerger merger(std::move(pieces), std::move(form));
        merger.learn(readMerges(model, overlap));
        m_parts.model = std::move(merger);
    }
    std::vector<PairMerger::Merge> readMerges(const Json& model, std::size_t overlap) const {
        std::vector<PairMerger::Merge> merges;
        if (!model.contains("merges") || !model["merges"].is_array()) refuse("has byte pairs but no merges");
        for (const Json& pair : model["merges"]) {
            pause();
            const std::string at = "merge " + std::to_string(merges.size());
            std::string left, right;
            if (pair.is_array() && pair.size() == 2) {
                left = pair[0].get<std::string>(), right = pair[1].get<std::string>();
            } else {
                const auto both = pair.get<std::string>();
                const std::size_t space = both.find(' ');
                if (space == std::string::npos || space + 1 == both.size()) refuse("has '" + plainText(both.substr(0, 64)) + "' as " + at + ", which is no pair of pieces");
                left = both.substr(0, space), right = both.substr(space + 1);
            }
            const std::string merged = right.size() < overlap ? left : left + right.substr(overlap);
            for (const std::string* piece : {static_cast<const std::string*>(&left), static_cast<const std::string*>(&right), &merged})
                if (!m_ids.contains(*piece)) refuse("speaks in " + at + " of '" + plainText(piece->substr(0, 64)) + "', which is no piece of it");
            if (m_steps.byteLevel) {
                auto leftBytes = byteLevelBytes(left), rightBytes = byteLevelBytes(right);
                if (!leftBytes || !rightBytes) refuse("has '" + plainText(merged.substr(0, 64)) + "' as " + at + ", whose characters stand for no bytes");
                left = std::move(*leftBytes), right = std::move(*rightBytes);
            }
            merges.push_back({std::move(left), std::move(right), overlap});
        }
        return merges;
    }

    void readWordPieces(const Json& model) {
        m_parts.name = "word pieces";
        WordPieceModel made;
        made.tokens = m_ids;
        made.insidePrefix = model.value("continuing_subword_prefix", "##");
        made.longestWord = static_cast<std::size_t>(std::max<std::int64_t>(0, model.value("max_input_chars_per_word", std::int64_t(100))));
        m_parts.unknown = made.unknown = idOf(model.value("unk_token", "[UNK]"), "the unknown token");
        for (const auto& [piece, id] : m_ids) made.longestPiece = std::max(made.longestPiece, piece.size());
        m_parts.model = std::move(made);
    }

    void readUnigrams(const Json& model, const Json& vocabulary) {
        m_parts.name = "unigrams";
        if (!vocabulary.is_array()) refuse("has unigrams in no list");
        std::vector<float> scores;
        float least = std::numeric_limits<float>::max();
        for (const Json& entry : vocabulary) {
            addPiece(static_cast<std::int64_t>(scores.size()), entry.at(0).get<std::string>());
            scores.push_back(entry.at(1).get<float>());
            least = std::min(least, scores.back());
        }
        UnknownPieces unknowns;
        unknowns.fuse = true;
        if (model.contains("unk_id") && model["unk_id"].is_number_integer()) {
            const auto id = model["unk_id"].get<std::int64_t>();
            if (id < 0 || id >= static_cast<std::int64_t>(scores.size())) refuse("names " + std::to_string(id) + " as the unknown token, but has " + std::to_string(scores.size()) + " pieces");
            m_parts.unknown = unknowns.token = static_cast<std::int32_t>(id);
        }
        if (model.value("byte_fallback", false)) readBytes(unknowns);
        m_parts.model = UnigramModel(m_ids, std::move(scores), least - kUnknownPenalty, unknowns);
    }

    void readAdded() {
        std::vector<SpecialToken> raw, afterwards;
        for (const Json& one : part("added_tokens")) {
            SpecialToken token;
            token.text = one.at("content").get<std::string>();
            const auto id = one.at("id").get<std::int64_t>();
            token.control = one.value("special", false);
            token.stripLeft = one.value("lstrip", false);
            token.stripRight = one.value("rstrip", false);
            token.wholeWord = one.value("single_word", false);
            place(id, token.text, token.control ? TokenKind::Control : TokenKind::UserDefined);
            token.id = static_cast<std::int32_t>(id);
            m_ids.emplace(token.text, token.id);
            if (one.value("normalized", !token.control)) {
                token.text = normalized(token.text, m_steps.normalize);
                afterwards.push_back(std::move(token));
            } else {
                raw.push_back(std::move(token));
            }
        }
        m_parts.special = SpecialTokens(std::move(raw), SpecialTokens::Order::Leftmost);
        m_parts.normalizedSpecial = SpecialTokens(std::move(afterwards), SpecialTokens::Order::Leftmost);
    }

    // What each token stands for, by the decoder.
    struct Decoding {
        bool bytes = false, namedBytes = false, words = false, cleanup = false;
        std::vector<std::pair<std::string, std::string>> replace;
        std::string prefix;
    };
    void readDecoder(const Json& of, Decoding& made) {
        if (of.is_null()) return;
        const std::string type = text(of, "type");
        if (type == "Sequence") {
            for (const Json& inner : of.at("decoders")) readDecoder(inner, made);
        } else if (type == "ByteLevel") {
            made.bytes = true;
        } else if (type == "ByteFallback") {
            made.namedBytes = true;
        } else if (type == "Replace") {
            const JsonPattern pattern = readJsonPattern(of.at("pattern"), m_file);
            if (!pattern.regex) made.replace.emplace_back(pattern.text, of.at("content").get<std::string>());
        } else if (type == "Metaspace") {
            made.replace.emplace_back(of.value("replacement", std::string(kSpaceMark)), " ");
            const std::string scheme = of.value("prepend_scheme", "");
            m_parts.dropFirstSpace = scheme.empty() ? of.value("add_prefix_space", true) : scheme != "never";
        } else if (type == "Strip") {
            m_parts.dropFirstSpace = m_parts.dropFirstSpace || (of.value("content", " ") == " " && of.value("start", 0) > 0);
        } else if (type == "WordPiece") {
            made.words = m_parts.dropFirstSpace = true;
            made.prefix = of.value("prefix", "##");
            made.cleanup = of.value("cleanup", true);
        } else if (type == "BPEDecoder") {
            made.replace.emplace_back(of.value("suffix", "</w>"), " ");
        }
    }
    void finishPieces() {
        Decoding decoding;
        readDecoder(part("decoder"), decoding);
        m_parts.pieces = m_parts.stored;
        for (std::size_t i = 0; i < m_parts.pieces.size(); ++i) {
            std::string& piece = m_parts.pieces[i];
            if (m_parts.kinds[i] == TokenKind::Control) continue;
            if (decoding.namedBytes)
                if (const auto byte = namedByte(piece)) {
                    piece = std::string(1, static_cast<char>(*byte));
                    m_parts.kinds[i] = TokenKind::Byte;
                    continue;
                }
            for (const auto& [what, with] : decoding.replace) replaceAll(piece, what, with);
            if (decoding.bytes)
                if (auto bytes = byteLevelBytes(piece)) piece = std::move(*bytes);
            if (decoding.words) piece = piece.starts_with(decoding.prefix) && !decoding.prefix.empty() ? piece.substr(decoding.prefix.size()) : " " + piece;
            if (decoding.cleanup) dropSpaceBeforePunctuation(piece);
        }
        if (m_parts.unknown && m_parts.kinds[static_cast<std::size_t>(*m_parts.unknown)] == TokenKind::Normal) m_parts.kinds[static_cast<std::size_t>(*m_parts.unknown)] = TokenKind::Unknown;
    }

    std::int32_t numbered(const Json& pair) const {
        const auto id = pair.at(1).get<std::int64_t>();
        if (id < 0 || id >= static_cast<std::int64_t>(m_parts.stored.size())) refuse("puts token " + std::to_string(id) + " around texts, which it does not have");
        return static_cast<std::int32_t>(id);
    }
    void readPostProcessor(const Json& of) {
        if (of.is_null()) return;
        const std::string type = text(of, "type");
        if (type == "Sequence") {
            for (const Json& inner : of.at("processors")) readPostProcessor(inner);
        } else if (type == "BertProcessing" || type == "RobertaProcessing") {
            m_parts.before = {numbered(of.at("cls"))};
            m_parts.after = {numbered(of.at("sep"))};
        } else if (type == "TemplateProcessing") {
            bool behind = false;
            for (const Json& item : of.at("single")) {
                if (item.contains("Sequence")) {
                    behind = true;
                    continue;
                }
                const auto name = item.at("SpecialToken").at("id").get<std::string>();
                for (const Json& id : of.at("special_tokens").at(name).at("ids")) (behind ? m_parts.after : m_parts.before).push_back(numbered(Json::array({name, id})));
            }
        }
    }

    std::optional<std::int32_t> named(const char* key, std::initializer_list<const char*> usual) const {
        std::string name = text(m_config, key);
        if (name.empty() && m_config.contains(key) && m_config[key].is_object()) name = text(m_config[key], "content");
        if (const auto found = m_ids.find(name); !name.empty() && found != m_ids.end()) return found->second;
        for (const char* one : usual)
            if (const auto found = m_ids.find(std::string_view(one)); found != m_ids.end() && m_parts.kinds[static_cast<std::size_t>(found->second)] == TokenKind::Control) return found->second;
        return std::nullopt;
    }
    void nameTokens() {
        m_parts.bos = named("bos_token", {"<|begin_of_text|>", "<s>", "<bos>", "<|startoftext|>", "[CLS]"});
        if (!m_parts.before.empty()) m_parts.bos = m_parts.before.front();
        m_parts.eos = named("eos_token", {"<|end_of_text|>", "</s>", "<eos>", "<|endoftext|>", "[SEP]"});
        m_parts.eot = named("eot_token", {"<|eot_id|>", "<|im_end|>", "<end_of_turn>", "<|end|>"});
        if (part("post_processor").is_null() && m_parts.bos && m_config.value("add_bos_token", Json(false)) == Json(true)) m_parts.before = {*m_parts.bos};
        for (const auto& id : {m_parts.eos, m_parts.eot, named("eom_token", {"<|eom_id|>"})})
            if (id) m_parts.ending.push_back(*id);
        std::sort(m_parts.ending.begin(), m_parts.ending.end());
        m_parts.ending.erase(std::unique(m_parts.ending.begin(), m_parts.ending.end()), m_parts.ending.end());
    }

    const Json& m_json;
    const std::string& m_file;
    const Json& m_config;
    JobContext* const m_job;
    TokenizerParts m_parts;
    JsonSteps m_steps;
    TextMap m_ids;
    mutable std::size_t m_done = 0;
};

}  // namespace

Tokenizer readTokenizerJson(std::string_view json, const std::string& file, std::string_view config, std::string_view generation, JobContext* job) {
    try {
        const Json tokenizer = parsed(json, file, job), beside = config.empty() ? Json::object() : parsed(config, "tokenizer_config.json");
        TokenizerParts parts = Maker(tokenizer, file, beside, job).run();
        for (const std::int32_t id : endsOf({.generationConfig = generation}, parts.stored.size()))
            if (!std::binary_search(parts.ending.begin(), parts.ending.end(), id)) parts.ending.insert(std::lower_bound(parts.ending.begin(), parts.ending.end(), id), id);
        return Tokenizer(std::move(parts));
    } catch (const Json::exception& error) {
        refuseInput("'" + file + "' is no tokenizer as Hugging Face writes them (" + plainText(error.what()) + "); it is damaged, fetch it again");
    }
}

}  // namespace bitlathe
