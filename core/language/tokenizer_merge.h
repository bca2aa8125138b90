// Merging of neighbours: the one algorithm behind byte pair encoding (Sennrich et al. 2016, arXiv:1508.07909; the
// pair that was learnt first goes first) and SentencePiece's pieces with scores (the piece with the highest score goes
// first). Knows no files and no special tokens.
#pragma once

#include "core/language/tokenizer_text.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

// What becomes of a part of a word that is no token.
struct UnknownPieces {
    UnknownPieces() { bytes.fill(-1); }
    std::array<std::int32_t, 256> bytes;  // its bytes become these tokens; −1: there is none
    std::int32_t token = -1;              // what has no bytes becomes this; −1: it is left out
    bool allBytes = false;                // bytes only where every byte of the character has a token
    bool fuse = false;                    // of neighbours in a word only the first becomes `token`
    // Appends what stands for `part`. `fused`: whether the part before it became `token`; kept by the caller.
    void append(std::string_view part, bool& fused, std::vector<std::int32_t>& out) const;
};

class PairMerger {
public:
    struct Merge {
        std::string left, right;
        std::size_t overlap = 0;  // bytes of `right` that the merged piece leaves out: the mark of an inner part
    };
    struct Form {
        bool byBytes = false;          // words begin as bytes and not as characters
        bool takeWholeWords = false;   // words that are tokens are not merged (ignore_merges of tokenizer.json)
        std::string insidePrefix, endSuffix;  // marks of a character inside a word, and at its end
        std::string cutMark;           // see encodeText
        UnknownPieces unknowns;
    };
    // Scratch memory of one encoding, and the words that it has met.
    struct Work;

    // `tokens`: ids by their bytes.
    PairMerger(TextMap tokens, Form form);

    // Pairs in the order in which they were learnt; a pair that is there twice has its first rank. Pieces that are no
    // tokens are kept on the way.
    void learn(std::span<const Merge> merges);
    // Every two pieces that make a token, the higher score first. `scores`: of each token id; pieces are cut between
    // characters only.
    void learnFromScores(std::span<const float> scores);

    // Appends the tokens of a word.
    void encodeWord(std::string_view word, Work& work, std::vector<std::int32_t>& out) const;
    // The tokens of a text of any length. It is cut before each `cutMark` that follows something else, where no piece
    // reaches over such a place: the result is the same and words are short.
    void encodeText(std::string_view text, Work& work, std::vector<std::int32_t>& out) const;

private:
    struct Pair {
        std::uint64_t key = ~std::uint64_t(0);
        std::uint32_t rank = 0;
        std::int32_t merged = -1;
    };
    std::int32_t intern(std::string_view text);
    void makeRoom(std::size_t pairs);
    void addPair(std::int32_t left, std::int32_t right, std::uint32_t rank, std::int32_t merged);
    const Pair* findPair(std::int32_t left, std::int32_t right) const noexcept;
    void decideCut();
    void begin(std::string_view word, Work& work) const;
    void propose(std::int32_t left, Work& work) const;
    void merge(Work& work) const;
    void emit(std::string_view word, const Work& work, std::vector<std::int32_t>& out) const;

    TextMap m_symbolOf;                  // tokens first: their symbols are not their ids
    std::vector<std::int32_t> m_tokenOf; // of each symbol; −1: no token
    std::array<std::int32_t, 256> m_byteSymbols;
    std::vector<Pair> m_pairs;           // open addressing, a power of two
    std::size_t m_pairCount = 0;
    Form m_form;
    bool m_cuts = false;
};

struct PairMerger::Work {
    struct Part {
        std::int32_t symbol, before, after;  // neighbours by index; −1: none
        std::uint32_t begin, length;         // of the word; length 0: merged away
    };
    struct Offer {
        std::uint32_t rank, left, right, length;
        std::int32_t merged;
    };
    std::vector<Part> parts;
    std::vector<Offer> offers;  // a heap, least rank first, then leftmost
    struct Known {
        std::uint32_t begin, count;
    };
    std::unordered_map<std::string, Known, TextHash, std::equal_to<>> words;
    std::vector<std::int32_t> knownTokens;
};

}  // namespace bitlathe
