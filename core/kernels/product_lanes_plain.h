// product_lanes.h in plain loops.
#pragma once

#include "core/kernels/block_lanes.h"

// A step of a loop over groups: a function of its own, as all in one would take compilers minutes.
#define PRODUCT_STEP [[gnu::noinline]]

namespace bitlathe {
namespace {

struct Bytes {
    std::uint8_t v[64];
};

LANES_INLINE Bytes loadAll(const void* x) {
    Bytes a;
    std::memcpy(&a, x, 64);
    return a;
}
LANES_INLINE void storeAll(void* y, const Bytes& a) { std::memcpy(y, &a, 64); }
LANES_INLINE Bytes quarters(const std::uint8_t* x, int step) {
    Bytes a;
    for (int i = 0; i < 4; ++i) std::memcpy(a.v + 16 * i, x + i * step, 16);
    return a;
}
LANES_INLINE Bytes quarters(const std::uint8_t* x, const std::uint8_t* y, int step) {
    Bytes a;
    for (int i = 0; i < 2; ++i) std::memcpy(a.v + 16 * i, x + i * step, 16);
    for (int i = 0; i < 2; ++i) std::memcpy(a.v + 32 + 16 * i, y + i * step, 16);
    return a;
}
template <class Of>
LANES_INLINE Bytes eachByte(Of of) {
    Bytes a;
    for (int i = 0; i < 64; ++i) a.v[i] = static_cast<std::uint8_t>(of(i));
    return a;
}
LANES_INLINE Bytes quarterBytes(std::uint8_t even, std::uint8_t odd) {
    return eachByte([&](int i) { return i / 16 % 2 == 0 ? even : odd; });
}
LANES_INLINE Bytes operator|(const Bytes& a, const Bytes& b) {
    return eachByte([&](int i) { return a.v[i] | b.v[i]; });
}
template <int From, int Mask>
LANES_INLINE Bytes field(const Bytes& a) {
    return eachByte([&](int i) { return a.v[i] >> From & Mask; });
}
template <int By>
LANES_INLINE Bytes raised(const Bytes& a) {
    return eachByte([&](int i) { return a.v[i] << By; });
}
LANES_INLINE Bytes where(const Bytes& a, const Bytes& test, std::uint8_t value) {
    return eachByte([&](int i) { return a.v[i] & test.v[i] ? value : 0; });
}
LANES_INLINE Bytes fromBits(std::uint64_t bits, std::uint8_t value) {
    return eachByte([&](int i) { return bits >> i & 1 ? value : 0; });
}
LANES_INLINE Bytes lookUp(const std::int8_t* table, const Bytes& a) {
    return eachByte([&](int i) { return table[a.v[i]]; });
}
LANES_INLINE Bytes tripled(const Bytes& a) {
    return eachByte([&](int i) { return 3 * a.v[i]; });
}
LANES_INLINE Bytes thirds(const Bytes& a) {
    return eachByte([&](int i) { return 3 * a.v[i] >> 8; });
}
LANES_INLINE Bytes evenQuarters(const Bytes& a, const Bytes& b) {
    return eachByte([&](int i) { return i / 16 % 2 == 0 ? a.v[i] : b.v[i - 16]; });
}
LANES_INLINE Bytes oddQuarters(const Bytes& a, const Bytes& b) {
    return eachByte([&](int i) { return i / 16 % 2 == 0 ? a.v[i + 16] : b.v[i]; });
}
LANES_INLINE Bytes twoQuarters(std::uint64_t low, std::uint64_t high, std::uint64_t low2, std::uint64_t high2) {
    return eachByte([&](int i) { return (i < 32 ? i & 8 ? high : low : i & 8 ? high2 : low2) >> 8 * (i % 8); });
}

template <class Of>
LANES_INLINE Ints eachInt(Of of) {
    Ints a;
    for (int i = 0; i < 16; ++i) a.v[i] = static_cast<std::int32_t>(of(i));
    return a;
}
LANES_INLINE Ints zeros() { return allInts(0); }
LANES_INLINE Ints loadInts(const std::int32_t* x) {
    Ints a;
    std::memcpy(&a, x, sizeof a);
    return a;
}
LANES_INLINE Ints operator+(const Ints& a, const Ints& b) { return {a.v + b.v}; }
LANES_INLINE Ints operator-(const Ints& a, const Ints& b) { return {a.v - b.v}; }
LANES_INLINE Ints operator&(const Ints& a, int b) { return {a.v & b}; }
template <int By>
LANES_INLINE Ints left(const Ints& a) {
    return {a.v << By};
}
template <int By>
LANES_INLINE Ints right(const Ints& a) {
    return {a.v >> By};
}
LANES_INLINE Floats asFloats(const Ints& a) { return {(FloatLanes)a.v}; }
LANES_INLINE Ints dot(const Ints& sum, const Bytes& codes, const Bytes& a) {
    return eachInt([&](int i) {
        std::int32_t s = sum.v[i];
        for (int j = 4 * i; j < 4 * i + 4; ++j) s += codes.v[j] * static_cast<std::int8_t>(a.v[j]);
        return s;
    });
}
constexpr int kRowsAtOnce = 1;
constexpr int kSignedBias = 0;
LANES_INLINE Bytes biased(const Bytes& codes) { return codes; }
LANES_INLINE Ints dotBiased(const Ints& sum, const Bytes& codes, const Bytes& a) {
    return eachInt([&](int i) {
        std::int32_t s = sum.v[i];
        for (int j = 4 * i; j < 4 * i + 4; ++j) s += static_cast<std::int8_t>(codes.v[j]) * static_cast<std::int8_t>(a.v[j]);
        return s;
    });
}
LANES_INLINE Ints sumsOfQuarters(const Ints& a, const Ints& b, const Ints& c, const Ints& d) {
    const Ints* all[] = {&a, &b, &c, &d};
    return eachInt([&](int i) {
        const IntLanes& v = all[i % 4]->v;
        return v[i & ~3] + v[(i & ~3) + 1] + v[(i & ~3) + 2] + v[(i & ~3) + 3];
    });
}
LANES_INLINE Ints signedBytes(std::uint64_t a, std::uint64_t b) {
    return eachInt([&](int i) { return static_cast<std::int8_t>((i < 8 ? a : b) >> 8 * (i % 8)); });
}
LANES_INLINE Ints signedPairs(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
    const std::uint64_t all[] = {a, b, c, d};
    return eachInt([&](int i) { return static_cast<std::int16_t>(all[i / 4] >> 16 * (i % 4)); });
}
LANES_INLINE Floats stridedHalves(const std::uint8_t* x, int step) {
    std::uint16_t halves[16];
    for (int i = 0; i < 16; ++i) std::memcpy(halves + i, x + i * step, 2);
    return loadHalves(halves);
}
LANES_INLINE Ints stridedPairs(const std::uint8_t* x, int step) {
    return eachInt([&](int i) { return x[i * step] | x[i * step + 1] << 8; });
}
LANES_INLINE Floats twoHalves(const std::uint8_t* x, const std::uint8_t* y) {
    std::uint16_t halves[16];
    for (int i = 0; i < 16; ++i) std::memcpy(halves + i, i < 8 ? x : y, 2);
    return loadHalves(halves);
}
LANES_INLINE void sixBitScales(const std::uint8_t* x, const std::uint8_t* y, Ints& scales, Ints& mins) {
    const auto each = [&](int first, int shift) {
        return eachInt([&](int i) {
            const std::uint8_t* b = i < 8 ? x : y;
            const int j = i % 4;
            return i % 8 < 4 ? b[first + j] & 63 : (b[12 + j] >> shift & 15) | b[first + j] >> 6 << 4;
        });
    };
    scales = each(4, 0);
    mins = each(8, 4);
}
LANES_INLINE std::int32_t sumOfInts(const Ints& a) {
    std::int32_t sum = 0;
    for (int i = 0; i < 16; ++i) sum += a.v[i];
    return sum;
}
LANES_INLINE Floats loadBfloats(const std::uint8_t* x) {
    std::uint16_t halves[16];
    std::memcpy(halves, x, 32);
    return asFloats(eachInt([&](int i) { return std::uint32_t{halves[i]} << 16; }));
}
LANES_INLINE float sumOfLanes(const Floats& a) {
    float v[16];
    store(v, a);
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) v[i] = v[i] + v[i + half];
    return v[0];
}

}  // namespace
}  // namespace bitlathe
