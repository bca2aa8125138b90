// Sixteen parts of 32 weights from the blocks of a row, as codes and scales side by side. The layout of blocks is
// that of block_layout.h. Part of the body of block_product.
#pragma once

#include "core/kernels/gguf_type.h"
#include "core/kernels/product_lanes.h"

namespace bitlathe {
namespace {

using Byte = std::uint8_t;

constexpr GgufSize sizeOf(GgufType type) { return kGgufSizes[static_cast<int>(type)]; }
// Scales that 32 weights have.
constexpr int halvesOf(GgufType type) { return sizeOf(type).part == 16 ? 2 : 1; }
constexpr bool isSigned(GgufType type) {
    return type == GgufType::Q8_0 || type == GgufType::IQ4_NL || type == GgufType::IQ4_XS || type == GgufType::MXFP4;
}
// Of unsigned codes: what stands for 0, as a power of two; −1: 0 does.
constexpr int zeroBits(GgufType type) {
    switch (type) {
        case GgufType::Q4_0: return 3;
        case GgufType::Q5_0: return 4;
        case GgufType::Q3_K: return 2;
        case GgufType::Q6_K: return 5;
        case GgufType::TQ1_0:
        case GgufType::TQ2_0: return 0;
        default: return -1;
    }
}
constexpr bool withMin(GgufType type) {
    return type == GgufType::Q4_1 || type == GgufType::Q5_1 || type == GgufType::Q2_K || type == GgufType::Q4_K || type == GgufType::Q5_K;
}

// A weight of half h of part p is scale[h] · code − min[h], lane p; signed codes are biased().
template <GgufType Type>
struct Weights {
    Bytes codes[8];  // in the order of ActivationGroup
    Floats scale[halvesOf(Type)], min[halvesOf(Type)];
};

LANES_INLINE std::uint64_t eight(const void* x) {
    std::uint64_t v;
    __builtin_memcpy(&v, x, 8);
    return v;
}
LANES_INLINE std::uint32_t four(const void* x) {
    std::uint32_t v;
    __builtin_memcpy(&v, x, 4);
    return v;
}
LANES_INLINE std::uint16_t two(const void* x) {
    std::uint16_t v;
    __builtin_memcpy(&v, x, 2);
    return v;
}

alignas(16) constexpr std::int8_t kIq4Levels16[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
alignas(16) constexpr std::int8_t kMxfp4Levels16[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

template <GgufType Type>
LANES_INLINE Bytes nibbleCodes(Bytes nibbles) {
    if constexpr (Type == GgufType::IQ4_NL || Type == GgufType::IQ4_XS) return biased(lookUp(kIq4Levels16, nibbles));
    else if constexpr (Type == GgufType::MXFP4) return biased(lookUp(kMxfp4Levels16, nibbles));
    else return nibbles;
}

// Blocks of 32: sixteen of them.
template <GgufType Type>
LANES_INLINE void unpackSmall(const Byte* b, Weights<Type>& w) {
    constexpr int bytes = sizeOf(Type).bytes;
    if constexpr (Type == GgufType::Q8_0) {
        for (int g = 0; g < 4; ++g)
            for (int h = 0; h < 2; ++h) w.codes[2 * g + h] = biased(quarters(b + g * bytes + 2 + 16 * h, 4 * bytes));
    } else {
        for (int g = 0; g < 4; ++g) {
            const Bytes both = quarters(b + g * bytes + bytes - 16, 4 * bytes);
            w.codes[2 * g] = nibbleCodes<Type>(field<0, 15>(both));
            w.codes[2 * g + 1] = nibbleCodes<Type>(field<4, 15>(both));
        }
    }
    if constexpr (Type == GgufType::Q5_0 || Type == GgufType::Q5_1) {
        for (int g = 0; g < 4; ++g)
            for (int h = 0; h < 2; ++h) {
                const Byte* at = b + g * bytes + bytes - 20 + 2 * h;
                const std::uint64_t bits = two(at) | std::uint64_t{two(at + 4 * bytes)} << 16 | std::uint64_t{two(at + 8 * bytes)} << 32 | std::uint64_t{two(at + 12 * bytes)} << 48;
                w.codes[2 * g + h] = w.codes[2 * g + h] | fromBits(bits, 16);
            }
    }
    if constexpr (Type == GgufType::MXFP4) {
        // The scale is 2^(byte − 128).
        const Ints e = stridedPairs(b, bytes) & 255;
        w.scale[0] = asFloats(left<23>(largerUnsigned(e, allInts(1)) - allInts(1)));
    } else {
        w.scale[0] = stridedHalves(b, bytes);
    }
    if constexpr (withMin(Type)) w.min[0] = -stridedHalves(b + 2, bytes);
}

// Fields of two bits: a byte holds those of four codes that lie 32 apart.
template <int Low>
LANES_INLINE void unpackPairs(const Byte* b, const Byte* next, Bytes* codes) {
    for (int h = 0; h < 2; ++h) {
        const Bytes four = quarters(b + 16 * h, next + 16 * h, 32);
        codes[h] = codes[h] | raised<Low>(field<0, 3>(four));
        codes[2 + h] = codes[2 + h] | raised<Low>(field<2, 3>(four));
        codes[4 + h] = codes[4 + h] | raised<Low>(field<4, 3>(four));
        codes[6 + h] = codes[6 + h] | raised<Low>(field<6, 3>(four));
    }
}

// Single bits: a byte holds those of eight codes that lie 32 apart.
LANES_INLINE void unpackSingles(const Byte* b, const Byte* next, Byte value, Bytes* codes) {
    alignas(64) static constexpr Byte kTests[4][4] = {{1, 16, 1, 16}, {2, 32, 2, 32}, {4, 64, 4, 64}, {8, 128, 8, 128}};
    for (int h = 0; h < 2; ++h) {
        const Bytes all = quarters(b + 16 * h, next + 16 * h, 0);
        for (int g = 0; g < 4; ++g) codes[2 * g + h] = codes[2 * g + h] | where(all, quarterBytes(kTests[g][0], kTests[g][1]), value);
    }
}

// Each of four bytes times 3, without what does not fit.
LANES_INLINE std::uint32_t tripledFour(std::uint32_t a) {
    constexpr std::uint32_t even = 0x00ff00ffu;
    return (3 * (a & even) & even) | (3 * (a >> 8 & even) & even) << 8;
}
// Five codes of three values in a byte, a fraction of 256: multiplying by 3 brings them out. 32 bytes hold parts 0 … 4,
// one digit each; 16 bytes the halves of parts 5 and 6 and the first of part 7, four bytes its second one.
LANES_INLINE void ternaryCodes(const Byte* b, const Byte* next, Bytes* codes) {
    Bytes large = quarters(b, next, 16), small = quarters(b + 32, next + 32, 0);
    Bytes parts[5], halves[5];
    for (int n = 0; n < 5; ++n) {
        parts[n] = thirds(large);
        halves[n] = thirds(small);
        large = tripled(large);
        small = tripled(small);
    }
    std::uint64_t last[4];
    for (int i = 0; i < 2; ++i) {
        const std::uint32_t first = four((i == 0 ? b : next) + 48), second = tripledFour(first), third = tripledFour(second);
        last[2 * i] = first | std::uint64_t{second} << 32;
        last[2 * i + 1] = third | std::uint64_t{tripledFour(third)} << 32;
    }
    codes[0] = evenQuarters(parts[0], parts[4]);
    codes[1] = oddQuarters(parts[0], parts[4]);
    codes[2] = evenQuarters(parts[1], halves[0]);
    codes[3] = oddQuarters(parts[1], halves[1]);
    codes[4] = evenQuarters(parts[2], halves[2]);
    codes[5] = oddQuarters(parts[2], halves[3]);
    codes[6] = evenQuarters(parts[3], halves[4]);
    codes[7] = oddQuarters(parts[3], thirds(twoQuarters(last[0], last[1], last[2], last[3])));
}

// The sixteen 6-bit scales of a block of Q3_K.
struct Q3Scales {
    std::uint64_t first, last;
    LANES_INLINE explicit Q3Scales(const Byte* b) {
        constexpr std::uint64_t low = 0x0f0f0f0f0f0f0f0fu, high = 0x03030303u;
        const std::uint64_t all = eight(b), rest = four(b + 8);
        first = (all & low) | ((rest & high) | (rest >> 2 & high) << 32) << 4;
        last = (all >> 4 & low) | ((rest >> 4 & high) | (rest >> 6 & high) << 32) << 4;
    }
};

// The eight 6-bit scales of a block of IQ4_XS: bits and pairs of bits are spread to bytes.
LANES_INLINE std::uint64_t iq4Scales(const Byte* b) {
    std::uint64_t low = four(b + 4), high = two(b + 2);
    low = (low | low << 16) & 0x0000ffff0000ffffu;
    low = (low | low << 8) & 0x00ff00ff00ff00ffu;
    low = (low | low << 4) & 0x0f0f0f0f0f0f0f0fu;
    high = (high | high << 24) & 0x000000ff000000ffu;
    high = (high | high << 12) & 0x000f000f000f000fu;
    high = (high | high << 6) & 0x0303030303030303u;
    return low | high << 4;
}

template <GgufType Type>
LANES_INLINE void largeCodes(const Byte* b, const Byte* next, Bytes* codes) {
    if constexpr (Type == GgufType::Q4_K || Type == GgufType::Q5_K) {
        constexpr int at = Type == GgufType::Q4_K ? 16 : 48;
        for (int u = 0; u < 2; ++u)
            for (int h = 0; h < 2; ++h) {
                const int from = at + 32 * u + 16 * h;
                const Bytes both = quarters(b + from, next + from, 64);
                codes[4 * u + h] = field<0, 15>(both);
                codes[4 * u + 2 + h] = field<4, 15>(both);
            }
        if constexpr (Type == GgufType::Q5_K) unpackSingles(b + 16, next + 16, 16, codes);
    }
    if constexpr (Type == GgufType::Q6_K) {
        for (int u = 0; u < 2; ++u)
            for (int h = 0; h < 2; ++h) {
                const int from = 32 * u + 16 * h;
                const Bytes both = quarters(b + from, next + from, 64);
                codes[2 * u + h] = field<0, 15>(both);
                codes[4 + 2 * u + h] = field<4, 15>(both);
            }
        unpackPairs<4>(b + 128, next + 128, codes);
    }
    if constexpr (Type == GgufType::IQ4_XS) {
        for (int g = 0; g < 4; ++g) {
            const Bytes both = quarters(b + 8 + 16 * g, next + 8 + 16 * g, 64);
            codes[2 * g] = nibbleCodes<Type>(field<0, 15>(both));
            codes[2 * g + 1] = nibbleCodes<Type>(field<4, 15>(both));
        }
    }
    if constexpr (Type == GgufType::Q2_K || Type == GgufType::Q3_K || Type == GgufType::TQ2_0) {
        constexpr int at = Type == GgufType::Q2_K ? 16 : Type == GgufType::Q3_K ? 32 : 0;
        for (int i = 0; i < 8; ++i) codes[i] = quarterBytes(0, 0);
        unpackPairs<0>(b + at, next + at, codes);
        if constexpr (Type == GgufType::Q3_K) unpackSingles(b, next, 4, codes);
    }
    if constexpr (Type == GgufType::TQ1_0) ternaryCodes(b, next, codes);
}

// Blocks of 256: two of them.
template <GgufType Type>
LANES_INLINE void unpackLarge(const Byte* b, Weights<Type>& w) {
    const Byte* next = b + sizeOf(Type).bytes;
    largeCodes<Type>(b, next, w.codes);
    constexpr int scaleAt = Type == GgufType::Q2_K ? 80 : Type == GgufType::Q3_K ? 108 : Type == GgufType::Q6_K ? 208 : Type == GgufType::TQ1_0 ? 52 : Type == GgufType::TQ2_0 ? 64 : 0;
    const Floats whole = twoHalves(b + scaleAt, next + scaleAt);
    if constexpr (Type == GgufType::TQ1_0 || Type == GgufType::TQ2_0) w.scale[0] = whole;
    if constexpr (Type == GgufType::Q4_K || Type == GgufType::Q5_K) {
        Ints scales, mins;
        sixBitScales(b, next, scales, mins);
        w.scale[0] = whole * toFloats(scales);
        w.min[0] = twoHalves(b + 2, next + 2) * toFloats(mins);
    }
    if constexpr (Type == GgufType::IQ4_XS) w.scale[0] = whole * toFloats(signedBytes(iq4Scales(b), iq4Scales(next)) - allInts(32));
    if constexpr (Type == GgufType::Q2_K) {
        const Ints all = signedPairs(eight(b), eight(b + 8), eight(next), eight(next + 8));
        const Floats wholeMin = twoHalves(b + 82, next + 82);
        w.scale[0] = whole * toFloats(all & 15);
        w.min[0] = wholeMin * toFloats(right<4>(all) & 15);
        w.scale[1] = whole * toFloats(right<8>(all) & 15);
        w.min[1] = wholeMin * toFloats(right<12>(all) & 15);
    }
    if constexpr (Type == GgufType::Q3_K) {
        const Q3Scales first(b + 96), second(next + 96);
        const Ints all = signedPairs(first.first, first.last, second.first, second.last);
        w.scale[0] = whole * toFloats((all & 255) - allInts(32));
        w.scale[1] = whole * toFloats(right<8>(all) - allInts(32));
    }
    if constexpr (Type == GgufType::Q6_K) {
        const Ints all = signedPairs(eight(b + 192), eight(b + 200), eight(next + 192), eight(next + 200));
        w.scale[0] = whole * toFloats(right<24>(left<24>(all)));
        w.scale[1] = whole * toFloats(right<8>(all));
    }
}

// 512 weights.
template <GgufType Type>
PRODUCT_STEP void unpack(const Byte* b, Weights<Type>& w) {
    if constexpr (sizeOf(Type).values == 32) unpackSmall<Type>(b, w);
    else unpackLarge<Type>(b, w);
}

}  // namespace
}  // namespace bitlathe
