#include "core/kernels/convert_rows.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numeric>

#include "core/tensor/convert.h"
#include "tests/core/kernels/bytes.h"

namespace bitlathe {
namespace {

std::vector<std::uint16_t> allWords() {
    std::vector<std::uint16_t> words(65536);
    std::iota(words.begin(), words.end(), std::uint16_t{0});
    return words;
}

std::vector<float> trickyFloats() {
    std::vector<float> x;
    // Every half, its upper neighbour's midpoint, and one step to either side.
    for (std::uint32_t h = 0; h < 65536; ++h) {
        const float a = halfToFloat(static_cast<std::uint16_t>(h)), b = halfToFloat(static_cast<std::uint16_t>(h + 1));
        const float middle = a + (b - a) / 2;
        for (const float v : {a, middle, std::nextafter(middle, 9e9f), std::nextafter(middle, -9e9f)}) x.push_back(v);
    }
    for (std::uint32_t i = 0; i < 200000; ++i) x.push_back(std::bit_cast<float>(i * 21475u));
    return x;
}

}  // namespace

TEST(ConvertRows, EveryHalfAndBfloatWidensAsTheTruthSays) {
    const auto words = allWords();
    for (const Isa isa : testIsas()) {
        std::vector<float> halves(words.size()), bfloats(words.size());
        floatsFromHalves(isa, words.data(), 65536, halves.data());
        floatsFromBfloats(isa, words.data(), 65536, bfloats.data());
        for (std::size_t i = 0; i < words.size(); ++i) {
            const float half = halfToFloat(words[i]);
            if (std::isnan(half)) ASSERT_TRUE(std::isnan(halves[i]));
            else ASSERT_EQ(std::bit_cast<std::uint32_t>(halves[i]), std::bit_cast<std::uint32_t>(half)) << isaName(isa) << " " << i;
            ASSERT_EQ(std::bit_cast<std::uint32_t>(bfloats[i]), std::bit_cast<std::uint32_t>(bfloatToFloat(words[i])));
        }
    }
}

TEST(ConvertRows, NarrowingRoundsAsTheTruthSays) {
    const auto x = trickyFloats();
    const auto count = static_cast<std::int64_t>(x.size());
    for (const Isa isa : testIsas()) {
        std::vector<std::uint16_t> halves(x.size()), bfloats(x.size());
        halvesFromFloats(isa, x.data(), count, halves.data());
        bfloatsFromFloats(isa, x.data(), count, bfloats.data());
        for (std::size_t i = 0; i < x.size(); ++i) {
            ASSERT_EQ(halves[i], floatToHalf(x[i])) << isaName(isa) << " " << x[i];
            ASSERT_EQ(bfloats[i], floatToBfloat(x[i])) << isaName(isa) << " " << x[i];
        }
    }
}

TEST(ConvertRows, EveryLengthOfARowIsDone) {
    Bytes random(1);
    for (std::int64_t count = 0; count <= 40; ++count) {
        const auto bytes = random.next(count * 2);
        std::vector<std::uint16_t> words(static_cast<std::size_t>(count));
        for (std::size_t i = 0; i < words.size(); ++i) words[i] = static_cast<std::uint16_t>((bytes[2 * i] << 8 | bytes[2 * i + 1]) & 0x7bff);
        for (const Isa isa : testIsas()) {
            std::vector<float> wide(words.size() + 1, 5);
            floatsFromHalves(isa, words.data(), count, wide.data());
            ASSERT_EQ(wide.back(), 5);
            std::vector<std::uint16_t> back(words.size() + 1, 0xabcd);
            halvesFromFloats(isa, wide.data(), count, back.data());
            ASSERT_EQ(back.back(), 0xabcd);
            back.pop_back();
            ASSERT_EQ(back, words);
            floatsFromBfloats(isa, words.data(), count, wide.data());
            bfloatsFromFloats(isa, wide.data(), count, back.data());
            ASSERT_EQ(back, words);
            ASSERT_EQ(wide.back(), 5);
        }
    }
}

TEST(ConvertRows, PackingAndUnpackingAreInverse) {
    Bytes random(2);
    for (const int bits : {1, 2, 4})
        for (std::int64_t count = 0; count <= 100; ++count)
            for (const Isa isa : testIsas()) {
                const auto codes = random.next(count);
                std::vector<std::uint8_t> packed(static_cast<std::size_t>(packedBytes(bits, count)) + 1, 0xee), want(packed.size() - 1);
                for (std::size_t i = 0; i < codes.size(); ++i) {
                    const auto bit = i * static_cast<std::size_t>(bits);
                    want[bit / 8] |= static_cast<std::uint8_t>((codes[i] & ((1 << bits) - 1)) << bit % 8);
                }
                packCodes(isa, bits, codes.data(), count, packed.data());
                ASSERT_EQ(packed.back(), 0xee);
                packed.pop_back();
                ASSERT_EQ(packed, want) << isaName(isa) << " bits " << bits;
                for (const bool isSigned : {false, true}) {
                    std::vector<std::uint8_t> back(codes.size() + 1, 0xee);
                    unpackCodes(isa, bits, isSigned, packed.data(), count, back.data());
                    ASSERT_EQ(back.back(), 0xee);
                    for (std::size_t i = 0; i < codes.size(); ++i) {
                        int code = codes[i] & ((1 << bits) - 1);
                        if (isSigned && code >= 1 << (bits - 1)) code -= 1 << bits;
                        ASSERT_EQ(back[i], static_cast<std::uint8_t>(code)) << isaName(isa) << " bits " << bits << " at " << i;
                    }
                }
            }
}

}  // namespace bitlathe
