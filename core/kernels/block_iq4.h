// The 16 uneven levels of IQ4 and of MXFP4, part of the body of block_encode.
#pragma once

#include "core/kernels/block_search.h"

namespace bitlathe {
namespace {

constexpr int kIq4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

// Buckets of 9 from −135.5 to 152.5 hold one border between two levels at most: a value's level is the one
// below the border or the one above.
struct Iq4Buckets {
    alignas(64) float border[32], below[32], above[32];
    alignas(64) std::int32_t code[32];  // of the level below
    alignas(64) float level[16];
};
constexpr float kBucketFrom = -135.5f, kBucketWidth = 9.0f;
constexpr Iq4Buckets iq4Buckets() {
    Iq4Buckets all{};
    for (int i = 0; i < 16; ++i) all.level[i] = static_cast<float>(kIq4[i]);
    for (int b = 0; b < 32; ++b) {
        const float from = kBucketFrom + kBucketWidth * static_cast<float>(b);
        int code = 0;
        while (code < 15 && 0.5f * (all.level[code] + all.level[code + 1]) < from) ++code;
        const float next = code < 15 ? 0.5f * (all.level[code] + all.level[code + 1]) : 1000.0f;
        all.border[b] = next < from + kBucketWidth ? next : 1000.0f;
        all.below[b] = all.level[code];
        all.above[b] = all.level[code < 15 ? code + 1 : 15];
        all.code[b] = code;
    }
    return all;
}
constexpr Iq4Buckets kIq4Buckets = iq4Buckets();

// x from −135 to 150. The bucket's rounding errors do no harm: borders are half a unit off its ends at least.
LANES_INLINE Ints iq4Bucket(Floats x) { return toInts((x - all(kBucketFrom)) * all(1 / kBucketWidth)); }
LANES_INLINE Floats iq4Level(Floats x) {
    const Ints b = iq4Bucket(x);
    return choose(x >= lookUp32(kIq4Buckets.border, b), lookUp32(kIq4Buckets.above, b), lookUp32(kIq4Buckets.below, b));
}
// Of any x; NaN has the lowest code.
LANES_INLINE Ints iq4Code(Floats x) {
    const Floats near = within(x, -134, 134);
    const Ints b = iq4Bucket(near);
    return addWhere(lookUp32(kIq4Buckets.code, b), near >= lookUp32(kIq4Buckets.border, b), 1);
}

// iq4Scale(). Two trials at once; the first stands alone.
inline Floats iq4Scales(const Parts& p) {
    Floats largest = firstLargest(p.x, p.count);
    const Mask none = magnitude(largest) < all(kPartOfZeros);
    largest = choose(none, all(1), largest);
    const Floats end = all(-127);
    Floats scale = all(0), best = all(0);
    const auto take = [&](Floats lx, Floats ll, bool first) {
        const Floats tried = lx / ll;
        const Mask some = ll > all(0), better = first ? some : some & (lx * lx > best * ll);
        scale = choose(better, tried, scale);
        best = choose(better, tried * lx, best);
    };
    const auto tryTwo = [&](Floats inverse, Floats second, bool first) {
        Floats lx = all(0), ll = all(0), lx2 = all(0), ll2 = all(0);
        for (int i = 0; i < p.count; ++i) {
            const Floats x = load(p.x + 16 * i), w = load(p.weights + 16 * i), l = iq4Level(inverse * x), l2 = iq4Level(second * x);
            const Floats wl = w * l, wl2 = w * l2;
            lx = lx + wl * x;
            ll = ll + wl * l;
            lx2 = lx2 + wl2 * x;
            ll2 = ll2 + wl2 * l2;
        }
        take(lx, ll, first);
        take(lx2, ll2, false);
    };
    const auto inverseOf = [&](int trial) { return (all(static_cast<float>(trial)) + end) / largest; };
    // The reference starts from the reciprocal of a rounded scale, unlike its trials.
    tryTwo(all(1) / (-largest / end), inverseOf(-7), true);
    for (int trial = -6; trial <= 7; trial += 2) tryTwo(inverseOf(trial), inverseOf(trial + 1), false);
    return choose(none, all(0), scale);
}

alignas(64) constexpr float kMxfp4Level[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};  // doubled

// Nearest level of E2M1 with ties towards 0, as bytes: sign and three bits.
LANES_INLINE Ints mxfp4Code(Floats x, float scale) {
    constexpr float kBorders[] = {0.5f, 1.5f, 2.5f, 3.5f, 5.0f, 7.0f, 10.0f};  // of doubled values
    const Floats m = magnitude(x);
    Ints code = addWhere(allInts(0), (x < all(0)) & (m > all(0.5f * scale)), 8);
    for (const float border : kBorders) code = addWhere(code, m > all(border * scale), 1);
    return code;
}

}  // namespace
}  // namespace bitlathe
