// The one implementation of float_rows.h, in plain loops. Each ISA file includes it and the compiler makes
// that ISA's vector code of it. Everything here is local to the including file.
#pragma once

#include "core/kernels/float_math.h"
#include "core/kernels/float_rows.h"

#ifdef __AVX__
#include <immintrin.h>
#endif

namespace bitlathe {

const FloatRows& floatRowsReference() noexcept;
const FloatRows& floatRowsAvx2() noexcept;
const FloatRows& floatRowsAvx512() noexcept;

namespace {

constexpr int kLanes = 16;

// Sixteen floats: one AVX-512 register, two of AVX, four of SSE.
typedef float Block __attribute__((vector_size(kLanes * sizeof(float))));
// Eight numbers: what the doubles of half a block are summed in.
typedef float Floats8 __attribute__((vector_size(32)));
typedef double Doubles8 __attribute__((vector_size(64)));
typedef std::int64_t Integers8 __attribute__((vector_size(64)));

[[gnu::always_inline]] inline Block load(const float* x) {
    Block block;
    __builtin_memcpy(&block, x, sizeof block);
    return block;
}
[[gnu::always_inline]] inline void store(float* y, const Block& block) { __builtin_memcpy(y, &block, sizeof block); }

// The first n of sixteen; the others are 0 and stay untouched. Scalar code would wait for its own stores here.
[[gnu::always_inline]] inline Block loadPart(const float* x, std::int64_t n) {
#if defined(__AVX512F__)
    return (Block)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), x);
#elif defined(__AVX__)
    const __m256i order = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), count = _mm256_set1_epi32(static_cast<int>(n));
    struct Halves { __m256 low, high; };
    const Halves halves = {_mm256_maskload_ps(x, _mm256_cmpgt_epi32(count, order)),
                           _mm256_maskload_ps(x + 8, _mm256_cmpgt_epi32(count, _mm256_add_epi32(order, _mm256_set1_epi32(8))))};
    return __builtin_bit_cast(Block, halves);
#else
    Block block = {};
    for (std::int64_t i = 0; i < n; ++i) block[i] = x[i];
    return block;
#endif
}
[[gnu::always_inline]] inline void storePart(float* y, const Block& block, std::int64_t n) {
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(y, static_cast<__mmask16>((1u << n) - 1), (__m512)block);
#elif defined(__AVX__)
    struct Halves { __m256 low, high; };
    const Halves halves = __builtin_bit_cast(Halves, block);
    const __m256i order = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), count = _mm256_set1_epi32(static_cast<int>(n));
    _mm256_maskstore_ps(y, _mm256_cmpgt_epi32(count, order), halves.low);
    _mm256_maskstore_ps(y + 8, _mm256_cmpgt_epi32(count, _mm256_add_epi32(order, _mm256_set1_epi32(8))), halves.high);
#else
    for (std::int64_t i = 0; i < n; ++i) y[i] = block[i];
#endif
}

// The larger of both, a NaN counting as the largest. T: float or Block.
template <class T>
[[gnu::always_inline]] inline T larger(const T& a, const T& b) { return (a > b) | (a != a) ? a : b; }
[[gnu::always_inline]] inline float limited(float x) { return x < 0.0f ? 0.0f : x > 1.0f ? 1.0f : x; }

// y = f(x), in blocks whose loops are whole vectors.
template <class F>
[[gnu::always_inline]] inline void mapEach(const float* x, float* y, std::int64_t n, F f) {
    std::int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
#pragma GCC ivdep
        for (int lane = 0; lane < kLanes; ++lane) y[i + lane] = f(x[i + lane]);
    }
    if (i == n) return;
    alignas(sizeof(Block)) float block[kLanes];
    store(block, loadPart(x + i, n - i));
    for (int lane = 0; lane < kLanes; ++lane) block[lane] = f(block[lane]);
    storePart(y + i, load(block), n - i);
}

// y = join(y, x).
template <class F>
[[gnu::always_inline]] inline void joinEach(const float* x, float* y, std::int64_t n, F join) {
    std::int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) store(y + i, join(load(y + i), load(x + i)));
    if (i < n) storePart(y + i, join(loadPart(y + i, n - i), loadPart(x + i, n - i)), n - i);
}

