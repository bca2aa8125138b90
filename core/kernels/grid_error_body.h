// The one implementation of grid_error.h. Each ISA file includes it and the compiler makes that ISA's vector
// code of it. Everything here is local to the including file.
#pragma once

#include "core/kernels/grid_error_kernels.h"

namespace bitlathe {
namespace {

constexpr int kLanes = 16;
constexpr std::int64_t kPiece = 4096;  // float lanes add up so many values, doubles the pieces

// Sixteen numbers: one AVX-512 register, two of AVX, four of SSE.
typedef float Block __attribute__((vector_size(kLanes * sizeof(float))));
typedef std::int32_t Words __attribute__((vector_size(kLanes * sizeof(std::int32_t))));

[[gnu::always_inline]] inline Block load(const float* x) {
    Block block;
    __builtin_memcpy(&block, x, sizeof block);
    return block;
}
// The first n of sixteen; the others are 0.
[[gnu::always_inline]] inline Block loadPart(const float* x, std::int64_t n) {
    alignas(64) float part[kLanes] = {};
    for (std::int64_t i = 0; i < n; ++i) part[i] = x[i];
    return load(part);
}

constexpr float kRounder = 12582912.0f;  // 1.5·2^23: adding it rounds to the nearest integer

// t^norm for t >= 0, by way of log2 and exp2; what underflows becomes 2^-126.
[[gnu::always_inline]] inline Block power(Block t, float norm) {
    const Words bits = (Words)t, exponent = (bits - 0x3f3504f3) >> 23;
    const Block m = (Block)(bits - (exponent << 23));  // √½ … √2
    const Block s = (m - 1.0f) / (m + 1.0f), z = s * s;
    Block y = __builtin_convertvector(exponent, Block) + s * (2.885390082f + z * (0.961796694f + z * (0.577078016f + z * 0.412198583f)));
    y = y * norm;
    y = y < -126.0f ? Block{} - 126.0f : y;
    y = y > 126.0f ? Block{} + 126.0f : y;
    const Block shifted = y + kRounder, f = y - (shifted - kRounder);
    Block p = 1.54035304e-4f * f + 1.33335581e-3f;
    p = p * f + 9.61812911e-3f;
    p = p * f + 5.55041087e-2f;
    p = p * f + 0.240226507f;
    p = p * f + 0.693147181f;
    p = p * f + 1.0f;
    return p * (Block)(((Words)shifted - 0x4b400000 + 127) << 23);
}

[[gnu::always_inline]] inline Block magnitude(Block x) { return (Block)((Words)x & 0x7fffffff); }

[[gnu::always_inline]] inline float total(Block sums) {
    alignas(64) float lane[kLanes];
    __builtin_memcpy(lane, &sums, sizeof lane);
    for (int width = kLanes / 2; width > 0; width /= 2)
        for (int i = 0; i < width; ++i) lane[i] += lane[i + width];
    return lane[0];
}

// Σ weight · term(i, block of x) over all points.
template <class Term>
[[gnu::always_inline]] inline double sumOf(const ErrorPoints& points, Term term) {
    double sum = 0;
    for (std::int64_t at = 0; at < points.count; at += kPiece) {
        const std::int64_t end = at + kPiece < points.count ? at + kPiece : points.count, whole = at + (end - at) / kLanes * kLanes;
        Block sums = {};
        if (points.weights == nullptr) {
            for (std::int64_t i = at; i < whole; i += kLanes) sums += term(i, load(points.x + i), kLanes);
            if (whole < end) {
                // Lanes without a value are points at 0 of weight 0.
                Block part = term(whole, loadPart(points.x + whole, end - whole), static_cast<int>(end - whole));
                alignas(64) float lane[kLanes];
                __builtin_memcpy(lane, &part, sizeof lane);
                for (std::int64_t i = end - whole; i < kLanes; ++i) lane[i] = 0;
                sums += load(lane);
            }
        } else {
            for (std::int64_t i = at; i < whole; i += kLanes) sums += load(points.weights + i) * term(i, load(points.x + i), kLanes);
            if (whole < end)
                sums += loadPart(points.weights + whole, end - whole) * term(whole, loadPart(points.x + whole, end - whole), static_cast<int>(end - whole));
        }
        sum += static_cast<double>(total(sums));
    }
    return sum;
}

double gridErrorBody(const ErrorPoints& points, const ErrorGrid& grid, float norm) noexcept {
    const float scale = grid.scale, inverse = 1.0f / grid.scale;
    const Block lo = Block{} + grid.lo, hi = Block{} + grid.hi;
    const auto code = [&](Block x) __attribute__((always_inline)) {
        Block q = x * inverse;
        q = q < lo ? lo : q;
        q = q > hi ? hi : q;
        return (q + kRounder) - kRounder;
    };
    if (norm == 2.0f)
        return sumOf(points, [&](std::int64_t, Block x, int) __attribute__((always_inline)) {
            const Block e = x - code(x) * scale;
            return e * e;
        });
    // In steps, so that no power leaves the floats; the scale's own power comes last.
    const double sum = sumOf(points, [&](std::int64_t, Block x, int) __attribute__((always_inline)) { return power(magnitude(x * inverse - code(x)), norm); });
    return sum * __builtin_pow(static_cast<double>(scale), static_cast<double>(norm));
}

double pairErrorBody(const ErrorPoints& points, const float* y, float norm) noexcept {
    const auto error = [&](std::int64_t i, Block x, int n) __attribute__((always_inline)) { return x - (n == kLanes ? load(y + i) : loadPart(y + i, n)); };
    if (norm == 2.0f)
        return sumOf(points, [&](std::int64_t i, Block x, int n) __attribute__((always_inline)) {
            const Block e = error(i, x, n);
            return e * e;
        });
    // Relative to the largest error, so that no power leaves the floats.
    Block most = {};
    for (std::int64_t i = 0; i < points.count; i += kLanes) {
        const std::int64_t n = points.count - i < kLanes ? points.count - i : kLanes;
        const Block e = magnitude(n == kLanes ? load(points.x + i) - load(y + i) : loadPart(points.x + i, n) - loadPart(y + i, n));
        most = e > most ? e : most;
    }
    float largest = 0;
    for (int i = 0; i < kLanes; ++i) largest = most[i] > largest ? most[i] : largest;
    if (!(largest >= 1e-37f)) return 0;
    const float inverse = 1.0f / largest;
    const double sum = sumOf(points, [&](std::int64_t i, Block x, int n) __attribute__((always_inline)) { return power(magnitude(error(i, x, n) * inverse), norm); });
    return sum * __builtin_pow(static_cast<double>(largest), static_cast<double>(norm));
}

}  // namespace
}  // namespace bitlathe
