#include "core/quant/codec_int.h"

#include "core/quant/affine.h"
#include "core/quant/affine_error.h"
#include "core/quant/stored_scale.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

bool isSign(const QuantSpec& spec) noexcept { return spec.bits == 1 && spec.symmetric; }
CodeRange rangeOf(const QuantSpec& spec) noexcept { return codeRange(spec.bits, spec.symmetric, spec.narrow); }
AffineParameters affine(const GroupParameters& group) noexcept { return {group.scale, group.zeroPoint}; }

template <class Code>
std::span<Code> as(std::span<std::byte> bytes) noexcept { return {reinterpret_cast<Code*>(bytes.data()), bytes.size() / sizeof(Code)}; }
template <class Code>
std::span<const Code> as(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const Code*>(bytes.data()), bytes.size() / sizeof(Code)};
}

ElementType codeType(const QuantSpec& spec) noexcept { return codeContainer(spec.bits, spec.symmetric); }
int innerBytes(const QuantSpec&) noexcept { return 0; }
int parameterBits(const QuantSpec& spec) noexcept { return bitsOf(scaleTypeOf(spec)) + (spec.symmetric ? 0 : spec.bits); }
bool holdsZero(const QuantSpec& spec) noexcept { return !isSign(spec); }

void fit(const QuantSpec& spec, std::span<const float> x, std::span<const float> importance, ValueRange range, GroupParameters& out) noexcept {
    if (isSign(spec)) {
        out.scale = roundScale(scaleTypeOf(spec), signScale(x, importance, std::max(-range.lo, range.hi)));
        out.zeroPoint = 0;
        return;
    }
    AffineParameters parameters = affineFromRange(range, rangeOf(spec), spec.symmetric);
    if (const float stored = roundScale(scaleTypeOf(spec), parameters.scale); stored != parameters.scale) {
        parameters.scale = stored;
        if (!spec.symmetric) parameters.zeroPoint = zeroPointFor(range, stored, rangeOf(spec));
    }
    out.scale = parameters.scale;
    out.zeroPoint = parameters.zeroPoint;
}

void encode(const QuantSpec& spec, const GroupParameters& group, std::span<const float> x, std::span<std::byte> codes) noexcept {
    if (isSign(spec)) {
        auto out = as<std::int8_t>(codes);
        for (std::size_t i = 0; i < x.size(); ++i) out[i] = x[i] < 0.0f ? -1 : 1;
    } else {
        switch (codeType(spec)) {
        case ElementType::I8: return encodeAffine(x, affine(group), rangeOf(spec), as<std::int8_t>(codes));
        case ElementType::U8: return encodeAffine(x, affine(group), rangeOf(spec), as<std::uint8_t>(codes));
        case ElementType::I16: return encodeAffine(x, affine(group), rangeOf(spec), as<std::int16_t>(codes));
        default: return encodeAffine(x, affine(group), rangeOf(spec), as<std::uint16_t>(codes));
        }
    }
}

void decode(const QuantSpec& spec, const GroupParameters& group, std::span<const std::byte> codes, std::span<float> out) noexcept {
    switch (codeType(spec)) {
    case ElementType::I8: return decodeAffine(as<std::int8_t>(codes), affine(group), out);
    case ElementType::U8: return decodeAffine(as<std::uint8_t>(codes), affine(group), out);
    case ElementType::I16: return decodeAffine(as<std::int16_t>(codes), affine(group), out);
    default: return decodeAffine(as<std::uint16_t>(codes), affine(group), out);
    }
}

double squaredError(const QuantSpec& spec, const GroupParameters& group, std::span<const float> x, std::span<const float> importance) noexcept {
    if (!isSign(spec)) return affineSquaredError(x, importance, affine(group), rangeOf(spec));
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double e = std::fabs(double(x[i])) - double(group.scale);
        sum += (importance.empty() ? 1.0 : double(importance[i])) * e * e;
    }
    return sum;
}

ValueRange representable(const QuantSpec& spec, const GroupParameters& group) noexcept {
    return representableRange(affine(group), rangeOf(spec));
}

std::vector<float> levels(const QuantSpec& spec, const GroupParameters& group) {
    const CodeRange codes = rangeOf(spec);
    std::vector<float> values;
    for (std::int32_t code = codes.lo; code <= codes.hi; code += isSign(spec) ? 2 : 1) values.push_back(decodeAffine(code, affine(group)));
    return values;
}

// Signs have none: the pass has a case of its own for them.
LevelFormat fastFormat(const QuantSpec& spec) noexcept {
    return {.kind = LevelFormat::Kind::Steps, .low = rangeOf(spec).lo, .high = rangeOf(spec).hi, .wide = spec.bits > 8};
}

}  // namespace

const Codec kIntegerCodec = {
    .name = "int",
    .label = "Integer",
    .formula = "x̂ = scale · (code − zero point); code = nearest(x / scale) + zero point, ties to even, saturated",
    .explanation =
        "The levels stand in equal steps, like the teeth of a comb: level n lies at scale · n.\n"
        "Symmetric: scale = largest |w| / (2^(b−1) − 1). With scale 0.02 the weight 0.131 becomes code 7 and reads back as 0.14.\n"
        "Asymmetric: a zero point moves the comb, so that one-sided weights use all codes and 0 stays exact.\n"
        "1 bit, symmetric: every weight becomes ±mean|w| (XNOR-Net); there is no zero.\n"
        "It breaks on a few large weights: they stretch the steps, and the many small ones fall on 0. Cut the range, or use smaller groups.",
    .minBits = 1,
    .maxBits = 16,
    .affine = true,
    .decodesAffine = true,
    .scaleTypes = kScaleTypes,
    .codeType = codeType,
    .innerBytes = innerBytes,
    .parameterBits = parameterBits,
    .fitNeedsValues = isSign,
    .holdsZero = holdsZero,
    .fit = fit,
    .encode = encode,
    .decode = decode,
    .squaredError = squaredError,
    .fast = {.format = fastFormat},
    .representable = representable,
    .levels = levels,
};

}  // namespace bitlathe
