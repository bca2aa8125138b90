#include "core/language/tokenizer.h"

#include "core/language/tokenizer_parts.h"

#include <algorithm>

namespace bitlathe {

namespace {

const std::string kNothing;

}  // namespace

struct EncodeWork {
    explicit EncodeWork(const TokenizerParts& parts) : splitter(parts.split) {}
    TextSplitter splitter;
    std::vector<TextSplitter::Range> words;
    PairMerger::Work merging;
    bool control = false;  // control tokens are read
    JobContext* job = nullptr;
    std::size_t done = 0, all = 1;  // bytes
};

Tokenizer::Tokenizer(TokenizerParts parts) : m_parts(std::make_shared<const TokenizerParts>(std::move(parts))) {}

void Tokenizer::encodePart(std::string_view text, bool first, EncodeWork& work, std::vector<std::int32_t>& out) const {
    const TokenizerParts& parts = *m_parts;
    std::string changed = normalized(std::string(text), parts.normalize);
    std::size_t steps = 0;
    const auto plain = [&](std::string part, bool begins) {
        work.splitter.run(part, begins, work.words);
        for (const auto& [begin, end] : work.words) {
            const std::string_view word = std::string_view(part).substr(begin, end - begin);
            if (const auto* merger = std::get_if<PairMerger>(&parts.model)) merger->encodeText(word, work.merging, out);
            else if (const auto* unigram = std::get_if<UnigramModel>(&parts.model)) unigram->encode(word, out);
            else std::get<WordPieceModel>(parts.model).encode(word, out);
            if (work.job && (++steps & 255) == 0) work.job->checkpoint(static_cast<double>(work.done) / static_cast<double>(work.all), "cutting the text into tokens");
        }
    };
    if (parts.normalizedSpecial.empty()) return plain(std::move(changed), first);
    for (const SpecialTokens::Part& part : parts.normalizedSpecial.cut(changed, work.control)) {
        if (part.id >= 0) out.push_back(part.id);
        else plain(std::string(part.text), first && part.text.data() == changed.data());
    }
}

std::vector<std::int32_t> Tokenizer::encodeParts(std::string_view text, EncodeOptions options, JobContext* job) const {
    const TokenizerParts& parts = *m_parts;
    std::vector<std::int32_t> out;
    if (options.addSpecial) out = parts.before;
    EncodeWork work(parts);
    work.job = job;
    work.control = options.parseSpecial;
    work.all = std::max<std::size_t>(1, text.size());
    for (const SpecialTokens::Part& part : parts.special.cut(text, options.parseSpecial)) {
        if (part.id >= 0) out.push_back(part.id);
        else encodePart(part.text, part.text.data() == text.data(), work, out);
        work.done += part.text.size();
        if (job) job->checkpoint(std::min(1.0, static_cast<double>(work.done) / static_cast<double>(work.all)), "cutting the text into tokens");
    }
    if (options.addSpecial) out.insert(out.end(), parts.after.begin(), parts.after.end());
    return out;
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, EncodeOptions options) const { return encodeParts(text, options, nullptr); }
std::vector<std::int32_t> Tokenizer::encode(std::string_view text, EncodeOptions options, JobContext& job) const { return encodeParts(text, options, &job); }

std::string Tokenizer::decode(std::span<const std::int32_t> tokens, bool showControl) const {
    std::string out;
    bool first = true;
    for (const std::int32_t token : tokens) {
        if (token < 0 || token >= size()) continue;
        const TokenKind of = kind(token);
        const bool named = of == TokenKind::Control || of == TokenKind::Unknown;
        if (of == TokenKind::Control && !showControl) continue;
        std::string_view text = piece(token);
        if (first && !named && m_parts->dropFirstSpace && text.starts_with(' ')) text.remove_prefix(1);
        if (!named) first = false;
        out += text;
    }
    return out;
}

const std::string& Tokenizer::piece(std::int32_t token) const noexcept {
    return token < 0 || token >= size() ? kNothing : m_parts->pieces[static_cast<std::size_t>(token)];
}
const std::string& Tokenizer::storedPiece(std::int32_t token) const noexcept {
    return token < 0 || token >= size() ? kNothing : m_parts->stored[static_cast<std::size_t>(token)];
}
TokenKind Tokenizer::kind(std::int32_t token) const noexcept {
    return token < 0 || token >= size() ? TokenKind::Unused : m_parts->kinds[static_cast<std::size_t>(token)];
}
std::int32_t Tokenizer::size() const noexcept { return static_cast<std::int32_t>(m_parts->pieces.size()); }
std::optional<std::int32_t> Tokenizer::bos() const noexcept { return m_parts->bos; }
std::optional<std::int32_t> Tokenizer::eos() const noexcept { return m_parts->eos; }
std::optional<std::int32_t> Tokenizer::eot() const noexcept { return m_parts->eot; }
std::optional<std::int32_t> Tokenizer::unknown() const noexcept { return m_parts->unknown; }
bool Tokenizer::addsBos() const noexcept { return m_parts->bos && !m_parts->before.empty() && m_parts->before.front() == *m_parts->bos; }
bool Tokenizer::ends(std::int32_t token) const noexcept { return std::binary_search(m_parts->ending.begin(), m_parts->ending.end(), token); }
const std::string& Tokenizer::name() const noexcept { return m_parts->name; }

TextStream::TextStream(Tokenizer tokenizer, bool continues, bool showControl) : m_tokenizer(std::move(tokenizer)), m_first(!continues), m_showControl(showControl) {}

std::string TextStream::push(std::int32_t token) {
    const TokenKind kind = m_tokenizer.kind(token);
    if (kind == TokenKind::Control && !m_showControl) return {};
    std::string_view text = m_tokenizer.piece(token);
    if (kind != TokenKind::Control && kind != TokenKind::Unknown) {
        if (m_first && m_tokenizer.m_parts->dropFirstSpace && text.starts_with(' ')) text.remove_prefix(1);
        m_first = false;
    }
    m_waiting += text;
    const std::size_t rest = unfinishedBytes(m_waiting);
    std::string out = validUtf8(std::string_view(m_waiting).substr(0, m_waiting.size() - rest));
    m_waiting.erase(0, m_waiting.size() - rest);
    return out;
}

std::string TextStream::finish() {
    std::string out = validUtf8(m_waiting);
    m_waiting.clear();
    return out;
}

}  // namespace bitlathe
