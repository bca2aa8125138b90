// The one implementation of row_products.h, in plain loops over sixteen lanes. Each ISA file includes it and the
// compiler makes that ISA's vector code of it. Everything here is local to the including file.
#pragma once

#include "core/kernels/row_products.h"
#include "core/kernels/row_products_kernels.h"

#ifdef __AVX512F__
#include <immintrin.h>
#endif

namespace bitlathe {

namespace {

constexpr int kLanes = 16;
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));
typedef std::int32_t Order __attribute__((vector_size(kLanes * sizeof(std::int32_t))));

[[gnu::always_inline]] inline Lanes load(const float* x) {
    Lanes lanes;
    __builtin_memcpy(&lanes, x, sizeof lanes);
    return lanes;
}
[[gnu::always_inline]] inline void store(float* y, const Lanes& lanes) { __builtin_memcpy(y, &lanes, sizeof lanes); }

// The first n of sixteen; the others are 0 and are not read.
[[gnu::always_inline]] inline Lanes loadPart(const float* x, std::int64_t n) {
#ifdef __AVX512F__
    return (Lanes)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), x);
#else
    float part[kLanes] = {};
    for (std::int64_t i = 0; i < n; ++i) part[i] = x[i];
    return load(part);
#endif
}

// Halves of a and b side by side, added: each of the two keeps half as many sums.
[[gnu::always_inline]] inline Lanes join(const Lanes& a, const Lanes& b, const Order& low, const Order& high) { return __builtin_shuffle(a, b, low) + __builtin_shuffle(a, b, high); }

// The sum of each of sixteen vectors, in their order: lane i with i + 8, then i + 4, i + 2, i + 1.
[[gnu::always_inline]] inline Lanes sumsOf(Lanes (&v)[kLanes]) {
    constexpr Order low8 = {0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23}, high8 = {8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31};
    constexpr Order low4 = {0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27}, high4 = {4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31};
    constexpr Order low2 = {0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29}, high2 = {2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31};
    constexpr Order low1 = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30}, high1 = {1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31};
    for (int i = 0; i < 8; ++i) v[i] = join(v[2 * i], v[2 * i + 1], low8, high8);
    for (int i = 0; i < 4; ++i) v[i] = join(v[2 * i], v[2 * i + 1], low4, high4);
    for (int i = 0; i < 2; ++i) v[i] = join(v[2 * i], v[2 * i + 1], low2, high2);
    return join(v[0], v[1], low1, high1);
}

// One vector with sixteen rows.
[[gnu::always_inline]] inline Lanes sixteen(const float* a, const float* const (&rows)[kLanes], std::int64_t k) {
    Lanes sums[kLanes] = {};
    std::int64_t c = 0;
    for (; c + kLanes <= k; c += kLanes) {
        const Lanes x = load(a + c);
        for (int j = 0; j < kLanes; ++j) sums[j] += x * load(rows[j] + c);
    }
    if (c < k) {
        const Lanes x = loadPart(a + c, k - c);
        for (int j = 0; j < kLanes; ++j) sums[j] += x * loadPart(rows[j] + c, k - c);
    }
    return sumsOf(sums);
}

// Rows that come later are fetched while these are worked on: they come from far, where others' weights passed meanwhile.
[[gnu::always_inline]] inline void fetch(const float* row, std::int64_t k) {
    for (std::int64_t c = 0; c < k; c += kLanes) __builtin_prefetch(row + c);
}

void products(const RowProducts& t) noexcept {
    if (t.m == 0) return;
    const std::int64_t each = (kLanes + t.m - 1) / t.m;  // rows fetched beside one of a
    for (std::int64_t first = 0; first < t.n; first += kLanes) {
        const float* rows[kLanes];
        const std::int64_t count = t.n - first < kLanes ? t.n - first : kLanes;
        for (std::int64_t j = 0; j < kLanes; ++j) rows[j] = t.b + (first + (j < count ? j : 0)) * t.bStep;  // missing rows are the first one again
        std::int64_t fetched = first + kLanes;  // up to the rows behind the next sixteen
        for (std::int64_t i = 0; i < t.m; ++i) {
            for (std::int64_t end = fetched + each; fetched < end && fetched < t.n && fetched < first + 2 * kLanes; ++fetched) fetch(t.b + fetched * t.bStep, t.k);
            const Lanes sums = sixteen(t.a + i * t.aStep, rows, t.k) * t.scale;
            float* out = t.out + i * t.outStep + first;
            if (count == kLanes) store(out, sums);
            else
                for (std::int64_t j = 0; j < count; ++j) out[j] = sums[j];
        }
    }
}

// Output rows at once, as registers allow: their sums wait for each other less.
#ifdef __AVX512F__
constexpr int kRowsTogether = 2;
#else
constexpr int kRowsTogether = 1;
#endif
constexpr std::int64_t kFetchAhead = 24;  // rows

// Up to four registers of some output rows, all of b's rows.
template <int Rows, int Registers>
[[gnu::always_inline]] inline void sumColumns(const RowSums& t, std::int64_t i, std::int64_t c) {
    Lanes sums[Rows][Registers];
    for (int q = 0; q < Rows; ++q)
        for (int r = 0; r < Registers; ++r) sums[q][r] = load(t.out + (i + q) * t.outStep + c + r * kLanes);
    for (std::int64_t j = 0; j < t.n; ++j) {
        const float* row = t.b + j * t.bStep + c;
        if (i == 0 && j + kFetchAhead < t.n) fetch(row + kFetchAhead * t.bStep, Registers * kLanes);
        for (int r = 0; r < Registers; ++r) {
            const Lanes values = load(row + r * kLanes);
            for (int q = 0; q < Rows; ++q) sums[q][r] += values * t.weights[(i + q) * t.weightStep + j];
        }
    }
    for (int q = 0; q < Rows; ++q)
        for (int r = 0; r < Registers; ++r) store(t.out + (i + q) * t.outStep + c + r * kLanes, sums[q][r]);
}

template <int Rows>
[[gnu::always_inline]] inline void sumRows(const RowSums& t, std::int64_t i) {
    std::int64_t c = 0;
    for (; c + 4 * kLanes <= t.k; c += 4 * kLanes) sumColumns<Rows, 4>(t, i, c);
    for (; c + kLanes <= t.k; c += kLanes) sumColumns<Rows, 1>(t, i, c);
    for (int q = 0; q < Rows; ++q)
        for (std::int64_t rest = c; rest < t.k; ++rest) {
            float sum = t.out[(i + q) * t.outStep + rest];
            for (std::int64_t j = 0; j < t.n; ++j) sum += t.b[j * t.bStep + rest] * t.weights[(i + q) * t.weightStep + j];
            t.out[(i + q) * t.outStep + rest] = sum;
        }
}

void sums(const RowSums& t) noexcept {
    std::int64_t i = 0;
    for (; i + kRowsTogether <= t.m; i += kRowsTogether) sumRows<kRowsTogether>(t, i);
    for (; i < t.m; ++i) sumRows<1>(t, i);
}

}  // namespace

}  // namespace bitlathe
