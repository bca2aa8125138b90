#include "widgets/canvas/colors.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

namespace bitlathe {

namespace {

constexpr Rgba hex(std::uint32_t rgb, std::uint8_t alpha = 255) {
    return {std::uint8_t(rgb >> 16), std::uint8_t(rgb >> 8), std::uint8_t(rgb), alpha};
}

constexpr Colors dark{
    .dark = true,
    .window = hex(0x15181d),
    .panel = hex(0x1b1f26),
    .plot = hex(0x1b1f26),
    .field = hex(0x12151a),
    .hover = hex(0x262b34),
    .pressed = hex(0x303743),
    .selection = hex(0x233a61),
    .tooltip = hex(0x262c36),
    .text = hex(0xe6e9ee),
    .dimmed = hex(0x969fac),
    .faint = hex(0x666f7c),
    .border = hex(0x343b46),
    .grid = hex(0x2a303a),
    .accent = hex(0x4d8dff),
    .onAccent = hex(0x0b1220),
    .real = hex(0x5da2f5),
    .quantized = hex(0xf5923e),
    .error = hex(0x2cc9ad),
    .refusal = hex(0xfb6a6a),
    .warning = hex(0xf2cb45),
    .good = hex(0x4cc870),
};

constexpr Colors light{
    .dark = false,
    .window = hex(0xf0f2f5),
    .panel = hex(0xffffff),
    .plot = hex(0xffffff),
    .field = hex(0xffffff),
    .hover = hex(0xe7ebf0),
    .pressed = hex(0xd9dfe7),
    .selection = hex(0xd9e7fd),
    .tooltip = hex(0xffffff),
    .text = hex(0x171b21),
    .dimmed = hex(0x59626f),
    .faint = hex(0x969ea9),
    .border = hex(0xcdd4dd),
    .grid = hex(0xe6eaef),
    .accent = hex(0x2463eb),
    .onAccent = hex(0xffffff),
    .real = hex(0x2463d8),
    .quantized = hex(0xb9480b),
    .error = hex(0x0a786c),
    .refusal = hex(0xc92a2a),
    .warning = hex(0x7d6002),
    .good = hex(0x2b7a1c),
};

// Nine evenly spaced stops of the two well-known perceptual maps, and a diverging one whose arms
// have equal lightness at equal distance from the centre.
constexpr std::array inferno{hex(0x000004), hex(0x1f0c48), hex(0x550f6d), hex(0x88226a), hex(0xbc3754),
                             hex(0xe35933), hex(0xf98c0a), hex(0xf9cb35), hex(0xfcffa4)};
constexpr std::array viridis{hex(0x440154), hex(0x472d7b), hex(0x3b528b), hex(0x2c728e), hex(0x21918c),
                             hex(0x28ae80), hex(0x5ec962), hex(0xaddc30), hex(0xfde725)};
constexpr std::array blueOrange{hex(0x134a94), hex(0x3c7fc4), hex(0x86b4e2), hex(0xc8ddf1), hex(0xf7f7f5),
                                hex(0xf8d6b3), hex(0xee9f5b), hex(0xcf6a1e), hex(0x8d4206)};

Rgba along(std::span<const Rgba> stops, float t) {
    if (!(t > 0.0f)) return stops.front();
    if (t >= 1.0f) return stops.back();
    const float position = t * float(stops.size() - 1);
    const auto index = std::size_t(position);
    return mix(stops[index], stops[index + 1], position - float(index));
}

double linear(std::uint8_t channel) {
    const double c = channel / 255.0;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

double luminance(Rgba c) { return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b); }

}  // namespace

const Colors& darkColors() { return dark; }
const Colors& lightColors() { return light; }

Rgba mix(Rgba from, Rgba to, float t) {
    const auto one = [t](std::uint8_t a, std::uint8_t b) {
        return std::uint8_t(float(a) + (float(b) - float(a)) * t + 0.5f);
    };
    return {one(from.r, to.r), one(from.g, to.g), one(from.b, to.b), one(from.a, to.a)};
}

double contrast(Rgba a, Rgba b) {
    const double la = luminance(a) + 0.05, lb = luminance(b) + 0.05;
    return la > lb ? la / lb : lb / la;
}

Rgba magnitude(float t, Ramp ramp) { return along(ramp == Ramp::Viridis ? std::span(viridis) : std::span(inferno), t); }

Rgba diverging(float t) { return along(blueOrange, t * 0.5f + 0.5f); }

Rgba quality(const Colors& colors, float t) {
    const std::array stops{colors.refusal, colors.warning, colors.good};
    return along(stops, t);
}

}  // namespace bitlathe
