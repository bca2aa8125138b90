// Sums and maxima of rows of floats in a fixed order that the compiler turns into vector code. Knows no tensors.
#pragma once

#include "core/engine/operators/float_math.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace bitlathe {

// The sum of f(i) over 0 … count - 1: eight double parts, index i going to part i mod 8.
template <class F>
double sumOf(std::int64_t count, F&& f) {
    std::array<double, 8> parts{};
    std::int64_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (std::size_t lane = 0; lane < 8; ++lane) parts[lane] += f(i + static_cast<std::int64_t>(lane));
    for (std::size_t lane = 0; i < count; ++i, ++lane) parts[lane] += f(i);
    return ((parts[0] + parts[4]) + (parts[2] + parts[6])) + ((parts[1] + parts[5]) + (parts[3] + parts[7]));
}

// The largest value; NaN when there is one; -infinity of nothing.
inline float largestOf(const float* x, std::int64_t count) {
    std::array<float, 8> parts;
    parts.fill(-std::numeric_limits<float>::infinity());
    std::int64_t i = 0;
    const auto larger = [](float a, float b) { return a > b || a != a ? a : b; };
    for (; i + 8 <= count; i += 8)
        for (std::size_t lane = 0; lane < 8; ++lane) parts[lane] = larger(parts[lane], x[i + static_cast<std::int64_t>(lane)]);
    for (std::size_t lane = 0; i < count; ++i, ++lane) parts[lane] = larger(parts[lane], x[i]);
    for (std::size_t half = 4; half > 0; half /= 2)
        for (std::size_t lane = 0; lane < half; ++lane) parts[lane] = larger(parts[lane], parts[lane + half]);
    return parts[0];
}

// Mean and variance (of the population) in two passes.
struct Moments {
    double mean = 0, variance = 0;
};
inline Moments momentsOf(const float* x, std::int64_t count) {
    Moments moments;
    if (count == 0) return moments;
    moments.mean = sumOf(count, [x](std::int64_t i) { return double(x[i]); }) / double(count);
    const double mean = moments.mean;
    moments.variance = sumOf(count, [x, mean](std::int64_t i) { return (double(x[i]) - mean) * (double(x[i]) - mean); }) / double(count);
    return moments;
}

// y = exp(x - largest) / sum of those; y may be x.
inline void softmaxRow(const float* x, float* y, std::int64_t count) {
    const float most = largestOf(x, count);
    double sum = 0;
    constexpr std::int64_t kBlock = 1024;  // stays in the first cache between the two loops
    for (std::int64_t begin = 0; begin < count; begin += kBlock) {
        const std::int64_t size = count - begin < kBlock ? count - begin : kBlock;
        const float* from = x + begin;
        float* to = y + begin;
#pragma GCC ivdep
        for (std::int64_t i = 0; i < size; ++i) to[i] = exp32(from[i] - most);
        sum += sumOf(size, [to](std::int64_t i) { return double(to[i]); });
    }
    const auto scale = static_cast<float>(1.0 / sum);
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) y[i] *= scale;
}

}  // namespace bitlathe
