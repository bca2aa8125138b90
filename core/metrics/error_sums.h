// Sums over pairs of values (x, x̂), from which the error figures follow. Adding is in a fixed order, so
// partial sums combined in order give the same bits for every number of threads.
#pragma once

#include "core/metrics/layer_report.h"

#include <cstdint>
#include <span>

namespace bitlathe {

struct ErrorSums {
    std::int64_t count = 0;  // of finite x
    double xx = 0, yy = 0, xy = 0, ee = 0;  // Σx², Σx̂², Σx·x̂, Σ(x − x̂)²
    double maximum = 0;                     // max|x − x̂|
    bool operator==(const ErrorSums&) const = default;
};

// Adds pairs; those whose x is not finite are passed over. With `errors` not empty, errors[i] = x[i] − y[i],
// or 0 where x is not finite. The spans are equally long.
void addPairs(ErrorSums& sums, std::span<const float> x, std::span<const float> y, std::span<float> errors = {}) noexcept;
void combine(ErrorSums& sums, const ErrorSums& later) noexcept;

// clipped: how many weights lie beyond the representable range.
QuantizationError figuresOf(const ErrorSums& sums, std::int64_t clipped = 0) noexcept;
// 10·log10(signal / noise); +infinity when the noise is 0, −infinity when only the signal is.
double decibels(double signal, double noise) noexcept;

}  // namespace bitlathe
