#include "core/language/tokenizer_gguf.h"

#include "core/base/error.h"
#include "core/base/number_text.h"
#include "core/base/plain_text.h"
#include "core/language/tokenizer_parts.h"

#include <algorithm>
#include <cctype>
#include <limits>

namespace bitlathe {

namespace {

constexpr float kUnknownPenalty = 10.0f;  // of unigrams, below the least score

class Maker {
public:
    explicit Maker(const Vocabulary& vocabulary) : m_of(vocabulary) {}

    TokenizerParts run() {
        checkVocabulary(m_of);
        readPieces();
        if (m_of.model == "llama") makeScored();
        else if (m_of.model == "gpt2") makeBytePairs();
        else if (m_of.model == "bert") makeWordPieces();
        else if (m_of.model == "t5") makeUnigrams();
        else
            throw Error(ErrorKind::Unsupported, "'" + m_of.file + "' has a tokenizer of the kind '" + plainText(m_of.model) +
                                                    "'; llama, gpt2, bert and t5 are known here; its weights can be looked at and quantized, its text cannot be measured");
        findEnds();
        findSpecial();
        m_parts.name += ", " + countText(m_of.tokens.size()) + " tokens";
        return std::move(m_parts);
    }

private:
    [[noreturn]] void refuse(const std::string& what) const { refuseInput("the vocabulary of '" + m_of.file + "' " + what + "; the file is damaged or was made by a broken converter, fetch or convert it again"); }

    void readPieces() {
        const std::size_t count = m_of.tokens.size();
        m_parts.stored = m_of.tokens;
        m_parts.kinds.resize(count);
        m_ids.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            m_parts.kinds[i] = m_of.kind(i);
            std::string& piece = m_parts.stored[i];
            if (piece.empty()) piece = "[EMPTY_" + std::to_string(i) + "]";
            const auto [at, fresh] = m_ids.emplace(piece, static_cast<std::int32_t>(i));
            if (!fresh) refuse("has the piece '" + plainText(piece) + "' twice, as token " + std::to_string(at->second) + " and " + std::to_string(i));
        }
    }
    std::optional<std::int32_t> orDefault(std::optional<std::int32_t> id, std::int32_t standard) const {
        if (id) return id;
        return static_cast<std::size_t>(standard) < m_of.tokens.size() ? std::optional(standard) : std::nullopt;
    }
    void addAround(bool bos, bool eos, bool separator) {
        if (m_of.addBos.value_or(bos) && m_parts.bos) m_parts.before = {*m_parts.bos};
        if (m_of.addEos.value_or(eos) && m_parts.eos) m_parts.after.push_back(*m_parts.eos);
        if (m_of.addSeparator.value_or(separator) && m_separator) m_parts.after.push_back(*m_separator);
    }
    void readBytes(UnknownPieces& unknowns) const {
        for (int byte = 0; byte < 256; ++byte) {
            const char raw = static_cast<char>(byte);
            auto found = m_ids.find(byteName(static_cast<std::uint8_t>(byte)));
            if (found == m_ids.end()) found = m_ids.find(std::string_view(&raw, 1));
            if (found != m_ids.end()) unknowns.bytes[static_cast<std::size_t>(byte)] = found->second;
        }
        unknowns.token = m_parts.unknown.value_or(-1);
    }
    void decodeMarkedPieces() {
        m_parts.pieces = m_parts.stored;
        for (std::size_t i = 0; i < m_parts.pieces.size(); ++i) {
            if (const auto byte = m_parts.kinds[i] == TokenKind::Byte ? namedByte(m_parts.pieces[i]) : std::nullopt) m_parts.pieces[i] = std::string(1, static_cast<char>(*byte));
            else if (m_parts.kinds[i] == TokenKind::Normal) replaceAll(m_parts.pieces[i], kSpaceMark, " ");
        }
    }

    void makeScored() {
        m_parts.name = "pieces with scores (SentencePiece)";
        m_parts.bos = orDefault(m_of.bos, 1);
        m_parts.eos = orDefault(m_of.eos, 2);
        m_parts.unknown = orDefault(m_of.unknown, 0);
        PairMerger::Form form;
        form.cutMark = kSpaceMark;
        readBytes(form.unknowns);
        PairMerger merger(m_ids, std::move(form));
        merger.learnFromScores(m_of.scores);
        m_parts.model = std::move(merger);
        const bool prefix = m_of.addSpacePrefix.value_or(true);
        if (!m_of.charsMap.empty()) m_parts.normalize.push_back(MapChars{CharsMap(m_of.charsMap, m_of.file)});
        if (m_of.dropExtraSpaces.value_or(false)) {  // one space before each word
            m_parts.normalize.push_back(MergeSpaces{true});
            if (!prefix) m_parts.normalize.push_back(StripSpace{true, false});
        } else if (prefix) m_parts.normalize.push_back(PrependText{std::string(kSpaceMark)});
        m_parts.normalize.push_back(ReplaceText{" ", std::string(kSpaceMark)});
        m_parts.dropFirstSpace = prefix;
        decodeMarkedPieces();
        addAround(true, false, false);
    }

