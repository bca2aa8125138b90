#include "core/language/tokenizer_merge.h"

#include <algorithm>

namespace bitlathe {

namespace {

constexpr std::size_t kLongestKnownWord = 48, kMostKnownWords = 1 << 16;

std::uint64_t keyOf(std::int32_t left, std::int32_t right) noexcept {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
}

std::size_t placeOf(std::uint64_t key, std::size_t mask) noexcept {
    key *= 0x9E3779B97F4A7C15ull;
    return static_cast<std::size_t>(key >> 24) & mask;
}

bool later(const PairMerger::Work::Offer& a, const PairMerger::Work::Offer& b) noexcept {
    return a.rank != b.rank ? a.rank > b.rank : a.left > b.left;
}

}  // namespace

PairMerger::PairMerger(TextMap tokens, Form form) : m_symbolOf(std::move(tokens)), m_form(std::move(form)) {
    m_tokenOf.reserve(m_symbolOf.size());
    for (auto& [text, value] : m_symbolOf) {
        m_tokenOf.push_back(value);
        value = static_cast<std::int32_t>(m_tokenOf.size() - 1);
    }
    for (int byte = 0; byte < 256; ++byte) {
        const char text = static_cast<char>(byte);
        const auto found = m_symbolOf.find(std::string_view(&text, 1));
        m_byteSymbols[static_cast<std::size_t>(byte)] = found == m_symbolOf.end() ? -1 : found->second;
    }
    decideCut();
}

std::int32_t PairMerger::intern(std::string_view text) {
    const auto found = m_symbolOf.find(text);
    if (found != m_symbolOf.end()) return found->second;
    const auto symbol = static_cast<std::int32_t>(m_tokenOf.size());
    m_tokenOf.push_back(-1);
    m_symbolOf.emplace(text, symbol);
    if (text.size() == 1) m_byteSymbols[static_cast<unsigned char>(text[0])] = symbol;
    return symbol;
}

void PairMerger::makeRoom(std::size_t pairs) {
    std::size_t size = 16;
    while (size < 2 * pairs) size *= 2;
    if (size <= m_pairs.size()) return;
    std::vector<Pair> old(size);
    old.swap(m_pairs);
    m_pairCount = 0;
    for (const Pair& pair : old)
        if (pair.key != ~std::uint64_t(0)) addPair(static_cast<std::int32_t>(pair.key >> 32), static_cast<std::int32_t>(pair.key), pair.rank, pair.merged);
}

void PairMerger::addPair(std::int32_t left, std::int32_t right, std::uint32_t rank, std::int32_t merged) {
    if (2 * (m_pairCount + 1) > m_pairs.size()) makeRoom(2 * (m_pairCount + 1));
    const std::uint64_t key = keyOf(left, right);
    const std::size_t mask = m_pairs.size() - 1;
    std::size_t place = placeOf(key, mask);
    for (; m_pairs[place].key != ~std::uint64_t(0); place = (place + 1) & mask)
        if (m_pairs[place].key == key) return;
    m_pairs[place] = {key, rank, merged};
    ++m_pairCount;
}

const PairMerger::Pair* PairMerger::findPair(std::int32_t left, std::int32_t right) const noexcept {
    if (left < 0 || right < 0 || m_pairs.empty()) return nullptr;
    const std::uint64_t key = keyOf(left, right);
    const std::size_t mask = m_pairs.size() - 1;
    for (std::size_t place = placeOf(key, mask); m_pairs[place].key != ~std::uint64_t(0); place = (place + 1) & mask)
        if (m_pairs[place].key == key) return &m_pairs[place];
    return nullptr;
}

void PairMerger::learn(std::span<const Merge> merges) {
    makeRoom(merges.size());
    for (std::size_t i = 0; i < merges.size(); ++i) {
        const std::int32_t left = intern(merges[i].left), right = intern(merges[i].right);
        addPair(left, right, static_cast<std::uint32_t>(i), intern(merges[i].left + merges[i].right.substr(merges[i].overlap)));
    }
    decideCut();
}

void PairMerger::learnFromScores(std::span<const float> scores) {
    struct Scored {
        std::string_view text;
        std::int32_t symbol;
        float score;
    };
    std::vector<Scored> all;
    for (const auto& [text, symbol] : m_symbolOf) {
        const std::int32_t token = m_tokenOf[static_cast<std::size_t>(symbol)];
        if (token >= 0) all.push_back({text, symbol, static_cast<std::size_t>(token) < scores.size() ? scores[static_cast<std::size_t>(token)] : 0.0f});
    }
    std::sort(all.begin(), all.end(), [](const Scored& a, const Scored& b) { return a.score != b.score ? a.score > b.score : a.symbol < b.symbol; });
    std::uint32_t rank = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i > 0 && all[i].score != all[i - 1].score) ++rank;
        const std::string_view text = all[i].text;  // keys of the map stay where they are
        for (std::size_t at = 0; at < text.size();) {
            const auto length = static_cast<std::size_t>(utf8At(text, at).bytes);
            intern(text.substr(at, length));
            at += length;
            if (at == text.size()) break;
            const auto left = m_symbolOf.find(text.substr(0, at)), right = m_symbolOf.find(text.substr(at));
            // A part that is neither a token nor one character never comes up. Characters to come are interned first.
            if (left == m_symbolOf.end()) continue;
            const std::string_view rest = text.substr(at);
            const bool single = static_cast<std::size_t>(utf8At(rest, 0).bytes) == rest.size();
            if (right == m_symbolOf.end() && !single) continue;
            addPair(left->second, single ? intern(rest) : right->second, rank, all[i].symbol);
        }
    }
    decideCut();
}

