// block_lanes.h in plain loops, which the compiler makes into what registers there are.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#define LANES_INLINE [[gnu::always_inline]] inline

namespace bitlathe {
namespace {

typedef float FloatLanes __attribute__((vector_size(64)));
typedef std::int32_t IntLanes __attribute__((vector_size(64)));

struct Floats {
    FloatLanes v;
};
struct Ints {
    IntLanes v;
};
struct Mask {
    IntLanes v;  // -1 or 0
};

LANES_INLINE Floats load(const float* x) {
    Floats a;
    std::memcpy(&a, x, sizeof a);
    return a;
}
LANES_INLINE void store(float* y, const Floats& a) { std::memcpy(y, &a, sizeof a); }
LANES_INLINE Floats all(float x) { return {x - FloatLanes{}}; }  // keeps the sign of 0
LANES_INLINE Floats operator+(const Floats& a, const Floats& b) { return {a.v + b.v}; }
LANES_INLINE Floats operator-(const Floats& a, const Floats& b) { return {a.v - b.v}; }
LANES_INLINE Floats operator*(const Floats& a, const Floats& b) { return {a.v * b.v}; }
LANES_INLINE Floats operator/(const Floats& a, const Floats& b) { return {a.v / b.v}; }
LANES_INLINE Floats operator-(const Floats& a) { return {-a.v}; }
LANES_INLINE Mask operator<(const Floats& a, const Floats& b) { return {a.v < b.v}; }
LANES_INLINE Mask operator>(const Floats& a, const Floats& b) { return {a.v > b.v}; }
LANES_INLINE Mask operator<=(const Floats& a, const Floats& b) { return {a.v <= b.v}; }
LANES_INLINE Mask operator>=(const Floats& a, const Floats& b) { return {a.v >= b.v}; }
LANES_INLINE Mask operator!=(const Floats& a, const Floats& b) { return {a.v != b.v}; }
LANES_INLINE Mask operator&(const Mask& a, const Mask& b) { return {a.v & b.v}; }
LANES_INLINE Mask either(const Mask& a, const Mask& b) { return {a.v | b.v}; }
LANES_INLINE Mask operator~(const Mask& a) { return {~a.v}; }
LANES_INLINE bool any(const Mask& a) {
    std::int32_t found = 0;
    for (int i = 0; i < 16; ++i) found |= a.v[i];
    return found != 0;
}
LANES_INLINE Floats choose(const Mask& m, const Floats& yes, const Floats& no) {
    return {(FloatLanes)(((IntLanes)yes.v & m.v) | ((IntLanes)no.v & ~m.v))};
}
LANES_INLINE Floats larger(const Floats& a, const Floats& b) { return {a.v > b.v ? a.v : b.v}; }
LANES_INLINE Floats smaller(const Floats& a, const Floats& b) { return {a.v < b.v ? a.v : b.v}; }
LANES_INLINE Floats magnitude(const Floats& a) { return {(FloatLanes)((IntLanes)a.v & INT32_MAX)}; }
LANES_INLINE Floats root(const Floats& a) {
    Floats out;
    for (int i = 0; i < 16; ++i) out.v[i] = std::sqrt(a.v[i]);
    return out;
}
LANES_INLINE Floats nearest(const Floats& a) {
    constexpr float kRounder = 12582912.0f;  // 1.5 · 2^23: the sum's last bit is worth 1
    return {a.v + kRounder - kRounder};
}
LANES_INLINE Floats withSignOf(const Floats& a, const Floats& sign) {
    return {(FloatLanes)(((IntLanes)a.v & INT32_MAX) | ((IntLanes)sign.v & INT32_MIN))};
}

LANES_INLINE Ints toInts(const Floats& a) {
    Ints out;
    for (int i = 0; i < 16; ++i) out.v[i] = a.v[i] >= -0x1p31f && a.v[i] < 0x1p31f ? static_cast<std::int32_t>(a.v[i]) : INT32_MIN;
    return out;
}
LANES_INLINE Floats toFloats(const Ints& a) { return {__builtin_convertvector(a.v, FloatLanes)}; }
LANES_INLINE Ints allInts(std::int32_t x) { return {IntLanes{} + x}; }
LANES_INLINE Ints joinedNibbles(const Ints& low, const Ints& high) { return {(low.v & 15) | high.v << 4}; }
LANES_INLINE std::uint32_t bitOfLanes(const Ints& a, int bit) {
    std::uint32_t bits = 0;
    for (int i = 0; i < 16; ++i) bits |= static_cast<std::uint32_t>(a.v[i] >> bit & 1) << i;
    return bits;
}
LANES_INLINE Ints addWhere(const Ints& a, const Mask& m, std::int32_t x) { return {a.v + (m.v & x)}; }
LANES_INLINE Ints loadBytes(const std::uint8_t* x) {
    Ints out;
    for (int i = 0; i < 16; ++i) out.v[i] = x[i];
    return out;
}
LANES_INLINE Ints loadSignedBytes(const std::uint8_t* x) {
    Ints out;
    for (int i = 0; i < 16; ++i) out.v[i] = static_cast<std::int8_t>(x[i]);
    return out;
}
LANES_INLINE void storeLowBytes(std::uint8_t* y, const Ints& a) {
    for (int i = 0; i < 16; ++i) y[i] = static_cast<std::uint8_t>(a.v[i]);
}

LANES_INLINE Floats lookUp32(const float* table, const Ints& index) {
    Floats out;
    for (int i = 0; i < 16; ++i) out.v[i] = table[index.v[i] & 31];
    return out;
}
LANES_INLINE Ints lookUp32(const std::int32_t* table, const Ints& index) {
    Ints out;
    for (int i = 0; i < 16; ++i) out.v[i] = table[index.v[i] & 31];
    return out;
}
LANES_INLINE Floats lookUp16(const float* table, const Ints& index) {
    Floats out;
    for (int i = 0; i < 16; ++i) out.v[i] = table[index.v[i] & 15];
    return out;
}

// No NaN and nothing beyond 65504 comes here.
LANES_INLINE std::uint16_t halfOf(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = bits >> 16 & 0x8000u, size = bits & 0x7fffffffu;
    // Subnormals: the float adder rounds.
    const std::uint32_t half = size < 0x38800000u ? std::bit_cast<std::uint32_t>(std::bit_cast<float>(size) + 0.5f) - 0x3f000000u
                                                  : (size - 0x38000000u + 0xfffu + (size >> 13 & 1u)) >> 13;
    return static_cast<std::uint16_t>(sign | half);
}
LANES_INLINE float ofHalf(std::uint16_t half) {
    const std::uint32_t sign = std::uint32_t{half & 0x8000u} << 16, exponent = half >> 10 & 31u, mantissa = half & 1023u;
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13 | (mantissa ? 0x00400000u : 0u));
    if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(static_cast<float>(mantissa) * 0x1p-24f));
}
LANES_INLINE void storeHalves(std::uint16_t* y, const Floats& a) {
    for (int i = 0; i < 16; ++i) y[i] = halfOf(a.v[i]);
}
LANES_INLINE Floats loadHalves(const std::uint16_t* x) {
    Floats out;
    for (int i = 0; i < 16; ++i) out.v[i] = ofHalf(x[i]);
    return out;
}
LANES_INLINE Floats asHalves(const Floats& a) {
    Floats out;
    for (int i = 0; i < 16; ++i) out.v[i] = ofHalf(halfOf(a.v[i]));
    return out;
}