    void makeBytePairs() {
        const CutRule* rule = cutRule(m_of.pre);
        if (!rule)
            throw Error(ErrorKind::Unsupported, "'" + m_of.file + "' cuts its text by the rule '" + plainText(m_of.pre) +
                                                    "' (tokenizer.ggml.pre), which is not known here; its weights can be looked at and quantized, its text cannot be measured");
        if (m_of.merges.empty()) refuse("has byte pairs but no merges (tokenizer.ggml.merges)");
        m_parts.name = "byte pairs (" + std::string(rule->name) + ")";
        m_parts.bos = m_of.bos;
        m_parts.eos = m_of.eos;
        m_parts.unknown = m_of.unknown;
        for (const std::string_view pattern : rule->patterns) m_parts.split.push_back(PatternSplit{TextPattern(pattern, m_of.file)});
        TextMap bytes;
        bytes.reserve(m_ids.size());
        m_parts.pieces = m_parts.stored;
        for (std::size_t i = 0; i < m_parts.stored.size(); ++i) {
            auto decoded = byteLevelBytes(m_parts.stored[i]);
            if (!decoded) continue;
            bytes.emplace(*decoded, static_cast<std::int32_t>(i));
            if (m_parts.kinds[i] == TokenKind::Normal) m_parts.pieces[i] = std::move(*decoded);
        }
        PairMerger::Form form;
        form.byBytes = true;
        form.takeWholeWords = rule->takeWholeWords;
        for (int byte = 0; byte < 256; ++byte)  // merges may make pieces that are no tokens: they fall apart into bytes
            if (const char raw = static_cast<char>(byte); bytes.contains(std::string_view(&raw, 1))) form.unknowns.bytes[static_cast<std::size_t>(byte)] = bytes.find(std::string_view(&raw, 1))->second;
        PairMerger merger(std::move(bytes), std::move(form));
        merger.learn(readMerges());
        m_parts.model = std::move(merger);
        m_separator = m_of.separator;
        addAround(rule->addBos, false, rule->addSeparator);
    }
    std::vector<PairMerger::Merge> readMerges() const {
        std::vector<PairMerger::Merge> merges;
        merges.reserve(m_of.merges.size());
        for (std::size_t i = 0; i < m_of.merges.size(); ++i) {
            const std::string_view pair = m_of.merges[i];
            const std::size_t space = pair.find(' ', 1);
            if (space == std::string_view::npos || space + 1 == pair.size()) refuse("has '" + plainText(pair.substr(0, 64)) + "' as merge " + std::to_string(i) + ", which is no pair of pieces");
            auto left = byteLevelBytes(pair.substr(0, space)), right = byteLevelBytes(pair.substr(space + 1));
            if (!left || !right) refuse("has '" + plainText(pair.substr(0, 64)) + "' as merge " + std::to_string(i) + ", whose characters stand for no bytes");
            merges.push_back({std::move(*left), std::move(*right)});
        }
        return merges;
    }

    void makeWordPieces() {
        m_parts.name = "word pieces (BERT)";
        m_parts.bos = orDefault(m_of.classify ? m_of.classify : m_of.bos, 101);
        m_parts.eos = m_of.eos;
        m_parts.unknown = orDefault(m_of.unknown, 100);
        m_separator = orDefault(m_of.separator, 102);
        m_parts.normalize = {BertClean{}};
        m_parts.split = {PatternSplit{TextPattern(R"(\s+)", m_of.file), SplitBehavior::Removed}, PatternSplit{TextPattern(R"([\p{P}$+<=>^`|~])", m_of.file)}};
        WordPieceModel model;
        model.tokens = m_ids;
        model.beginPrefix = kSpaceMark;
        model.unknown = m_parts.unknown.value_or(-1);
        model.longestWord = std::numeric_limits<std::size_t>::max();
        for (const std::string& piece : m_parts.stored) model.longestPiece = std::max(model.longestPiece, piece.size());
        m_parts.model = std::move(model);
        m_parts.dropFirstSpace = true;
        decodeMarkedPieces();
        for (std::string& piece : m_parts.pieces) dropSpaceBeforePunctuation(piece);
        addAround(true, false, true);
    }

