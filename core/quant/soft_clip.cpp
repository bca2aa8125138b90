#include "core/quant/soft_clip.h"

#include "core/quant/codec.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

namespace bitlathe {

SoftEnd softEnd(float limit, double knee) noexcept {
    const float width = float(double(limit) * knee);
    if (!(width >= 4 * std::numeric_limits<float>::min())) return {limit, limit, 0.0f, 0.0f};
    return {limit, limit - width, width, 0.5f / width};
}

double unshapedMagnitude(double shaped, const SoftEnd& end) noexcept {
    const double limit = double(end.limit), width = double(end.width);
    if (shaped <= double(end.start) || width <= 0) return shaped;
    const double u = std::sqrt(std::max(0.0, (limit - shaped) / width));
    return limit + width - 2 * width * u;
}

float shaped(float x, ValueRange range, double knee) noexcept {
    return x < 0 ? -shapedMagnitude(-x, softEnd(-range.lo, knee)) : shapedMagnitude(x, softEnd(range.hi, knee));
}

void shape(std::span<const float> x, ValueRange range, double knee, std::span<float> out) noexcept {
    assert(x.size() == out.size());
    const SoftEnd low = softEnd(-range.lo, knee), high = softEnd(range.hi, knee);
    for (std::size_t i = 0; i < x.size(); ++i) {
        // shapedMagnitude() with the end chosen by value, so that loops become vector code.
        const bool negative = x[i] < 0;
        const float limit = negative ? low.limit : high.limit, start = negative ? low.start : high.start;
        const float width = negative ? low.width : high.width, inverse = negative ? low.inverse : high.inverse;
        const float magnitude = negative ? -x[i] : x[i];
        float u = ((limit - magnitude) + width) * inverse;
        u = u < 1.0f ? u : 1.0f;
        u = u > 0.0f ? u : 0.0f;
        const float bent = limit - width * (u * u);
        const float y = magnitude > start ? bent : magnitude;
        out[i] = negative ? -y : y;
    }
}

bool takesKnee(const QuantSpec& spec) noexcept {
    const Codec& codec = codecOf(spec);
    return codec.takesRange && !(codec.affine && spec.symmetric && spec.bits == 1);
}
bool isSoft(const QuantSpec& spec) noexcept { return spec.knee > 0 && takesKnee(spec); }

void encodeShaped(const Codec& codec, const QuantSpec& spec, const GroupParameters& group, std::span<const float> x,
                  std::span<std::byte> codes) noexcept {
    if (!isSoft(spec)) return codec.encode(spec, group, x, codes);
    // A codec whose blocks have a size sees them whole; others may be coded in pieces.
    constexpr std::size_t kPiece = 1024;
    std::array<float, kPiece> piece;
    const ValueRange ends = codec.representable(spec, group);
    const std::size_t bytes = static_cast<std::size_t>(bitsOf(codec.codeType(spec)) / 8);
    const std::size_t step = codec.blockSize > 0 ? kPiece / static_cast<std::size_t>(codec.blockSize) * static_cast<std::size_t>(codec.blockSize) : kPiece;
    for (std::size_t at = 0; at < x.size(); at += step) {
        const std::size_t count = std::min(step, x.size() - at);
        shape(x.subspan(at, count), ends, spec.knee, std::span(piece).first(count));
        codec.encode(spec, group, std::span(piece).first(count), codes.subspan(at * bytes, count * bytes));
    }
}

}  // namespace bitlathe
