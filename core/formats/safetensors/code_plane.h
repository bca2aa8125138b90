// Codes of a few bits in 32-bit words, as GPTQ, AWQ and compressed-tensors lay them out: one axis of a matrix is
// packed, the other is not. Reading and writing are the same arithmetic, so the layouts cannot drift apart.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace bitlathe::safetensors {

enum class WordOrder {
    Stream,  // one stream of bits, lowest first, across words: GPTQ (32 codes of 3 bits are 3 words)
    Whole,   // ⌊32 / bits⌋ codes in each word, lowest first, the rest of the word is 0: compressed-tensors
    Awq,     // 8 codes of 4 bits: nibble i holds code 0, 2, 4, 6, 1, 3, 5, 7 of the eight
};

struct PlaneLayout {
    int bits = 4;
    WordOrder order = WordOrder::Stream;
    std::int64_t wordStep = 1;   // words from one word of the packed axis to the next
    std::int64_t otherStep = 0;  // words from one index of the other axis to the next

    // Words that `count` codes of the packed axis take.
    static std::int64_t words(WordOrder order, int bits, std::int64_t count) noexcept {
        const std::int64_t perWord = 32 / bits;
        return order == WordOrder::Stream ? (count * bits + 31) / 32 : (count + perWord - 1) / perWord;
    }

    // Word number `at`.
    static std::uint32_t load(const std::byte* words, std::int64_t at) noexcept {
        std::uint32_t word;
        std::memcpy(&word, words + 4 * at, sizeof word);
        return word;
    }
    // Where AWQ has code i of the eight in a word, in bits from the lowest.
    static int awqShift(std::size_t i) noexcept {
        constexpr std::array<int, 8> kNibble = {0, 4, 1, 5, 2, 6, 3, 7};
        return 4 * kNibble[i];
    }

    std::uint32_t get(const std::byte* words, std::int64_t packed, std::int64_t other) const noexcept {
        const Place at = place(packed, other);
        std::uint64_t word = load(words, at.word);
        if (at.shift + bits > 32) word |= std::uint64_t(load(words, at.word + wordStep)) << 32;
        return static_cast<std::uint32_t>(word >> at.shift) & ((1u << bits) - 1u);
    }
    // Into words that were 0.
    void put(std::byte* words, std::int64_t packed, std::int64_t other, std::uint32_t code) const noexcept {
        const Place at = place(packed, other);
        const std::uint64_t bitsOfCode = std::uint64_t(code & ((1u << bits) - 1u)) << at.shift;
        store(words, at.word, load(words, at.word) | static_cast<std::uint32_t>(bitsOfCode));
        if (at.shift + bits > 32) store(words, at.word + wordStep, load(words, at.word + wordStep) | static_cast<std::uint32_t>(bitsOfCode >> 32));
    }

private:
    struct Place {
        std::int64_t word;
        int shift;
    };
    Place place(std::int64_t packed, std::int64_t other) const noexcept {
        const std::int64_t base = other * otherStep;
        if (order == WordOrder::Stream) {
            const std::int64_t bit = packed * bits;
            return {base + bit / 32 * wordStep, static_cast<int>(bit % 32)};
        }
        const std::int64_t perWord = 32 / bits;
        const auto inWord = static_cast<std::size_t>(packed % perWord);
        return {base + packed / perWord * wordStep, order == WordOrder::Awq ? awqShift(inWord) : static_cast<int>(inWord) * bits};
    }
    static void store(std::byte* words, std::int64_t at, std::uint32_t word) noexcept { std::memcpy(words + 4 * at, &word, sizeof word); }
};

}  // namespace bitlathe::safetensors