void map(RowFunction function, const RowConstants& constants, const float* x, float* y, std::int64_t n) noexcept {
    const float a = constants.a, b = constants.b, c = constants.c;
    switch (function) {
    case RowFunction::Exp: return mapEach(x, y, n, [](float v) { return exp32(v); });
    case RowFunction::Sigmoid: return mapEach(x, y, n, [](float v) { return sigmoid32(v); });
    case RowFunction::Tanh: return mapEach(x, y, n, [](float v) { return tanh32(v); });
    case RowFunction::Erf: return mapEach(x, y, n, [](float v) { return erf32(v); });
    case RowFunction::Gelu: return mapEach(x, y, n, [](float v) { return gelu32(v); });
    case RowFunction::TanhGelu: return mapEach(x, y, n, [](float v) { return tanhGelu32(v); });
    case RowFunction::Mish: return mapEach(x, y, n, [](float v) { return mish32(v); });
    case RowFunction::Swish: return mapEach(x, y, n, [a](float v) { return v * sigmoid32(a * v); });
    case RowFunction::Elu: return mapEach(x, y, n, [a, b, c](float v) { return b * (v < 0.0f ? a * expm1_32(v / c) : v); });
    case RowFunction::HardSigmoid: return mapEach(x, y, n, [a, b](float v) { return limited(a * v + b); });
    case RowFunction::HardSwish: return mapEach(x, y, n, [a, b](float v) { return v * limited(a * v + b); });
    }
}

[[gnu::always_inline]] inline Doubles8 loadDoubles(const float* x) {
    Floats8 block;
    __builtin_memcpy(&block, x, sizeof block);
    return __builtin_convertvector(block, Doubles8);
}

// Adds f(x) in doubles: element i goes to part i mod 16, and the parts are joined in halves.
template <class F>
[[gnu::always_inline]] inline double sumEach(const float* x, std::int64_t n, F f) {
    Doubles8 low = {}, high = {};
    std::int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
        low += f(loadDoubles(x + i));
        high += f(loadDoubles(x + i + 8));
    }
    if (i < n) {
        alignas(sizeof(Block)) float block[kLanes];
        store(block, loadPart(x + i, n - i));
        const Integers8 index = {0, 1, 2, 3, 4, 5, 6, 7};
        const Doubles8 none = {}, first = f(loadDoubles(block)), second = f(loadDoubles(block + 8));
        low += index < n - i ? first : none;
        high += index + 8 < n - i ? second : none;
    }
    low += high;
    return ((low[0] + low[4]) + (low[2] + low[6])) + ((low[1] + low[5]) + (low[3] + low[7]));
}

float largest(const float* x, std::int64_t n) {
    Block parts = Block{} - __builtin_inff();
    if (n < kLanes) {
        for (std::int64_t i = 0; i < n; ++i) parts[i] = x[i];
    } else {
        for (std::int64_t i = 0; i + kLanes <= n; i += kLanes) parts = larger(parts, load(x + i));
        parts = larger(parts, load(x + n - kLanes));  // some for the second time, which changes nothing
    }
    float most = parts[0];
    for (int lane = 1; lane < kLanes; ++lane) most = larger(most, static_cast<float>(parts[lane]));
    return most;
}

double sum(const float* x, std::int64_t n) noexcept {
    return sumEach(x, n, [](const Doubles8& v) { return v; });
}

double sumOfSquares(const float* x, std::int64_t n) noexcept {
    return sumEach(x, n, [](const Doubles8& v) { return v * v; });
}

RowMoments moments(const float* x, std::int64_t n) noexcept {
    if (n == 0) return {};
    const double mean = sum(x, n) / static_cast<double>(n);
    const double squares = sumEach(x, n, [mean](const Doubles8& v) { return (v - mean) * (v - mean); });
    return {mean, squares / static_cast<double>(n)};
}