    void makeUnigrams() {
        m_parts.name = "unigrams (T5)";
        m_parts.bos = m_of.bos;
        m_parts.eos = orDefault(m_of.eos, 1);
        m_parts.unknown = orDefault(m_of.unknown, 2);
        if (m_of.scores.empty()) refuse("has unigrams but no scores (tokenizer.ggml.scores)");
        TextMap matched;
        std::vector<float> scores = m_of.scores;
        float least = std::numeric_limits<float>::max();
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const TokenKind kind = m_parts.kinds[i];
            if (kind == TokenKind::Normal) least = std::min(least, scores[i]);
            if (kind == TokenKind::UserDefined) scores[i] = 0.0f;
            if (kind == TokenKind::Normal || kind == TokenKind::UserDefined || kind == TokenKind::Unused) matched.emplace(m_parts.stored[i], static_cast<std::int32_t>(i));
        }
        UnknownPieces unknowns;
        unknowns.token = m_parts.unknown.value_or(-1);
        unknowns.fuse = true;
        m_parts.model = UnigramModel(matched, std::move(scores), least - kUnknownPenalty, unknowns);
        if (!m_of.charsMap.empty()) m_parts.normalize.push_back(MapChars{CharsMap(m_of.charsMap, m_of.file)});
        const bool prefix = m_of.addSpacePrefix.value_or(false), drop = m_of.dropExtraSpaces.value_or(false);
        if (prefix || drop) m_parts.normalize.push_back(MergeSpaces{drop});
        m_parts.normalize.push_back(ReplaceText{" ", std::string(kSpaceMark)});
        m_parts.dropFirstSpace = prefix || drop;
        decodeMarkedPieces();
        addAround(false, true, false);
    }

    // Tokens that end what a model says; files do not name them all, so they are known by their text as well.
    void findEnds() {
        static constexpr std::string_view kEndsOfTurn[] = {"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "<EOT>", "_<EOT>", "[EOT]", "<｜end▁of▁sentence｜>", "<end_of_utterance>"};
        static constexpr std::string_view kOthers[] = {"<|return|>", "<|call|>", "<|eom_id|>", "</s>", "<eos>", "[EOS]"};
        m_parts.eot = m_of.eot;
        std::vector<std::int32_t>& ending = m_parts.ending;
        const auto add = [&](std::string_view text) -> std::optional<std::int32_t> {
            const auto found = m_ids.find(text);
            if (found == m_ids.end()) return std::nullopt;
            m_parts.kinds[static_cast<std::size_t>(found->second)] = TokenKind::Control;
            ending.push_back(found->second);
            return found->second;
        };
        for (const std::string_view text : kEndsOfTurn)
            if (const auto id = add(text); id && !m_parts.eot) m_parts.eot = id;
        for (const std::string_view text : kOthers) add(text);
        for (const auto& id : {m_parts.eos, m_parts.eot})
            if (id) ending.push_back(*id);
        ending.insert(ending.end(), m_of.ends.begin(), m_of.ends.end());
        std::sort(ending.begin(), ending.end());
        ending.erase(std::unique(ending.begin(), ending.end()), ending.end());
    }

    void findSpecial() {
        std::string name = m_of.name;
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const bool phi3 = name.find("phi-3") != std::string::npos || name.find("phi3") != std::string::npos;
        const bool jina = m_of.pre.starts_with("jina-v2-");
        std::vector<SpecialToken> special;
        for (std::size_t i = 0; i < m_parts.kinds.size(); ++i) {
            const TokenKind kind = m_parts.kinds[i];
            if (kind != TokenKind::Control && kind != TokenKind::UserDefined && kind != TokenKind::Unknown) continue;
            SpecialToken token{m_parts.stored[i], static_cast<std::int32_t>(i), kind != TokenKind::UserDefined};
            token.stripRight = phi3 && token.text != "<unk>" && token.text != "<s>" && token.text != "<|endoftext|>";
            token.stripLeft = jina && token.text == "<mask>";
            special.push_back(std::move(token));
        }
        m_parts.special = SpecialTokens(std::move(special), SpecialTokens::Order::Longest);
    }

    const Vocabulary& m_of;
    TokenizerParts m_parts;
    TextMap m_ids;
    std::optional<std::int32_t> m_separator;
};

}  // namespace

Tokenizer makeTokenizer(const Vocabulary& vocabulary) { return Tokenizer(Maker(vocabulary).run()); }

}  // namespace bitlathe
