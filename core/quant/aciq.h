// Analytical clipping (ACIQ; Banner, Nahshan and Soudry 2019): the range that is best for a bell or a Laplace
// distribution of the values' own width, without a search. Knows no formats.
#pragma once

#include "core/quant/chunks.h"
#include "core/quant/histogram.h"
#include "core/quant/scheme.h"
#include "core/quant/value_range.h"
#include "core/kernels/isa.h"

#include <cstdint>
#include <span>

namespace bitlathe {

// The α >= 0 with the least error of 2^bits even levels over ±α, in units of the distribution's width;
// bits 1 … 17.
//   Gaussian  α · erfc(α / √2) + α / (3 · 4^bits) = √(2/π) · e^(−α²/2)      width σ
//   Laplace   α / (3 · 4^bits) = e^(−α)                                     width b = mean|x − μ|
double aciqClip(Aciq::Shape shape, int bits) noexcept;  // not Auto

// What is needed of the values, all weighted.
struct Moments {
    ValueRange ends;            // of the finite values; not widened to hold 0
    double weight = 0;          // of the finite values
    double zeros = 0;           // of those that are 0
    double sum = 0, magnitudes = 0, squares = 0;  // Σx, Σ|x|, Σx²
    double deviations = 0;      // Σ|x − μ|, μ = sum / weight
};
// importance: empty, or one weight >= 0 per value.
Moments momentsOf(std::span<const float> x, std::span<const float> importance, Isa isa = Isa::Reference, const ForChunks& forChunks = oneAfterTheOther);

// Fills in Σ|x − μ| by the histogram's bin centres.
double deviationsOf(const Histogram& histogram, double mean) noexcept;

// Of Gaussian and Laplace the one under which the values are likelier: Laplace when mean|x − μ| < √(π / 2e) · σ.
Aciq::Shape likelierShape(const Moments& moments, bool symmetric) noexcept;

// The range, cut to the ends; 0 … 0 without finite values.
//   symmetric             ±α · width, about 0: σ² = mean x², b = mean|x|
//   values of both signs  μ ± α · width
//   values of one sign    0 … α · width, with the α of one bit more, since half of the levels would lie on the
//                         empty side; σ² and b of the values that are not 0: a ReLU's zeros are exact anyway
// shape: not Auto.
ValueRange aciqRange(const Moments& moments, Aciq::Shape shape, int bits, bool symmetric) noexcept;

}  // namespace bitlathe