LANES_INLINE std::uint32_t largestLane(const Ints& a) {
    std::uint32_t largest = 0;
    for (int i = 0; i < 16; ++i) largest = static_cast<std::uint32_t>(a.v[i]) > largest ? static_cast<std::uint32_t>(a.v[i]) : largest;
    return largest;
}
// Of numbers without the highest bit.
LANES_INLINE Ints largerUnsigned(const Ints& a, const Ints& b) { return {a.v > b.v ? a.v : b.v}; }
LANES_INLINE Ints magnitudeBits(const Floats& a) { return {(IntLanes)a.v & INT32_MAX}; }

template <bool Largest>
LANES_INLINE Floats extremeOfEach(const Floats* a) {
    Floats out;
    for (int i = 0; i < 16; ++i) {
        float extreme = a[i].v[0];
        for (int k = 1; k < 16; ++k) extreme = (Largest ? a[i].v[k] > extreme : a[i].v[k] < extreme) ? a[i].v[k] : extreme;
        out.v[i] = extreme;
    }
    return out;
}

LANES_INLINE void transpose16(const float* const* from, float* to) {
    for (int j = 0; j < 16; ++j)
        for (int i = 0; i < 16; ++i) to[16 * j + i] = from[i][j];
}

}  // namespace
}  // namespace bitlathe
