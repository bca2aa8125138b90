// The codes of blocks under given parameters, and back, as encodeGguf() and decodeGguf() of
// core/quant/gguf_blocks.h make them. Part of the body of block_encode.
#pragma once

#include "core/kernels/block_fit.h"

namespace bitlathe {
namespace {

// NaN stays NaN, which becomes code 0, and so does what the clamps of the definition let through.
LANES_INLINE Floats between(Floats x, float low, float high) { return smaller(all(high), larger(all(low), x)); }

// Sixteen values: cut off after half a step was added.
LANES_INLINE Ints cutCodes(Floats steps, float half, float high) { return toInts(between(steps + all(half), 0, high)); }
// Halves away from 0: adding the float before ½ and cutting off does that for every float.
LANES_INLINE Ints awayCodes(Floats steps, float most) { return toInts(between(steps + withSignOf(all(0.49999997f), steps), -most, most)); }
LANES_INLINE Ints evenCodes(Floats steps, float zero, float high) { return toInts(nearest(within(steps, -zero, high - zero)) + all(zero)); }

template <class Code>
LANES_INLINE void codePart(const float* x, int count, std::uint8_t* codes, Code code) {
    for (int i = 0; i < count; i += 16) storeLowBytes(codes + i, code(load(x + i)));
}

// Codes of a block of one part, whose scale and min may be finer than the file's: sixteen at a time.
template <GgufType Type>
struct WholeCoder {
    float scale;
    Floats inverse, min;
    explicit WholeCoder(const GgufParameters& block)
        : scale(block.scale), inverse(all(scale != 0 ? 1.0f / scale : 0.0f)), min(all(scale != 0 ? block.min : 0.0f)) {}
    LANES_INLINE Ints operator()(Floats v) const {
        if constexpr (Type == GgufType::MXFP4) return mxfp4Code(v, scale);
        else if constexpr (Type == GgufType::IQ4_NL) return iq4Code(v * inverse);
        else if constexpr (Type == GgufType::Q8_0) return awayCodes(v * inverse, 127);
        else if constexpr (Type == GgufType::TQ1_0 || Type == GgufType::TQ2_0) return addWhere(awayCodes(v * inverse, 1), all(0) <= all(0), 1);
        else if constexpr (hasMin(Type)) return cutCodes((v + min) * inverse, 0.5f, static_cast<float>(highestOf(Type)));
        else return cutCodes(v * inverse, zeroOf(Type) + 0.5f, static_cast<float>(highestOf(Type)));
    }
};

// Scales and mins of the parts of one block, as a file gives them back.
template <GgufType Type>
struct PartScales {
    float scale[16], min[16];
    PartScales(float whole, float wholeMin, const GgufParameters& block) {
        constexpr int parts = kGgufSizes[static_cast<int>(Type)].values / kGgufSizes[static_cast<int>(Type)].part;
        for (int p = 0; p < parts; ++p) {
            scale[p] = whole * static_cast<float>(block.scales[p]);
            min[p] = hasMin(Type) ? wholeMin * static_cast<float>(block.mins[p]) : 0.0f;
        }
    }
};

template <GgufType Type>
LANES_INLINE void codeParts(const float* x, float whole, float wholeMin, const GgufParameters& block, std::uint8_t* codes) {
    constexpr int size = kGgufSizes[static_cast<int>(Type)].part, parts = 256 / size;
    const PartScales<Type> scales(whole, wholeMin, block);
    for (int p = 0; p < parts; ++p) {
        const float scale = scales.scale[p];
        std::uint8_t* own = codes + size * p;
        if (Type != GgufType::IQ4_XS && scale == 0) {
            __builtin_memset(own, 0, size);
            continue;
        }
        const Floats by = all(scale), min = all(scales.min[p]);
        const Floats inverse = all(scale != 0 ? 1.0f / scale : 0.0f);
        codePart(x + size * p, size, own, [=](Floats v) {
            if constexpr (Type == GgufType::IQ4_XS) return iq4Code(v * inverse);
            else if constexpr (Type == GgufType::Q3_K) return evenCodes(v / by, 4, 7);
            else if constexpr (Type == GgufType::Q6_K) return evenCodes(v / by, 32, 63);
            else return evenCodes((v + min) / by, 0, static_cast<float>(highestOf(Type)));
        });
    }
}

template <GgufType Type>
LANES_INLINE void valuesOf(const std::uint8_t* codes, int count, float scale, float min, float* out) {
    const Floats by = all(scale), less = all(min);
    for (int i = 0; i < count; i += 16) {
        const Ints code = Type == GgufType::Q8_0 ? loadSignedBytes(codes + i) : loadBytes(codes + i);
        Floats level;
        if constexpr (Type == GgufType::IQ4_NL || Type == GgufType::IQ4_XS) level = lookUp16(kIq4Buckets.level, code);
        else if constexpr (Type == GgufType::MXFP4) level = lookUp16(kMxfp4Level, code);
        else if constexpr (Type == GgufType::TQ1_0 || Type == GgufType::TQ2_0) level = toFloats(code) - all(1);
        else if constexpr (Type == GgufType::Q8_0 || hasMin(Type)) level = toFloats(code);
        else level = toFloats(code) - all(zeroOf(Type));
        store(out + i, by * level - less);
    }
}

template <GgufType Type>
constexpr bool kOnePart = kGgufSizes[static_cast<int>(Type)].values == kGgufSizes[static_cast<int>(Type)].part;

// Scales and mins of up to sixteen blocks as halves give them back.
struct Halved {
    alignas(64) float scale[16], min[16];
    Halved(const GgufParameters* parameters, std::int64_t count) {
        for (std::int64_t b = 0; b < 16; ++b) {
            scale[b] = b < count ? parameters[b].scale : 0.0f;
            min[b] = b < count ? parameters[b].min : 0.0f;
        }
        store(scale, asHalves(load(scale)));
        store(min, asHalves(load(min)));
    }
};

template <GgufType Type>
void encodeRun(const float* x, const GgufParameters* parameters, std::int64_t blocks, std::uint8_t* codes) noexcept {
    constexpr int count = kGgufSizes[static_cast<int>(Type)].values;
    for (std::int64_t first = 0; first < blocks; first += 16) {
        const std::int64_t end = first + 16 < blocks ? first + 16 : blocks;
        if constexpr (kOnePart<Type>) {
            for (std::int64_t b = first; b < end; ++b) codePart(x + b * count, count, codes + b * count, WholeCoder<Type>(parameters[b]));
        } else {
            const Halved halved(parameters + first, end - first);
            for (std::int64_t b = first; b < end; ++b) codeParts<Type>(x + b * count, halved.scale[b - first], halved.min[b - first], parameters[b], codes + b * count);
        }
    }
}

template <GgufType Type>
void decodeRun(const GgufParameters* parameters, const std::uint8_t* codes, std::int64_t blocks, float* out) noexcept {
    constexpr int count = kGgufSizes[static_cast<int>(Type)].values, size = kGgufSizes[static_cast<int>(Type)].part;
    for (std::int64_t first = 0; first < blocks; first += 16) {
        const std::int64_t end = first + 16 < blocks ? first + 16 : blocks;
        const Halved halved(parameters + first, end - first);
        for (std::int64_t b = first; b < end; ++b) {
            if constexpr (Type == GgufType::MXFP4) valuesOf<Type>(codes + b * count, count, parameters[b].scale, 0, out + b * count);
            else if constexpr (kOnePart<Type>) valuesOf<Type>(codes + b * count, count, halved.scale[b - first], hasMin(Type) ? halved.min[b - first] : 0.0f, out + b * count);
            else {
                const PartScales<Type> scales(halved.scale[b - first], halved.min[b - first], parameters[b]);
                for (int p = 0; p < count / size; ++p) valuesOf<Type>(codes + b * count + size * p, size, scales.scale[p], scales.min[p], out + b * count + size * p);
            }
        }
    }
}

}  // namespace
}  // namespace bitlathe