void PairMerger::decideCut() {
    const std::string& mark = m_form.cutMark;
    const auto itself = m_symbolOf.find(mark);
    const bool known = itself != m_symbolOf.end() && m_tokenOf[static_cast<std::size_t>(itself->second)] >= 0;
    m_cuts = !mark.empty() && m_form.insidePrefix.empty() && m_form.endSuffix.empty() && (known || !m_form.unknowns.fuse);
    if (!m_cuts) return;
    for (const auto& [text, symbol] : m_symbolOf)
        for (std::size_t at = text.find(mark, 1); at != std::string::npos; at = text.find(mark, at + 1))
            if (at < mark.size() || std::string_view(text).substr(at - mark.size(), mark.size()) != mark) {
                m_cuts = false;
                return;
            }
}

void PairMerger::begin(std::string_view word, Work& work) const {
    work.parts.clear();
    work.offers.clear();
    std::string marked;
    for (std::size_t at = 0; at < word.size();) {
        const auto length = m_form.byBytes ? std::size_t(1) : static_cast<std::size_t>(utf8At(word, at).bytes);
        const std::string_view text = word.substr(at, length);
        std::int32_t symbol;
        const bool inside = at > 0 && !m_form.insidePrefix.empty(), end = at + length == word.size() && !m_form.endSuffix.empty();
        if (inside || end) {
            marked = inside ? m_form.insidePrefix : std::string();
            marked += text;
            if (end) marked += m_form.endSuffix;
            const auto found = m_symbolOf.find(marked);
            symbol = found == m_symbolOf.end() ? -1 : found->second;
        } else if (length == 1) {
            symbol = m_byteSymbols[static_cast<unsigned char>(text[0])];
        } else {
            const auto found = m_symbolOf.find(text);
            symbol = found == m_symbolOf.end() ? -1 : found->second;
        }
        const auto index = static_cast<std::int32_t>(work.parts.size());
        work.parts.push_back({symbol, index - 1, index + 1, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(length)});
        at += length;
    }
    if (!work.parts.empty()) work.parts.back().after = -1;
}

void PairMerger::propose(std::int32_t left, Work& work) const {
    if (left < 0) return;
    const Work::Part& a = work.parts[static_cast<std::size_t>(left)];
    if (a.after < 0) return;
    const Work::Part& b = work.parts[static_cast<std::size_t>(a.after)];
    if (const Pair* pair = findPair(a.symbol, b.symbol)) {
        work.offers.push_back({pair->rank, static_cast<std::uint32_t>(left), static_cast<std::uint32_t>(a.after), a.length + b.length, pair->merged});
        std::push_heap(work.offers.begin(), work.offers.end(), later);
    }
}