void softmax(const float* x, float* y, std::int64_t n) noexcept {
    const float most = largest(x, n);
    constexpr std::int64_t kBlock = 1024;  // stays in the first cache between the two loops
    double total = 0;
    for (std::int64_t begin = 0; begin < n; begin += kBlock) {
        const std::int64_t size = n - begin < kBlock ? n - begin : kBlock;
        mapEach(x + begin, y + begin, size, [most](float v) { return exp32(v - most); });
        total += sum(y + begin, size);
    }
    const float scale = static_cast<float>(1.0 / total);
    mapEach(y, y, n, [scale](float v) { return v * scale; });
}

void softmaxColumns(const float* x, float* y, std::int64_t extent, std::int64_t stride, std::int64_t n) noexcept {
    constexpr int kMost = 64;
    float most[kMost], scale[kMost];
    double total[kMost];
    for (std::int64_t c = 0; c < n; ++c) most[c] = -__builtin_inff();
    for (std::int64_t c = 0; c < n; ++c) total[c] = 0;
    for (std::int64_t k = 0; k < extent; ++k)
        for (std::int64_t c = 0; c < n; ++c) most[c] = larger(most[c], x[k * stride + c]);
    for (std::int64_t k = 0; k < extent; ++k) {
        const float* from = x + k * stride;
        float* to = y + k * stride;
#pragma GCC ivdep
        for (std::int64_t c = 0; c < n; ++c) to[c] = exp32(from[c] - most[c]);
#pragma GCC ivdep
        for (std::int64_t c = 0; c < n; ++c) total[c] += static_cast<double>(to[c]);
    }
    for (std::int64_t c = 0; c < n; ++c) scale[c] = static_cast<float>(1.0 / total[c]);
    for (std::int64_t k = 0; k < extent; ++k)
#pragma GCC ivdep
        for (std::int64_t c = 0; c < n; ++c) y[k * stride + c] *= scale[c];
}

void normalize(const float* x, float* y, std::int64_t n, float mean, float inverse, const float* scale, const float* bias) noexcept {
    if (scale && bias) {
#pragma GCC ivdep
        for (std::int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * inverse * scale[i] + bias[i];
    } else if (scale) {
#pragma GCC ivdep
        for (std::int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * inverse * scale[i];
    } else {
#pragma GCC ivdep
        for (std::int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * inverse;
    }
}

void raise(const float* x, float* y, std::int64_t n) noexcept {
    joinEach(x, y, n, [](const Block& a, const Block& b) { return larger(a, b); });
}

void add(const float* x, float* y, std::int64_t n) noexcept {
    joinEach(x, y, n, [](const Block& a, const Block& b) { return a + b; });
}

// Sixteen floats, `stride` apart; stride 2 from two vectors.
template <int kStride>
[[gnu::always_inline]] inline Block loadStrided(const float* x, std::int64_t stride) {
    if constexpr (kStride == 1) return load(x);
    if constexpr (kStride == 2)
        return __builtin_shufflevector(load(x), load(x + kLanes), 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    Block block;
    for (int lane = 0; lane < kLanes; ++lane) block[lane] = x[lane * stride];
    return block;
}

template <int kStride, class F>
[[gnu::always_inline]] inline void poolStrided(const PoolRow& t, F join) {
    for (std::int64_t i = 0; i < t.count; i += kLanes) {
        const float* from = t.row + i * t.stride;
        Block block = loadStrided<kStride>(from, t.stride);
        for (std::int64_t k = 1; k < t.taps; ++k) block = join(block, loadStrided<kStride>(from + k * t.dilation, t.stride));
        if (i + kLanes <= t.count) store(t.out + i, block);
        else storePart(t.out + i, block, t.count - i);
    }
}

template <class F>
[[gnu::always_inline]] inline void poolEach(const PoolRow& t, F join) {
    if (t.stride == 1) poolStrided<1>(t, join);
    else if (t.stride == 2) poolStrided<2>(t, join);
    else poolStrided<0>(t, join);
}

void poolLargest(const PoolRow& task) noexcept {
    poolEach(task, [](const Block& a, const Block& b) { return larger(a, b); });
}
void poolSum(const PoolRow& task) noexcept {
    poolEach(task, [](const Block& a, const Block& b) { return a + b; });
}

constexpr FloatRows kFloatRows{map, softmax, softmaxColumns, moments, sum, sumOfSquares, normalize, raise, add, poolLargest, poolSum};

}  // namespace

}  // namespace bitlathe
