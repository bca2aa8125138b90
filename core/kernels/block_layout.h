// Where the bits of blocks lie: joinGguf() and splitGguf() of core/quant/gguf_blocks.h for many blocks, in loops
// over bytes. Part of the body of block_encode.
#pragma once

#include "core/kernels/block_codes.h"

namespace bitlathe {
namespace {

using Byte = std::uint8_t;

// 16 bytes hold the low and the high nibbles of 32 codes; 32 bytes those of 64.
template <int Half>
LANES_INLINE void joinNibbles(const Byte* codes, Byte* bytes) {
    for (int j = 0; j < Half; ++j) bytes[j] = static_cast<Byte>((codes[j] & 15) | codes[j + Half] << 4);
}
template <int Half>
LANES_INLINE void splitNibbles(const Byte* bytes, Byte* codes) {
    for (int j = 0; j < Half; ++j) {
        codes[j] = bytes[j] & 15;
        codes[j + Half] = static_cast<Byte>(bytes[j] >> 4);
    }
}

// Bits From and From + 1 of 256 codes: a byte holds those of four codes that lie 32 apart.
template <int From>
LANES_INLINE void joinPairs(const Byte* codes, Byte* bytes) {
    for (int h = 0; h < 2; ++h, codes += 128, bytes += 32)
        for (int l = 0; l < 32; ++l)
            bytes[l] = static_cast<Byte>((codes[l] >> From & 3) | (codes[l + 32] >> From & 3) << 2 | (codes[l + 64] >> From & 3) << 4 | (codes[l + 96] >> From & 3) << 6);
}
template <int From>
LANES_INLINE void splitPairs(const Byte* bytes, Byte* codes) {
    for (int h = 0; h < 2; ++h, codes += 128, bytes += 32)
        for (int n = 0; n < 4; ++n)
            for (int l = 0; l < 32; ++l) codes[32 * n + l] = static_cast<Byte>((From == 0 ? 0 : codes[32 * n + l]) | (bytes[l] >> 2 * n & 3) << From);
}

// Bit From of 256 codes: a byte holds those of eight codes that lie 32 apart.
template <int From>
LANES_INLINE void joinSingles(const Byte* codes, Byte* bytes) {
    for (int l = 0; l < 32; ++l) bytes[l] = 0;
    for (int n = 0; n < 8; ++n)
        for (int l = 0; l < 32; ++l) bytes[l] = static_cast<Byte>(bytes[l] | (codes[32 * n + l] >> From & 1) << n);
}
template <int From>
LANES_INLINE void splitSingles(const Byte* bytes, Byte* codes) {
    for (int n = 0; n < 8; ++n)
        for (int l = 0; l < 32; ++l) codes[32 * n + l] = static_cast<Byte>(codes[32 * n + l] | (bytes[l] >> n & 1) << From);
}

// Fifth bits of 32 codes.
LANES_INLINE void joinFifths(const Byte* codes, Byte* bytes) {
    std::uint32_t bits = 0;
    for (int j = 0; j < 32; ++j) bits |= static_cast<std::uint32_t>(codes[j] >> 4 & 1) << j;
    __builtin_memcpy(bytes, &bits, 4);
}
LANES_INLINE void splitFifths(const Byte* bytes, Byte* codes) {
    std::uint32_t bits;
    __builtin_memcpy(&bits, bytes, 4);
    for (int j = 0; j < 32; ++j) codes[j] = static_cast<Byte>(codes[j] | (bits >> j & 1) << 4);
}

// Five codes of three values in a byte: a fraction of 256, from which digits come by multiplying with 3.
template <int Bytes, int Digits>
LANES_INLINE void joinTernary(const Byte* codes, Byte* bytes) {
    for (int m = 0; m < Bytes; ++m) {
        unsigned number = 0;
        for (int n = 0; n < 5; ++n) number = number * 3 + (n < Digits ? codes[m + Bytes * n] : 0u);
        bytes[m] = static_cast<Byte>(static_cast<std::uint16_t>(number * 256 + 242) / 243);
    }
}
template <int Bytes, int Digits>
LANES_INLINE void splitTernary(const Byte* bytes, Byte* codes) {
    for (int m = 0; m < Bytes; ++m) {
        unsigned fraction = bytes[m];
        for (int n = 0; n < Digits; ++n) {
            codes[m + Bytes * n] = static_cast<Byte>(fraction * 3 >> 8);
            fraction = fraction * 3 & 255;
        }
    }
}

// Scales and mins of 6 bits: Q4_K and Q5_K.
LANES_INLINE void joinSixes(const std::int8_t* s, const std::int8_t* m, Byte* b) {
    for (int j = 0; j < 4; ++j) {
        b[j] = static_cast<Byte>((s[j] & 63) | (s[j + 4] & 48) << 2);
        b[j + 4] = static_cast<Byte>((m[j] & 63) | (m[j + 4] & 48) << 2);
        b[j + 8] = static_cast<Byte>((s[j + 4] & 15) | (m[j + 4] & 15) << 4);
    }
}
LANES_INLINE void splitSixes(const Byte* b, std::int8_t* s, std::int8_t* m) {
    for (int j = 0; j < 4; ++j) {
        s[j] = static_cast<std::int8_t>(b[j] & 63);
        m[j] = static_cast<std::int8_t>(b[j + 4] & 63);
        s[j + 4] = static_cast<std::int8_t>((b[j + 8] & 15) | b[j] >> 6 << 4);
        m[j + 4] = static_cast<std::int8_t>(b[j + 8] >> 4 | b[j + 4] >> 6 << 4);
    }
}

template <GgufType Type>
LANES_INLINE void joinBlock(const GgufParameters& p, const Byte* c, Byte* b) {
    if constexpr (Type == GgufType::Q4_0 || Type == GgufType::IQ4_NL) joinNibbles<16>(c, b + 2);
    if constexpr (Type == GgufType::MXFP4) joinNibbles<16>(c, b + 1);
    if constexpr (Type == GgufType::Q4_1) joinNibbles<16>(c, b + 4);
    if constexpr (Type == GgufType::Q5_0 || Type == GgufType::Q5_1) {
        constexpr int high = Type == GgufType::Q5_0 ? 2 : 4;
        joinFifths(c, b + high);
        joinNibbles<16>(c, b + high + 4);
    }
    if constexpr (Type == GgufType::Q8_0) __builtin_memcpy(b + 2, c, 32);
    if constexpr (Type == GgufType::Q2_K) {
        for (int j = 0; j < 16; ++j) b[j] = static_cast<Byte>((p.scales[j] & 15) | p.mins[j] << 4);
        joinPairs<0>(c, b + 16);
    }
    if constexpr (Type == GgufType::Q3_K) {
        joinSingles<2>(c, b);
        joinPairs<0>(c, b + 32);
        Byte s[16];
        for (int j = 0; j < 16; ++j) s[j] = static_cast<Byte>((p.scales[j] + 32) & 63);
        for (int j = 0; j < 8; ++j) b[96 + j] = static_cast<Byte>((s[j] & 15) | s[j + 8] << 4);
        for (int j = 0; j < 4; ++j) b[104 + j] = static_cast<Byte>(s[j] >> 4 | s[j + 4] >> 4 << 2 | s[j + 8] >> 4 << 4 | s[j + 12] >> 4 << 6);
    }
    if constexpr (Type == GgufType::Q4_K || Type == GgufType::Q5_K) {
        constexpr int codes = Type == GgufType::Q4_K ? 16 : 48;
        joinSixes(p.scales, p.mins, b + 4);
        if constexpr (Type == GgufType::Q5_K) joinSingles<4>(c, b + 16);
        for (int k = 0; k < 4; ++k) joinNibbles<32>(c + 64 * k, b + codes + 32 * k);
    }
    if constexpr (Type == GgufType::Q6_K) {
        joinNibbles<64>(c, b);
        joinNibbles<64>(c + 128, b + 64);
        joinPairs<4>(c, b + 128);
        __builtin_memcpy(b + 192, p.scales, 16);
    }
    if constexpr (Type == GgufType::IQ4_XS) {
        std::uint16_t high = 0;
        for (int j = 0; j < 8; ++j) high = static_cast<std::uint16_t>(high | ((p.scales[j] + 32) >> 4 & 3) << 2 * j);
        __builtin_memcpy(b + 2, &high, 2);
        for (int j = 0; j < 4; ++j) b[4 + j] = static_cast<Byte>(((p.scales[2 * j] + 32) & 15) | (p.scales[2 * j + 1] + 32) << 4);
        for (int k = 0; k < 8; ++k) joinNibbles<16>(c + 32 * k, b + 8 + 16 * k);
    }
    if constexpr (Type == GgufType::TQ1_0) {
        joinTernary<32, 5>(c, b);
        joinTernary<16, 5>(c + 160, b + 32);
        joinTernary<4, 4>(c + 240, b + 48);
    }
    if constexpr (Type == GgufType::TQ2_0) joinPairs<0>(c, b);
}

template <GgufType Type>
LANES_INLINE void splitBlock(const Byte* b, GgufParameters& p, Byte* c) {
    if constexpr (Type == GgufType::Q4_0 || Type == GgufType::IQ4_NL) splitNibbles<16>(b + 2, c);
    if constexpr (Type == GgufType::MXFP4) splitNibbles<16>(b + 1, c);
    if constexpr (Type == GgufType::Q4_1) splitNibbles<16>(b + 4, c);
    if constexpr (Type == GgufType::Q5_0 || Type == GgufType::Q5_1) {
        constexpr int high = Type == GgufType::Q5_0 ? 2 : 4;
        splitNibbles<16>(b + high + 4, c);
        splitFifths(b + high, c);
    }
    if constexpr (Type == GgufType::Q8_0) __builtin_memcpy(c, b + 2, 32);
    if constexpr (Type == GgufType::Q2_K) {
        for (int j = 0; j < 16; ++j) {
            p.scales[j] = static_cast<std::int8_t>(b[j] & 15);
            p.mins[j] = static_cast<std::int8_t>(b[j] >> 4);
        }
        splitPairs<0>(b + 16, c);
    }
    if constexpr (Type == GgufType::Q3_K) {
        splitPairs<0>(b + 32, c);
        splitSingles<2>(b, c);
        for (int j = 0; j < 16; ++j)
            p.scales[j] = static_cast<std::int8_t>(((b[96 + j % 8] >> (j < 8 ? 0 : 4) & 15) | (b[104 + j % 4] >> 2 * (j / 4) & 3) << 4) - 32);
    }
    if constexpr (Type == GgufType::Q4_K || Type == GgufType::Q5_K) {
        constexpr int codes = Type == GgufType::Q4_K ? 16 : 48;
        splitSixes(b + 4, p.scales, p.mins);
        for (int k = 0; k < 4; ++k) splitNibbles<32>(b + codes + 32 * k, c + 64 * k);
        if constexpr (Type == GgufType::Q5_K) splitSingles<4>(b + 16, c);
    }
    if constexpr (Type == GgufType::Q6_K) {
        splitNibbles<64>(b, c);
        splitNibbles<64>(b + 64, c + 128);
        splitPairs<4>(b + 128, c);
        __builtin_memcpy(p.scales, b + 192, 16);
    }
    if constexpr (Type == GgufType::IQ4_XS) {
        for (int j = 0; j < 8; ++j) p.scales[j] = static_cast<std::int8_t>(((b[4 + j / 2] >> 4 * (j % 2) & 15) | (b[2 + j / 4] >> 2 * (j % 4) & 3) << 4) - 32);
        for (int k = 0; k < 8; ++k) splitNibbles<16>(b + 8 + 16 * k, c + 32 * k);
    }
    if constexpr (Type == GgufType::TQ1_0) {
        splitTernary<32, 5>(b, c);
        splitTernary<16, 5>(b + 32, c + 160);
        splitTernary<4, 4>(b + 48, c + 240);
    }
    if constexpr (Type == GgufType::TQ2_0) splitPairs<0>(b, c);
}

// Where the halves of scale and min lie.
LANES_INLINE constexpr int scaleAt(GgufType type) {
    switch (type) {
        case GgufType::Q2_K: return 80;
        case GgufType::Q3_K: return 108;
        case GgufType::Q6_K: return 208;
        case GgufType::TQ1_0: return 52;
        case GgufType::TQ2_0: return 64;
        default: return 0;
    }
}
// Q4_1 and Q5_1 hold what is added, all others what is taken away.
LANES_INLINE constexpr bool addsMin(GgufType type) { return type == GgufType::Q4_1 || type == GgufType::Q5_1; }

// The fields that hold scale and min of up to 16 blocks.
template <GgufType Type>
LANES_INLINE void putScales(const GgufParameters* parameters, int count, Byte* bytes) {
    constexpr GgufSize size = kGgufSizes[static_cast<int>(Type)];
    if constexpr (Type == GgufType::MXFP4) {
        for (int b = 0; b < count; ++b) {
            // A power of two: 2^(byte − 128).
            const int exponent = __builtin_ilogbf(parameters[b].scale) + 128;
            bytes[b * size.bytes] = static_cast<Byte>(exponent < 0 ? 0 : exponent > 254 ? 254 : exponent);
        }
        return;
    }
    alignas(64) float values[16] = {};
    std::uint16_t halves[16];
    for (int b = 0; b < count; ++b) values[b] = parameters[b].scale;
    storeHalves(halves, load(values));
    for (int b = 0; b < count; ++b) __builtin_memcpy(bytes + b * size.bytes + scaleAt(Type), halves + b, 2);
    if constexpr (hasMin(Type)) {
        for (int b = 0; b < count; ++b) values[b] = addsMin(Type) ? -parameters[b].min : parameters[b].min;
        storeHalves(halves, load(values));
        for (int b = 0; b < count; ++b) __builtin_memcpy(bytes + b * size.bytes + scaleAt(Type) + 2, halves + b, 2);
    }
}

template <GgufType Type>
void joinRun(const GgufParameters* parameters, const Byte* codes, std::int64_t blocks, Byte* bytes) noexcept {
    constexpr GgufSize size = kGgufSizes[static_cast<int>(Type)];
    for (std::int64_t first = 0; first < blocks; first += 16) {
        const int count = blocks - first < 16 ? static_cast<int>(blocks - first) : 16;
        for (std::int64_t b = first; b < first + count; ++b) joinBlock<Type>(parameters[b], codes + b * size.values, bytes + b * size.bytes);
        putScales<Type>(parameters + first, count, bytes + first * size.bytes);
    }
}

// encodeRun() and joinRun() in one, for up to 16 blocks.
template <GgufType Type>
void packSixteen(const float* x, const GgufParameters* parameters, std::int64_t blocks, Byte* bytes) noexcept {
    constexpr GgufSize size = kGgufSizes[static_cast<int>(Type)];
    if constexpr (size.values != 32) {
        alignas(64) Byte codes[16 * size.values];
        encodeRun<Type>(x, parameters, blocks, codes);
        joinRun<Type>(parameters, codes, blocks, bytes);
        return;
    }
    constexpr int at = size.bytes - (Type == GgufType::Q8_0 ? 32 : 16);
    for (std::int64_t b = 0; b < blocks; ++b) {
        const WholeCoder<Type> code(parameters[b]);
        const Ints low = code(load(x + 32 * b)), high = code(load(x + 32 * b + 16));
        Byte* block = bytes + b * size.bytes;
        if constexpr (Type == GgufType::Q8_0) {
            storeLowBytes(block + at, low);
            storeLowBytes(block + at + 16, high);
            continue;
        }
        storeLowBytes(block + at, joinedNibbles(low, high));
        if constexpr (Type == GgufType::Q5_0 || Type == GgufType::Q5_1) {
            const std::uint32_t fifths = bitOfLanes(low, 4) | bitOfLanes(high, 4) << 16;
            __builtin_memcpy(block + at - 4, &fifths, 4);
        }
    }
    putScales<Type>(parameters, static_cast<int>(blocks), bytes);
}

template <GgufType Type>
void splitRun(const Byte* bytes, std::int64_t blocks, GgufParameters* parameters, Byte* codes) noexcept {
    constexpr GgufSize size = kGgufSizes[static_cast<int>(Type)];
    for (std::int64_t first = 0; first < blocks; first += 16) {
        const int count = blocks - first < 16 ? static_cast<int>(blocks - first) : 16;
        alignas(64) float scale[16], min[16];
        std::uint16_t scales[16] = {}, mins[16] = {};
        for (int b = 0; b < count; ++b) {
            const Byte* block = bytes + (first + b) * size.bytes;
            parameters[first + b] = {};
            splitBlock<Type>(block, parameters[first + b], codes + (first + b) * size.values);
            __builtin_memcpy(scales + b, block + scaleAt(Type), 2);
            if constexpr (hasMin(Type)) __builtin_memcpy(mins + b, block + scaleAt(Type) + 2, 2);
        }
        store(scale, loadHalves(scales));
        store(min, loadHalves(mins));
        for (int b = 0; b < count; ++b) {
            GgufParameters& own = parameters[first + b];
            own.scale = Type == GgufType::MXFP4 ? __builtin_ldexpf(1.0f, bytes[(first + b) * size.bytes] - 128) : scale[b];
            if constexpr (hasMin(Type)) own.min = addsMin(Type) ? -min[b] : min[b];
        }
    }
}

template <GgufType... Types>
struct BlockRowsOf {
    static constexpr BlockTypeKernels rows[] = {{encodeRun<Types>, joinRun<Types>, packSixteen<Types>, splitRun<Types>, decodeRun<Types>}...};
};
using BlockRows = BlockRowsOf<GgufType::Q4_0, GgufType::Q4_1, GgufType::Q5_0, GgufType::Q5_1, GgufType::Q8_0, GgufType::Q2_K, GgufType::Q3_K, GgufType::Q4_K,
                              GgufType::Q5_K, GgufType::Q6_K, GgufType::IQ4_NL, GgufType::IQ4_XS, GgufType::TQ1_0, GgufType::TQ2_0, GgufType::MXFP4>;

constexpr BlockKernels kBlockKernels{largestBits, fitSixteen, BlockRows::rows};

}  // namespace
}  // namespace bitlathe
