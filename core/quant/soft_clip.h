// Soft clipping: what a value becomes before it is coded. Hard clipping cuts at the ends of the range; a knee
// bends the last share of it instead, so that values beyond the end still differ from each other. A file
// holds codes only, so any consumer reads them; the error that is reported is against the unbent value.
//
// Of an end c > 0, with w = knee · c, each step in float32:
//   shaped(x) = x                          for x <= c − w
//             = c − w · u²                 above, u = clamp(((c − x) + w) / (2w), 0, 1)
// and mirrored at the lower end. It is the parabola that leaves the diagonal at c − w with slope 1 and meets
// c at c + w with slope 0: continuous with its first derivative, monotone to the last bit, 0 stays 0.
#pragma once

#include "core/quant/value_range.h"

#include <cstddef>
#include <span>

namespace bitlathe {

struct Codec;
struct GroupParameters;
struct QuantSpec;

// One end of a range, by magnitude. width 0: hard.
struct SoftEnd {
    float limit = 0;    // c
    float start = 0;    // c − w
    float width = 0;    // w
    float inverse = 0;  // 1 / (2w)
};
// limit >= 0; knee in 0 … 1. Ends too small to bend are hard.
SoftEnd softEnd(float limit, double knee) noexcept;

// magnitude >= 0, or NaN, which stays. A hard end cuts too.
inline float shapedMagnitude(float magnitude, const SoftEnd& end) noexcept {
    if (!(magnitude > end.start)) return magnitude;
    float u = ((end.limit - magnitude) + end.width) * end.inverse;
    u = u < 1.0f ? u : 1.0f;
    u = u > 0.0f ? u : 0.0f;
    return end.limit - end.width * (u * u);
}
// The magnitude that becomes `shaped`, which lies in 0 … end.limit: the inverse up to the end, in double.
double unshapedMagnitude(double shaped, const SoftEnd& end) noexcept;

// range.lo <= 0 <= range.hi. The transfer curve before rounding.
float shaped(float x, ValueRange range, double knee) noexcept;
void shape(std::span<const float> x, ValueRange range, double knee, std::span<float> out) noexcept;  // out may be x

// Whether the spec bends values: a knee above 0, in a format that has a range to bend and not only signs.
bool isSoft(const QuantSpec& spec) noexcept;
bool takesKnee(const QuantSpec& spec) noexcept;

// codec.encode(), of the values as the spec's knee shapes them over codec.representable(). x and codes as there.
void encodeShaped(const Codec& codec, const QuantSpec& spec, const GroupParameters& group, std::span<const float> x,
                  std::span<std::byte> codes) noexcept;

}  // namespace bitlathe