void PairMerger::merge(Work& work) const {
    for (std::size_t i = 0; i + 1 < work.parts.size(); ++i) propose(static_cast<std::int32_t>(i), work);
    while (!work.offers.empty()) {
        const Work::Offer offer = work.offers.front();
        std::pop_heap(work.offers.begin(), work.offers.end(), later);
        work.offers.pop_back();
        Work::Part &left = work.parts[offer.left], &right = work.parts[offer.right];
        if (left.length == 0 || right.length == 0 || left.length + right.length != offer.length) continue;
        left.symbol = offer.merged;
        left.length = offer.length;
        left.after = right.after;
        right.length = 0;
        if (left.after >= 0) work.parts[static_cast<std::size_t>(left.after)].before = static_cast<std::int32_t>(offer.left);
        propose(left.before, work);
        propose(static_cast<std::int32_t>(offer.left), work);
    }
}

void UnknownPieces::append(std::string_view part, bool& fused, std::vector<std::int32_t>& out) const {
    const auto of = [&](char byte) { return bytes[static_cast<unsigned char>(byte)]; };
    const bool asBytes = !allBytes ? std::any_of(part.begin(), part.end(), [&](char b) { return of(b) >= 0; })
                                          : std::all_of(part.begin(), part.end(), [&](char b) { return of(b) >= 0; });
    if (asBytes) {
        for (const char byte : part)
            if (of(byte) >= 0) out.push_back(of(byte));
        fused = false;
    } else if (token >= 0) {
        if (!fused || !fuse) out.push_back(token);
        fused = true;
    }
}

void PairMerger::emit(std::string_view word, const Work& work, std::vector<std::int32_t>& out) const {
    bool fused = false;
    for (std::int32_t at = work.parts.empty() ? -1 : 0; at >= 0; at = work.parts[static_cast<std::size_t>(at)].after) {
        const Work::Part& part = work.parts[static_cast<std::size_t>(at)];
        const std::int32_t token = part.symbol < 0 ? -1 : m_tokenOf[static_cast<std::size_t>(part.symbol)];
        if (token >= 0) {
            out.push_back(token);
            fused = false;
        } else {
            m_form.unknowns.append(word.substr(part.begin, part.length), fused, out);
        }
    }
}

void PairMerger::encodeWord(std::string_view word, Work& work, std::vector<std::int32_t>& out) const {
    const bool keep = word.size() <= kLongestKnownWord;
    if (keep)
        if (const auto known = work.words.find(word); known != work.words.end()) {
            const auto from = work.knownTokens.begin() + known->second.begin;
            out.insert(out.end(), from, from + known->second.count);
            return;
        }
    const std::size_t before = out.size();
    const auto whole = m_form.takeWholeWords ? m_symbolOf.find(word) : m_symbolOf.end();
    if (whole != m_symbolOf.end() && m_tokenOf[static_cast<std::size_t>(whole->second)] >= 0) {
        out.push_back(m_tokenOf[static_cast<std::size_t>(whole->second)]);
    } else {
        begin(word, work);
        merge(work);
        emit(word, work, out);
    }
    if (keep && work.words.size() < kMostKnownWords) {
        work.words.emplace(word, Work::Known{static_cast<std::uint32_t>(work.knownTokens.size()), static_cast<std::uint32_t>(out.size() - before)});
        work.knownTokens.insert(work.knownTokens.end(), out.begin() + static_cast<std::ptrdiff_t>(before), out.end());
    }
}

void PairMerger::encodeText(std::string_view text, Work& work, std::vector<std::int32_t>& out) const {
    if (!m_cuts || (m_form.takeWholeWords && m_symbolOf.contains(text))) return encodeWord(text, work, out);
    const std::string_view mark = m_form.cutMark;
    std::size_t begin = 0;
    for (std::size_t at = text.find(mark, 1); at != std::string_view::npos; at = text.find(mark, at + mark.size())) {
        if (at >= mark.size() && text.substr(at - mark.size(), mark.size()) == mark) continue;
        encodeWord(text.substr(begin, at - begin), work, out);
        begin = at;
    }
    encodeWord(text.substr(begin), work, out);
}

}  // namespace bitlathe
