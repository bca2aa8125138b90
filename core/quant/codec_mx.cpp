// OCP Microscaling Formats (MX) Specification 1.0; scales as microxcaling computes them (the spec's
// floor of the logarithm), elements to nearest even and saturated.
#include "core/quant/codec_mx.h"

#include "core/quant/affine.h"
#include "core/quant/codec_small_float.h"

namespace bitlathe {

namespace {

constexpr ScaleType kPower[] = {ScaleType::E8M0};
constexpr ScaleType kE4M3Scale[] = {ScaleType::E4M3};

constexpr Codec named(Codec codec, std::string_view name, std::string_view label, std::string_view formula, std::string_view explanation) {
    codec.name = name;
    codec.label = label;
    codec.formula = formula;
    codec.explanation = explanation;
    return codec;
}

template <SmallFloat F>
constexpr Codec mx(std::string_view name, std::string_view label, std::string_view formula, std::string_view explanation) {
    Codec codec = named(SmallFloatRow<F>::row(true), name, label, formula, explanation);
    codec.blockSize = 32;
    codec.scaleTypes = kPower;
    return codec;
}

// MXINT8: two's complement with 6 bits behind the point, used from −127 to 127.
constexpr CodeRange kInt8{-127, 127};
AffineParameters affine(const GroupParameters& group) noexcept { return {group.scale, 0}; }

void fitInt8(const QuantSpec&, std::span<const float>, std::span<const float>, ValueRange range, GroupParameters& out) noexcept {
    const float largest = std::max(-range.lo, range.hi);
    out.zeroPoint = 0;
    out.scale = powerOfTwo(std::max(largest > 0 ? floorLog2(largest) : -126, -127) - 6);
}
void encodeInt8(const QuantSpec&, const GroupParameters& group, std::span<const float> x, std::span<std::byte> codes) noexcept {
    encodeAffine(x, affine(group), kInt8, std::span(reinterpret_cast<std::int8_t*>(codes.data()), codes.size()));
}
void decodeInt8(const QuantSpec&, const GroupParameters& group, std::span<const std::byte> codes, std::span<float> out) noexcept {
    decodeAffine(std::span(reinterpret_cast<const std::int8_t*>(codes.data()), codes.size()), affine(group), out);
}
std::vector<float> levelsInt8(const QuantSpec&, const GroupParameters& group) {
    std::vector<float> all;
    for (int code = kInt8.lo; code <= kInt8.hi; ++code) all.push_back(decodeAffine(code, affine(group)));
    return all;
}

constexpr Codec mxInt8() {
    Codec codec = SmallFloatRow<kE4M3FN>::row(true);
    codec.decodesAffine = true;
    codec.blockSize = 32;
    codec.scaleTypes = kPower;
    codec.codeType = [](const QuantSpec&) noexcept { return ElementType::I8; };
    codec.fit = fitInt8;
    codec.encode = encodeInt8;
    codec.decode = decodeInt8;
    codec.fast.format = [](const QuantSpec&) noexcept { return LevelFormat{.kind = LevelFormat::Kind::Steps, .low = kInt8.lo, .high = kInt8.hi}; };
    codec.representable = [](const QuantSpec&, const GroupParameters& group) noexcept { return representableRange(affine(group), kInt8); };
    codec.levels = levelsInt8;
    return codec;
}

constexpr Codec nvfp4() {
    Codec codec = SmallFloatRow<kE2M1>::row(false);
    codec.blockSize = 16;
    codec.scaleTypes = kE4M3Scale;
    return codec;
}

}  // namespace

constinit const Codec kMxCodecs[7] = {
    mx<kE4M3FN>("mxfp8e4m3", "MXFP8 E4M3", "x̂ = 2^s · e4m3, one s per 32; s = floor(log2(largest)) − 8",
                "Blocks of 32 weights in FP8 E4M3, each block with a power of two as its scale: 8.25 bits per weight.\n"
                "Largest |w| of the block 0.3: s = −2 − 8 = −10. The weight 0.131 is 134.1 units of 2^−10, rounds to 136 and reads back as 0.1328.\n"
                "Multiplying by the scale only adds to exponents, so that chips do it for nothing.\n"
                "Outliers harm the 31 weights beside them at most.\n"
                "It breaks little, and costs as much as int8; its gain is the hardware."),
    mx<kE5M2>("mxfp8e5m2", "MXFP8 E5M2", "x̂ = 2^s · e5m2, one s per 32; s = floor(log2(largest)) − 15",
              "Blocks of 32 weights in FP8 E5M2, each block with a power of two as its scale: 8.25 bits per weight.\n"
              "Largest |w| of the block 0.3: s = −2 − 15 = −17. The weight 0.131 is 17170 units, rounds to 16384 and reads back as 0.125.\n"
              "Its reach is wasted on a block that has a scale of its own; gradients use it.\n"
              "Multiplying by the scale only adds to exponents.\n"
              "It breaks on precision: the error is up to 1/8 of every weight, twice that of E4M3."),
    mx<kE3M2>("mxfp6e3m2", "MXFP6 E3M2", "x̂ = 2^s · e3m2, one s per 32; s = floor(log2(largest)) − 4",
              "Blocks of 32 weights in FP6 E3M2, each block with a power of two as its scale: 6.25 bits per weight.\n"
              "Largest |w| of the block 0.3: s = −2 − 4 = −6. The weight 0.131 is 8.384 units of 2^−6, rounds to 8 and reads back as 0.125.\n"
              "Seven powers of two inside a block: it forgives outliers.\n"
              "On ordinary weights E2M3 is closer at the same size.\n"
              "It breaks on precision: the error is up to 1/8 of a weight."),
    mx<kE2M3>("mxfp6e2m3", "MXFP6 E2M3", "x̂ = 2^s · e2m3, one s per 32; s = floor(log2(largest)) − 2",
              "Blocks of 32 weights in FP6 E2M3, each block with a power of two as its scale: 6.25 bits per weight.\n"
              "Largest |w| of the block 0.3: s = −2 − 2 = −4. The weight 0.131 is 2.096 units of 2^−4, rounds to 2 and reads back as 0.125.\n"
              "Near 0 it steps by 1/8 of a unit, at the top by 1/2.\n"
              "For most networks it cannot be told from float.\n"
              "It breaks in blocks with one huge weight, where the rest keeps a few levels."),
    mx<kE2M1>("mxfp4", "MXFP4", "x̂ = 2^s · {0, ½, 1, 1½, 2, 3, 4, 6}, one s per 32; s = floor(log2(largest)) − 2",
              "Blocks of 32 weights in FP4 E2M1, each block with a power of two as its scale: 4.25 bits per weight.\n"
              "Largest |w| of the block 0.3: s = −2 − 2 = −4. The weight 0.131 is 2.096 units of 2^−4, rounds to 2 and reads back as 0.125.\n"
              "The floor in s means that a largest weight between 6 and 8 units is cut to 6.\n"
              "New chips multiply it at twice the speed of 8 bits.\n"
              "It breaks on that cut, up to a quarter of the largest weight, and on scales that are off by up to two: NVFP4 cures both."),
    named(mxInt8(), "mxint8", "MXINT8", "x̂ = 2^s · code / 64, one s per 32; s = floor(log2(largest))",
          "Blocks of 32 integers of 8 bits, each block with a power of two as its scale: 8.25 bits per weight.\n"
          "Largest |w| of the block 0.3: s = −2. The weight 0.131 is 33.5 steps of 2^−8, rounds to 34 and reads back as 0.1328.\n"
          "It is int8 in groups of 32 whose scales are shifts.\n"
          "Up to half of the codes stay unused, because the scale can be twice too large.\n"
          "It breaks little; int8 in groups of 32 with float scales is closer, and larger."),
    named(nvfp4(), "nvfp4", "NVFP4", "x̂ = tensor scale · e4m3 · {0, ½, 1, 1½, 2, 3, 4, 6}, one e4m3 per 16; tensor scale = largest / (448 · 6)",
          "Blocks of 16 weights in FP4 E2M1; each block's scale is an FP8 E4M3, times one float for the tensor: 4.5 bits per weight.\n"
          "Largest |w| of the block 0.3: its scale is near 0.05. The weight 0.131 is 2.62 units, rounds to 3 and reads back near 0.15.\n"
          "The scale fits the block within 1/16, where MXFP4's may be off by two: about half of its squared error.\n"
          "Small blocks keep outliers to themselves.\n"
          "It breaks in tensors whose blocks differ by more than 2^17: the scales of the smallest run out of bits."),
};

}  // namespace bitlathe
