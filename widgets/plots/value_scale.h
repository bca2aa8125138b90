// How the cells of a patch become colours: a scale that stays while one zooms and pans, and the picture of a
// patch. Magnitudes go through the single ramp, signed values through blue-white-orange around 0.
#pragma once

#include <vector>

#include "core/metrics/layer_report.h"
#include "core/metrics/value_patch.h"
#include "widgets/canvas/canvas_texture.h"
#include "widgets/canvas/colors.h"

namespace bitlathe {

// Which of a cell's three figures is shown where a cell covers several weights.
enum class CellFigure { RootMeanSquare, Mean, Extreme };

struct ValueScale {
    double end = 1;       // where the colours end; what lies beyond has the last colour
    bool diverging = false;  // from −end to end; else from 0
    bool operator==(const ValueScale&) const = default;

    Rgba at(float unit) const { return diverging ? bitlathe::diverging(unit * 2 - 1) : magnitude(unit); }  // 0 … 1 along the bar
    Rgba of(double value) const;
};

// Where a ramp of magnitudes ends: all but the largest hundredth of the finite values are not above.
double nearlyLargest(std::vector<float> all);

// Values rest on the layer's histograms, so that the scale is the same for every rectangle; codes on their width.
ValueScale valueScale(const LayerReport& report, const ValuePatch& patch, CellFigure figure);

const std::vector<float>& figuresOf(const ValuePatch& patch, CellFigure figure);

// One texel per cell, channel 0 at the bottom. Cells that are not lit fade into `ground`, where the patch
// tells lit weights apart; cells without a finite weight are `broken`.
void fillTexture(CanvasTexture& texture, const ValuePatch& patch, CellFigure figure, const ValueScale& scale, Rgba ground, Rgba broken);

// How brightly a cell shines with that share of lit weights, 0 … 1; a single lit weight among many is seen.
float litStrength(float share);

}  // namespace bitlathe
