// The parameters of sixteen blocks at once, as core/quant/gguf_fit.cpp chooses them: lane i is block i, so that
// all first parts are searched side by side, then all second ones. Part of the body of block_encode.
#pragma once

#include "core/kernels/block_encode_kernels.h"
#include "core/kernels/block_iq4.h"
#include "core/kernels/block_search.h"

namespace bitlathe {
namespace {

constexpr float kLargestHalf = 65504.0f;
constexpr int kMostValues = 256, kMostParts = 16;

LANES_INLINE Floats finiteHalf(Floats x) { return smaller(all(kLargestHalf), larger(all(-kLargestHalf), x)); }
LANES_INLINE Floats halved(Floats x) { return asHalves(finiteHalf(x)); }

// The blocks' values, and what each counts: value i of block b at [16 · i + b].
struct Sixteen {
    alignas(64) float x[16 * kMostValues];
    alignas(64) float weights[16 * kMostValues];
    int count;
    bool minded;  // importance was given

    Parts part(int p, int size) const { return {x + 16 * p * size, weights + 16 * p * size, size}; }
    Parts whole() const { return {x, weights, count}; }
};

LANES_INLINE Floats meanSquareOf(const float* x, int count) {
    Floats sum = all(0);
    for (int i = 0; i < count; ++i) {
        const Floats v = load(x + 16 * i);
        sum = sum + v * v;
    }
    return sum / all(static_cast<float>(count));
}
LANES_INLINE Floats sumOf(const float* x, int count) {
    Floats sum = all(0);
    for (int i = 0; i < count; ++i) sum = sum + load(x + 16 * i);
    return sum;
}

// importance · √(mean square + x²)
inline void weighByImportance(Sixteen& s, Floats meanSquare) {
    for (int i = 0; i < s.count; ++i) {
        const Floats x = load(s.x + 16 * i);
        store(s.weights + 16 * i, load(s.weights + 16 * i) * root(meanSquare + x * x));
    }
}
inline void weighBySquares(Sixteen& s) {
    for (int i = 0; i < s.count; ++i) {
        const Floats x = load(s.x + 16 * i);
        store(s.weights + 16 * i, x * x);
    }
}

// A scale and a min for each of the blocks.
inline void put(Floats scale, Floats min, int blocks, GgufParameters* out) {
    alignas(64) float scales[16], mins[16];
    store(scales, scale);
    store(mins, min);
    for (int b = 0; b < blocks; ++b) out[b] = {scales[b], mins[b], {}, {}};
}
// rows[part][block] to the blocks.
inline void putRows(const std::int8_t (*rows)[16], int parts, int blocks, std::int8_t (GgufParameters::*member)[16], GgufParameters* out) {
    for (int b = 0; b < blocks; ++b)
        for (int p = 0; p < parts; ++p) (out[b].*member)[p] = rows[p][b];
}

constexpr LaneTrials kWithImportance{-0.9f, 0.05f, 36, false};

LANES_INLINE constexpr float zeroOf(GgufType type) { return type == GgufType::Q4_0 ? 8.0f : type == GgufType::Q5_0 ? 16.0f : type == GgufType::Q6_K ? 32.0f : 4.0f; }
LANES_INLINE constexpr int highestOf(GgufType type) {
    switch (type) {
        case GgufType::Q5_0: case GgufType::Q5_1: case GgufType::Q5_K: return 31;
        case GgufType::Q2_K: return 3;
        default: return 15;
    }
}
LANES_INLINE constexpr bool hasMin(GgufType type) {
    return type == GgufType::Q4_1 || type == GgufType::Q5_1 || type == GgufType::Q2_K || type == GgufType::Q4_K || type == GgufType::Q5_K;
}

// Half the power of two below a magnitude, by the reference's own logarithm where that may round up.
inline float mxfp4Scale(float size) {
    std::int32_t bits;
    __builtin_memcpy(&bits, &size, sizeof bits);
    int exponent = (bits >> 23) - 129;
    if (bits == 0) exponent = -127;
    else if (bits >> 23 == 0 || (bits & 0x7fffff) > 0x7fff00) exponent = static_cast<int>(__builtin_floorf(__builtin_log2f(size))) - 2;
    return __builtin_ldexpf(1.0f, (exponent > -127 ? exponent : -127) - 1);
}

// The largest and the smallest of each block's values, whatever the sign of a 0 is.
struct Ends {
    Floats low, high;
};
inline Ends endsOf(const GgufSixteen& given, int count) {
    Floats highs[16], lows[16];
    for (int b = 0; b < 16; ++b) {
        const float* x = given.x[b];
        highs[b] = larger(load(x), load(x + 16));
        lows[b] = smaller(load(x), load(x + 16));
        for (int i = 32; i < count; i += 16) {
            highs[b] = larger(load(x + i), highs[b]);
            lows[b] = smaller(load(x + i), lows[b]);
        }
    }
    return {extremeOfEach<false>(lows), extremeOfEach<true>(highs)};
}

// What lanes of `unsure` hold becomes the first of their block's values that fits(value, what the lane holds).
template <class Fits>
inline Floats firstThat(const GgufSixteen& given, int count, Floats found, Mask unsure, Fits fits) {
    if (!any(unsure)) return found;
    alignas(64) float each[16], marks[16];
    store(each, found);
    store(marks, choose(unsure, all(1), all(0)));
    for (int b = 0; b < given.blocks; ++b)
        for (int i = 0; marks[b] != 0 && i < count; ++i)
            if (fits(given.x[b][i], each[b])) {
                each[b] = given.x[b][i];
                break;
            }
    return load(each);
}

// Blocks of one part without a search.
inline void fitPlain(const GgufSixteen& given, int count, GgufParameters* out) {
    const Ends ends = endsOf(given, count);
    if (hasMin(given.type)) {
        // A least value of 0 has the sign of the first 0.
        const Floats low = firstThat(given, count, ends.low, ~(ends.low != all(0)), [](float x, float) { return x == 0; });
        // + 0: no difference is −0.
        return put(finiteHalf((ends.high - ends.low + all(0)) / all(static_cast<float>(highestOf(given.type)))), finiteHalf(-low), given.blocks, out);
    }
    const Floats size = larger(ends.high, -ends.low);
    switch (given.type) {
        case GgufType::Q8_0: return put(finiteHalf(magnitude(size) / all(127)), all(0), given.blocks, out);
        case GgufType::TQ1_0:
        case GgufType::TQ2_0: return put(finiteHalf(magnitude(size)), all(0), given.blocks, out);
        case GgufType::MXFP4: {
            alignas(64) float each[16];
            store(each, magnitude(size));
            for (int b = 0; b < given.blocks; ++b) out[b] = {mxfp4Scale(each[b]), 0, {}, {}};
            return;
        }
        default: {
            // Where both ends are as far, the first of them counts; a block of zeros has a largest of +0.
            const Floats further = choose(ends.high > -ends.low, ends.high, ends.low), largest = choose(size > all(0), further, all(0));
            const Floats first = firstThat(given, count, largest, ~(ends.high != -ends.low) & (size > all(0)),
                                           [](float x, float most) { return __builtin_fabsf(x) == __builtin_fabsf(most); });
            return put(finiteHalf(first / all(-zeroOf(given.type))), all(0), given.blocks, out);
        }
    }
}

inline void fitByImportance(const GgufSixteen& given, Sixteen& s, GgufParameters* out) {
    weighByImportance(s, given.meanSquares ? load(given.meanSquares) : meanSquareOf(s.x, s.count));
    if (!hasMin(given.type)) return put(halved(signedScales(s.whole(), static_cast<int>(zeroOf(given.type)))), all(0), given.blocks, out);
    const LaneScales found = scalesAndMins<false>(s.whole(), highestOf(given.type), kWithImportance);
    put(halved(found.scale), halved(found.min), given.blocks, out);
}

// Scales or mins of parts as multiples of the block's: the largest becomes `top`.
inline Floats multiplesOf(const float* parts, int count, int top, std::int8_t (*rows)[16]) {
    Floats largest = all(0);
    for (int p = 0; p < count; ++p) largest = larger(load(parts + 16 * p), largest);
    const Mask some = largest > all(0);
    const Floats inverse = all(static_cast<float>(top)) / choose(some, largest, all(1));
    for (int p = 0; p < count; ++p) {
        const Floats multiple = nearest(within(inverse * load(parts + 16 * p), 0, static_cast<float>(top)));
        storeLowBytes(reinterpret_cast<std::uint8_t*>(rows[p]), toInts(choose(some, multiple, all(0))));
    }
    return choose(some, halved(largest / all(static_cast<float>(top))), all(0));
}

inline Floats searchedMultiples(const float* parts, const float* sums, int count, int top, std::int8_t (*rows)[16]) {
    alignas(64) float codes[1][32 * 16];
    const Floats scale = unsignedScales({parts, sums, count}, top, codes);
    for (int p = 0; p < count; ++p) storeLowBytes(reinterpret_cast<std::uint8_t*>(rows[p]), toInts(load(codes[0] + 16 * p)));
    return halved(scale);
}

// Q2_K, Q4_K, Q5_K.
inline void fitWithMins(const GgufSixteen& given, Sixteen& s, GgufParameters* out) {
    const bool two = given.type == GgufType::Q2_K;
    const int top = two ? 15 : 63, size = two ? 16 : 32, parts = kMostValues / size;
    constexpr LaneTrials kTwo{-0.5f, 0.1f, 15, true}, kFour{-1.0f, 0.1f, 20, false}, kFive{-0.5f, 0.1f, 15, false};
    if (s.minded) weighByImportance(s, all(two ? 1.0f : 2.0f) * meanSquareOf(s.x, kMostValues));
    alignas(64) float scales[kMostParts * 16], mins[kMostParts * 16], sums[kMostParts * 16];
    for (int p = 0; p < parts; ++p) {
        const Parts part = s.part(p, size);
        if (s.minded) store(sums + 16 * p, sumOf(part.weights, size));
        else {
            const Floats rms = two ? all(0) : root(meanSquareOf(part.x, size));
            float* weights = s.weights + 16 * p * size;
            for (int i = 0; i < size; ++i) store(weights + 16 * i, rms + magnitude(load(part.x + 16 * i)));
        }
        const int highest = highestOf(given.type);
        const LaneScales found = s.minded ? scalesAndMins<false>(part, highest, kWithImportance)
                                 : two    ? scalesAndMins<true>(part, highest, kTwo)
                                          : scalesAndMins<false>(part, highest, given.type == GgufType::Q4_K ? kFour : kFive);
        store(scales + 16 * p, found.scale);
        store(mins + 16 * p, found.min);
    }
    std::int8_t ofScales[kMostParts][16], ofMins[kMostParts][16];
    if (s.minded) put(searchedMultiples(scales, sums, parts, top, ofScales), searchedMultiples(mins, sums, parts, top, ofMins), given.blocks, out);
    else put(multiplesOf(scales, parts, top, ofScales), multiplesOf(mins, parts, top, ofMins), given.blocks, out);
    putRows(ofScales, parts, given.blocks, &GgufParameters::scales, out);
    putRows(ofMins, parts, given.blocks, &GgufParameters::mins, out);
}

// Q3_K, Q6_K, IQ4_XS.
inline void fitSigned(const GgufSixteen& given, Sixteen& s, GgufParameters* out) {
    const GgufType type = given.type;
    const int top = type == GgufType::Q6_K ? 128 : 32, size = type == GgufType::IQ4_XS ? 32 : 16, parts = kMostValues / size;
    if (!s.minded) weighBySquares(s);
    else if (type != GgufType::Q6_K) weighByImportance(s, all(2) * meanSquareOf(s.x, kMostValues));
    alignas(64) float scales[kMostParts * 16], sums[kMostParts * 16];
    constexpr int kSets = 4;
    for (int p = 0; p < parts; p += kSets) {
        Parts sets[kSets];
        Floats found[kSets];
        for (int k = 0; k < kSets; ++k) sets[k] = s.part(p + k, size);
        if (type == GgufType::Q3_K && !s.minded) refinedSignedScales<kSets>(sets, 4, found);
        else
            for (int k = 0; k < kSets; ++k) found[k] = type == GgufType::IQ4_XS ? iq4Scales(sets[k]) : signedScales(sets[k], static_cast<int>(zeroOf(type)));
        for (int k = 0; k < kSets; ++k) store(scales + 16 * (p + k), found[k]);
    }
    Floats largest = firstLargest(scales, parts);
    if (type == GgufType::Q3_K && s.minded) {
        // The scale of scales is searched as scales are.
        for (int p = 0; p < parts; ++p) store(sums + 16 * p, sumOf(s.part(p, size).weights, size));
        largest = signedScales({scales, sums, parts}, top) * all(-static_cast<float>(top));
    }
    if (type == GgufType::Q6_K) largest = choose(magnitude(largest) < all(kPartOfZeros), all(0), largest);
    const Mask some = largest != all(0);
    const float most = static_cast<float>(top);
    const Floats inverse = choose(some, all(-most) / choose(some, largest, all(1)), all(0));
    std::int8_t rows[kMostParts][16];
    for (int p = 0; p < parts; ++p) {
        const Floats multiple = nearest(within(inverse * load(scales + 16 * p), -most, most - 1));
        storeLowBytes(reinterpret_cast<std::uint8_t*>(rows[p]), toInts(type == GgufType::Q3_K ? choose(some, multiple, all(-most)) : multiple));
    }
    put(choose(some, halved(all(1) / choose(some, inverse, all(1))), all(0)), all(0), given.blocks, out);
    putRows(rows, parts, given.blocks, &GgufParameters::scales, out);
}

void fitSixteen(const GgufSixteen& given, GgufParameters* out) noexcept {
    Sixteen s;
    const bool small = given.type <= GgufType::Q8_0 || given.type == GgufType::IQ4_NL || given.type == GgufType::MXFP4;
    s.count = small ? 32 : kMostValues;
    const bool takesImportance = given.type != GgufType::Q8_0 && given.type < GgufType::TQ1_0;
    s.minded = given.importance[0] != nullptr && takesImportance;
    const bool searches = s.minded || (given.type >= GgufType::Q2_K && given.type <= GgufType::IQ4_XS);
    if (!searches) return fitPlain(given, s.count, out);
    transposeAll(given.x, s.count, s.x);
    if (s.minded) transposeAll(given.importance, s.count, s.weights);
    switch (given.type) {
        case GgufType::Q2_K:
        case GgufType::Q4_K:
        case GgufType::Q5_K: return fitWithMins(given, s, out);
        case GgufType::Q3_K:
        case GgufType::Q6_K:
        case GgufType::IQ4_XS: return fitSigned(given, s, out);
        case GgufType::IQ4_NL:
            if (s.minded) weighByImportance(s, all(2) * meanSquareOf(s.x, s.count));
            else weighBySquares(s);
            return put(finiteHalf(iq4Scales(s.whole())), all(0), given.blocks, out);
        default: return fitByImportance(given, s, out);
    }
}

std::uint32_t largestBits(const float* x, std::int64_t count) noexcept {
    Ints largest = allInts(0), second = largest;
    std::int64_t i = 0;
    for (; i + 32 <= count; i += 32) {
        largest = largerUnsigned(largest, magnitudeBits(load(x + i)));
        second = largerUnsigned(second, magnitudeBits(load(x + i + 16)));
    }
    std::uint32_t most = largestLane(largerUnsigned(largest, second));
    for (; i < count; ++i) {
        std::uint32_t bits;
        __builtin_memcpy(&bits, x + i, sizeof bits);
        most = (bits & 0x7fffffffu) > most ? bits & 0x7fffffffu : most;
    }
    return most;
}

}  // namespace
}  // namespace bitlathe
