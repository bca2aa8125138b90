// Body of block_product: coding of activations, rows of weights times one row of activations, and tiles of both.
// Each ISA file includes it and is compiled for its own instruction set. Everything is local to the including file.
#pragma once

#include "core/kernels/block_product_kernels.h"
#include "core/kernels/block_unpack.h"

namespace bitlathe {
namespace {

constexpr std::int64_t kGroup = kActivationGroup;

template <GgufType Type>
constexpr std::int64_t kGroupBytes = kGroup / sizeOf(Type).values * sizeOf(Type).bytes;

// One integer per part from the sums of four: with the codes' zero taken away.
template <GgufType Type>
LANES_INLINE Ints partSums(Ints sums, Ints ofActivations) {
    constexpr int zero = zeroBits(Type);
    if constexpr (isSigned(Type)) return kSignedBias == 0 ? sums : sums - left<7>(ofActivations);
    else if constexpr (zero == 0) return sums - ofActivations;
    else if constexpr (zero > 0) return sums - left<zero>(ofActivations);
    else return sums;
}
template <GgufType Type>
LANES_INLINE Ints dotOf(Ints sum, Bytes codes, Bytes a) {
    if constexpr (isSigned(Type)) return dotBiased(sum, codes, a);
    else return dot(sum, codes, a);
}

template <GgufType Type>
constexpr bool kNeedsSums = withMin(Type) || (isSigned(Type) ? kSignedBias != 0 : zeroBits(Type) >= 0);

// What sixteen parts add to their lanes.
template <GgufType Type>
PRODUCT_STEP Floats added(Floats lanes, const Weights<Type>& w, const ActivationGroup& a) {
    Bytes x[8];
    for (int i = 0; i < 8; ++i) x[i] = loadAll(a.codes + 64 * i);
    Floats t;
    if constexpr (halvesOf(Type) == 1) {
        Ints quads[4];
        for (int g = 0; g < 4; ++g) quads[g] = dotOf<Type>(dotOf<Type>(zeros(), w.codes[2 * g], x[2 * g]), w.codes[2 * g + 1], x[2 * g + 1]);
        const Ints sums = sumsOfQuarters(quads[0], quads[1], quads[2], quads[3]);
        const Ints ofA = kNeedsSums<Type> ? loadInts(a.sums[0]) + loadInts(a.sums[1]) : zeros();
        t = toFloats(partSums<Type>(sums, ofA)) * w.scale[0];
        if constexpr (withMin(Type)) t = t - toFloats(ofA) * w.min[0];
    } else {
        Floats half[2];
        for (int h = 0; h < 2; ++h) {
            Ints quads[4];
            for (int g = 0; g < 4; ++g) quads[g] = dotOf<Type>(zeros(), w.codes[2 * g + h], x[2 * g + h]);
            const Ints ofA = kNeedsSums<Type> ? loadInts(a.sums[h]) : zeros();
            half[h] = toFloats(partSums<Type>(sumsOfQuarters(quads[0], quads[1], quads[2], quads[3]), ofA)) * w.scale[h];
            if constexpr (withMin(Type)) half[h] = half[h] - toFloats(ofA) * w.min[h];
        }
        t = half[0] + half[1];
    }
    return lanes + t * load(a.scale);
}

// The groups of a row: where they lie, but for a last one that is not whole, which gets zeros behind it.
template <GgufType Type>
struct Groups {
    const Byte* row;
    std::int64_t whole;
    Byte tail[kGroupBytes<Type>];
    LANES_INLINE Groups(const Byte* r, std::int64_t k) : row(r), whole(k / kGroup) {
        if (k % kGroup == 0) return;
        const std::int64_t from = whole * kGroupBytes<Type>, all = k / sizeOf(Type).values * sizeOf(Type).bytes;
        __builtin_memset(tail, 0, sizeof tail);
        __builtin_memcpy(tail, row + from, static_cast<std::size_t>(all - from));
    }
    LANES_INLINE const Byte* at(std::int64_t g) const { return g < whole ? row + g * kGroupBytes<Type> : tail; }
};

template <GgufType Type>
LANES_INLINE float rowTimesRow(const Byte* row, std::int64_t k, const ActivationGroup* a) {
    constexpr int ahead = 12288;  // bytes: the processor itself fetches ahead within a page only; half as many leave a tenth of the rate of reading unused
    const Groups<Type> groups(row, k);
    Floats lanes = all(0);
    for (std::int64_t g = 0; g < activationGroups(k); ++g) {
        const Byte* at = groups.at(g);
        for (int i = 0; i < kGroupBytes<Type>; i += 64) __builtin_prefetch(at + ahead + i, 0, 0);
        Weights<Type> w;
        unpack<Type>(at, w);
        lanes = added<Type>(lanes, w, a[g]);
    }
    return sumOfLanes(lanes);
}

// A tile: so many rows of weights, groups of them and rows of activations at a time.
constexpr std::int64_t kTileRows = 8, kTileGroups = 4, kTileM = 64;

template <GgufType Type>
struct Unpacked {
    alignas(64) Byte codes[8][64];
    float scale[halvesOf(Type)][16], min[withMin(Type) ? halvesOf(Type) : 1][16];
    LANES_INLINE void put(const Weights<Type>& w) {
        for (int i = 0; i < 8; ++i) storeAll(codes[i], w.codes[i]);
        for (int h = 0; h < halvesOf(Type); ++h) {
            store(scale[h], w.scale[h]);
            if constexpr (withMin(Type)) store(min[h], w.min[h]);
        }
    }
};

template <GgufType Type>
struct Tile {
    Unpacked<Type> weights[kTileRows][kTileGroups];
    float lanes[kTileM][kTileRows][16];
};

template <GgufType Type>
void unpackTile(const BlockProduct& call, std::int64_t n, std::int64_t rows, std::int64_t first, std::int64_t groups, Tile<Type>& tile) noexcept {
    const std::int64_t rowBytes = call.k / sizeOf(Type).values * sizeOf(Type).bytes;
    for (std::int64_t r = 0; r < rows; ++r) {
        const Groups<Type> all(static_cast<const Byte*>(call.weights) + (n + r) * rowBytes, call.k);
        for (std::int64_t g = 0; g < groups; ++g) {
            Weights<Type> w;
            unpack<Type>(all.at(first + g), w);
            tile.weights[r][g].put(w);
        }
    }
}

// One quarter's products of R rows of weights and A rows of activations, for pair `i` of codes (in their order).
template <GgufType Type, int R, int A>
LANES_INLINE void dotPairs(const Unpacked<Type>* const* w, const ActivationGroup* const* a, int i, Ints (*sums)[R][4], int quad) {
    Bytes x[A];
    for (int j = 0; j < A; ++j) x[j] = loadAll(a[j]->codes + 64 * i);
    for (int r = 0; r < R; ++r) {
        const Bytes codes = loadAll(w[r]->codes[i]);
        for (int j = 0; j < A; ++j) sums[j][r][quad] = dotOf<Type>(sums[j][r][quad], codes, x[j]);
    }
}

// added() for R rows of weights and A rows of activations: what one has to load serves all of the other.
template <GgufType Type, int R, int A>
PRODUCT_STEP void addProducts(const Unpacked<Type>* const* w, const ActivationGroup* const* a, Floats (*lanes)[R]) {
    constexpr int halves = halvesOf(Type);
    Floats t[A][R];
    for (int j = 0; j < A; ++j)
        for (int r = 0; r < R; ++r) t[j][r] = all(0);  // for compilers that do not see the first half's turn
    for (int h = 0; h < halves; ++h) {
        Ints quads[A][R][4];
        for (int j = 0; j < A; ++j)
            for (int r = 0; r < R; ++r)
                for (int g = 0; g < 4; ++g) quads[j][r][g] = zeros();
        for (int g = 0; g < 4; ++g) {
            dotPairs<Type, R, A>(w, a, 2 * g + h, quads, g);
            if (halves == 1) dotPairs<Type, R, A>(w, a, 2 * g + 1, quads, g);
        }
        for (int j = 0; j < A; ++j) {
            Ints ofA = zeros();
            if constexpr (kNeedsSums<Type>) ofA = halves == 1 ? loadInts(a[j]->sums[0]) + loadInts(a[j]->sums[1]) : loadInts(a[j]->sums[h]);
            for (int r = 0; r < R; ++r) {
                const Ints* quad = quads[j][r];
                Floats part = toFloats(partSums<Type>(sumsOfQuarters(quad[0], quad[1], quad[2], quad[3]), ofA)) * load(w[r]->scale[h]);
                if constexpr (withMin(Type)) part = part - toFloats(ofA) * load(w[r]->min[h]);
                t[j][r] = h == 0 ? part : t[j][r] + part;
            }
        }
    }
    for (int j = 0; j < A; ++j)
        for (int r = 0; r < R; ++r) lanes[j][r] = lanes[j][r] + t[j][r] * load(a[j]->scale);
}

// R rows of weights from r0 on times A rows of activations, over the groups of a tile.
template <GgufType Type, int R, int A>
LANES_INLINE void multiplyTile(const BlockProduct& call, std::int64_t m, std::int64_t first, std::int64_t groups, Tile<Type>& tile, std::int64_t r0, float (*lanes)[kTileRows][16]) {
    Floats sums[A][R];
    for (int i = 0; i < A; ++i)
        for (int r = 0; r < R; ++r) sums[i][r] = first == 0 ? all(0) : load(lanes[i][r0 + r]);
    const std::int64_t stride = activationGroups(call.k);
    const ActivationGroup* a = call.a + m * stride + first;
    for (std::int64_t g = 0; g < groups; ++g) {
        const Unpacked<Type>* w[R];
        const ActivationGroup* x[A];
        for (int r = 0; r < R; ++r) w[r] = &tile.weights[r0 + r][g];
        for (int i = 0; i < A; ++i) x[i] = a + i * stride + g;
        addProducts<Type, R, A>(w, x, sums);
    }
    for (int i = 0; i < A; ++i)
        for (int r = 0; r < R; ++r) store(lanes[i][r0 + r], sums[i][r]);
}

// All rows of a tile times A rows of activations.
template <GgufType Type, int A>
LANES_INLINE void multiplyRows(const BlockProduct& call, std::int64_t m, std::int64_t rows, std::int64_t first, std::int64_t groups, Tile<Type>& tile, float (*lanes)[kTileRows][16]) {
    std::int64_t r = 0;
    for (; r + kRowsAtOnce <= rows; r += kRowsAtOnce) multiplyTile<Type, kRowsAtOnce, A>(call, m, first, groups, tile, r, lanes);
    for (; r < rows; ++r) multiplyTile<Type, 1, A>(call, m, first, groups, tile, r, lanes);
}

template <GgufType Type>
void multiplyTiles(const BlockProduct& call) noexcept {
    Tile<Type> tile;
    const std::int64_t groups = activationGroups(call.k);
    if (groups == 0) {  // no group would begin the lanes
        for (std::int64_t m = 0; m < call.m; ++m)
            for (std::int64_t n = 0; n < call.n; ++n) call.y[m * call.yStride + n] = 0.0f;
        return;
    }
    for (std::int64_t m0 = 0; m0 < call.m; m0 += kTileM) {
        const std::int64_t ms = call.m - m0 < kTileM ? call.m - m0 : kTileM;
        for (std::int64_t n = 0; n < call.n; n += kTileRows) {
            const std::int64_t rows = call.n - n < kTileRows ? call.n - n : kTileRows;
            for (std::int64_t first = 0; first < groups; first += kTileGroups) {
                const std::int64_t count = groups - first < kTileGroups ? groups - first : kTileGroups;
                unpackTile<Type>(call, n, rows, first, count, tile);
                std::int64_t m = 0;
                for (; m + 2 <= ms; m += 2) multiplyRows<Type, 2>(call, m0 + m, rows, first, count, tile, tile.lanes + m);
                if (m < ms) multiplyRows<Type, 1>(call, m0 + m, rows, first, count, tile, tile.lanes + m);
            }
            for (std::int64_t m = 0; m < ms; ++m)
                for (std::int64_t r = 0; r < rows; ++r) call.y[(m0 + m) * call.yStride + n + r] = sumOfLanes(load(tile.lanes[m][r]));
        }
    }
}

template <GgufType Type>
void multiply(const BlockProduct& call) noexcept {
    if (call.m > 1) return multiplyTiles<Type>(call);
    const std::int64_t rowBytes = call.k / sizeOf(Type).values * sizeOf(Type).bytes;
    for (std::int64_t n = 0; n < call.n; ++n) call.y[n] = rowTimesRow<Type>(static_cast<const Byte*>(call.weights) + n * rowBytes, call.k, call.a);
}

// Part p of up to `count` values.
LANES_INLINE void codePart(const float* x, std::int64_t count, int p, ActivationGroup& out) {
    float own[32];
    if (count < 32) {
        __builtin_memset(own, 0, sizeof own);
        __builtin_memcpy(own, x, static_cast<std::size_t>(count) * 4);
        x = own;
    }
    const Floats low = load(x), high = load(x + 16);
    const std::uint32_t bits = largestLane(largerUnsigned(magnitudeBits(low), magnitudeBits(high)));
    float largest;
    __builtin_memcpy(&largest, &bits, 4);
    const bool finite = bits < 0x7f800000u, zero = largest < 0x1p-110f;
    out.scale[p] = finite ? zero ? 0.0f : largest / 127.0f : __builtin_nanf("");
    const Floats inverse = all(finite && !zero ? 127.0f / largest : 0.0f);
    const int quarter = p / 4, pair = 2 * (p % 4);
    for (int h = 0; h < 2; ++h) {
        std::int8_t* codes = out.codes + 64 * (pair + h) + 16 * quarter;
        const Ints code = finite ? toInts(nearest((h == 0 ? low : high) * inverse)) : allInts(0);
        storeLowBytes(reinterpret_cast<std::uint8_t*>(codes), code);
        out.sums[h][p] = sumOfInts(code);
    }
}

void codeRows(const float* x, std::int64_t xStride, std::int64_t rows, std::int64_t k, ActivationGroup* out) noexcept {
    for (std::int64_t r = 0; r < rows; ++r, x += xStride)
        for (std::int64_t g = 0; g < activationGroups(k); ++g, ++out)
            for (int p = 0; p < 16; ++p) {
                const std::int64_t at = g * kGroup + 32 * p, left = k - at;
                codePart(x + (left > 0 ? at : 0), left <= 0 ? 0 : left < 32 ? left : 32, p, *out);
            }
}

template <GgufType... Types>
struct ProductsOf {
    static constexpr void (*rows[])(const BlockProduct&) noexcept = {multiply<Types>...};
};
using Products = ProductsOf<GgufType::Q4_0, GgufType::Q4_1, GgufType::Q5_0, GgufType::Q5_1, GgufType::Q8_0, GgufType::Q2_K, GgufType::Q3_K, GgufType::Q4_K,
                            GgufType::Q5_K, GgufType::Q6_K, GgufType::IQ4_NL, GgufType::IQ4_XS, GgufType::TQ1_0, GgufType::TQ2_0, GgufType::MXFP4>;

constexpr BlockProductKernels kBlockProductKernels{codeRows, Products::rows};

}  // namespace
}  // namespace bitlathe
