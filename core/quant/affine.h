// The affine integer format: real = scale · (code − zeroPoint). Scale and zero point from a range, and
// the one rounding law. Knows one group of values, no tensors.
//
// Follows ONNX QuantizeLinear and ONNX Runtime's static quantizer (compute_scale_zp): float64 arithmetic
// for the parameters, float32 for the codes.
#pragma once

#include "core/quant/value_range.h"
#include "core/tensor/element_type.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace bitlathe {

// The smallest and the largest code.
struct CodeRange {
    std::int32_t lo = 0, hi = 0;
    bool operator==(const CodeRange&) const = default;
};

struct AffineParameters {
    float scale = 1.0f;
    std::int32_t zeroPoint = 0;  // within the code range, so that real 0 has an exact code
    bool operator==(const AffineParameters&) const = default;
};

// bits 1..16.
//   symmetric, narrow   −(2^(b−1)−1) … 2^(b−1)−1       int8: −127 … 127
//   symmetric, full     −2^(b−1) … 2^(b−1)−1           int8: −128 … 127
//   asymmetric          0 … 2^b−1                      uint8: 0 … 255
//   symmetric, 1 bit    −1 … 1, of which only −1 and +1 are used; see signScale()
CodeRange codeRange(int bits, bool symmetric, bool narrow) noexcept;

// What holds one code in memory: I8 or I16 for symmetric formats, U8 or U16 for asymmetric ones.
ElementType codeContainer(int bits, bool symmetric) noexcept;

// Parameters for a range. The range is first widened to hold 0.
//   asymmetric  scale = (hi − lo) / (codes.hi − codes.lo), zeroPoint = nearest(codes.lo − lo / scale), clamped
//   symmetric   the same with ±max(−lo, hi), zeroPoint 0: max/127 for int8 narrow, 2·max/255 for int8 full
// Degenerate ranges (a scale below the smallest normal float, or not a number): scale 1, zero point 0.
AffineParameters affineFromRange(ValueRange range, CodeRange codes, bool symmetric) noexcept;

// The zero point of an asymmetric format with a given scale: nearest(codes.lo − lo / scale), clamped.
std::int32_t zeroPointFor(ValueRange range, float scale, CodeRange codes) noexcept;

// The scale of the 1-bit symmetric format ±scale: the mean of |x|, the least squared error for a sign
// (Rastegari et al. 2016, XNOR-Net), each |x| cut at `limit`. Codes are −1 and +1; real 0 has no exact
// code and is coded +1. importance: empty, or one weight >= 0 per value. Only finite values count; a group of zeros has scale 0, so that it decodes to 0.
float signScale(std::span<const float> x, std::span<const float> importance, float limit) noexcept;

// The rounding law: nearest(x / scale) with ties to even, plus the zero point, saturated; NaN gets the
// code of 0. The quotient is float32, as in ONNX Runtime.
std::int32_t encodeAffine(float x, AffineParameters parameters, CodeRange codes) noexcept;
inline float decodeAffine(std::int32_t code, AffineParameters parameters) noexcept {
    return parameters.scale * static_cast<float>(code - parameters.zeroPoint);
}

// Rows of values; the spans are equally long. For containers I8 and U8 (Code = int8_t or uint8_t), and 16 bits.
template <class Code>
void encodeAffine(std::span<const float> x, AffineParameters parameters, CodeRange codes, std::span<Code> out) noexcept;
template <class Code>
void decodeAffine(std::span<const Code> codes, AffineParameters parameters, std::span<float> out) noexcept;

// The real values of the lowest and of the highest code.
ValueRange representableRange(AffineParameters parameters, CodeRange codes) noexcept;

}  // namespace bitlathe
