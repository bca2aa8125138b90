// The one colour table: every colour of the program has a role here, once for dark and once for
// light. ImGui scenes, the Qt palette, the style sheet and the icons all read it. Knows neither Qt
// nor ImGui. A colour never carries a meaning alone: shape, position or text says it too.
#pragma once

#include <cstdint>

namespace bitlathe {

struct Rgba {
    std::uint8_t r = 0, g = 0, b = 0, a = 255;

    constexpr Rgba withAlpha(std::uint8_t alpha) const { return {r, g, b, alpha}; }
    // The layout of ImU32: red in the lowest byte.
    constexpr std::uint32_t packed() const {
        return std::uint32_t(r) | std::uint32_t(g) << 8 | std::uint32_t(b) << 16 | std::uint32_t(a) << 24;
    }
    friend constexpr bool operator==(const Rgba&, const Rgba&) = default;
};

struct Colors {
    bool dark = true;

    // Surfaces, from the back to the front.
    Rgba window;      // behind everything: menus, tool bar, status line
    Rgba panel;       // docks
    Rgba plot;        // cards that hold a plot
    Rgba field;       // line edits, combo boxes
    Rgba hover;       // a button or row under the pointer
    Rgba pressed;     // a button held down
    Rgba selection;   // selected rows
    Rgba tooltip;     // read-outs that float above a plot

    // Text and lines.
    Rgba text;
    Rgba dimmed;      // captions, prefixes; still readable at 4.5 : 1
    Rgba faint;       // disabled; never the only bearer of a fact
    Rgba border;
    Rgba grid;        // lines inside plots
    Rgba accent;      // what the hand can do: focus, primary button, slider
    Rgba onAccent;    // text on the accent

    // Meanings, the same everywhere.
    Rgba real;        // blue: float weights
    Rgba quantized;   // orange: quantized weights
    Rgba error;       // teal: quantization error
    Rgba refusal;     // red: clipping and refusal
    Rgba warning;     // amber
    Rgba good;        // green

    friend constexpr bool operator==(const Colors&, const Colors&) = default;
};

const Colors& darkColors();
const Colors& lightColors();

// Linear mix of two colours, alpha included; t in 0..1.
Rgba mix(Rgba from, Rgba to, float t);

// Contrast of two opaque colours, 1..21 (WCAG 2.1, "contrast ratio").
double contrast(Rgba a, Rgba b);

// Perceptual ramps for maps. Values outside the range saturate; NaN gives the low end.
enum class Ramp { Inferno, Viridis };
Rgba magnitude(float t, Ramp ramp = Ramp::Inferno);  // t in 0..1, lightness rises with t
Rgba diverging(float t);                             // t in -1..1: blue, white at 0, orange

// A bar beside a number: red at 0, amber at 0.5, green at 1.
Rgba quality(const Colors& colors, float t);

}  // namespace bitlathe
