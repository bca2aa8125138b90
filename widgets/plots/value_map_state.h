// What the value map remembers between frames. Knows no drawing.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "core/metrics/value_patch.h"
#include "widgets/canvas/canvas_texture.h"
#include "widgets/plots/value_scale.h"

namespace bitlathe {

struct ValueMapState {
    PatchWhat what = PatchWhat::Float;
    int bit = 0;
    CellFigure figure = CellFigure::RootMeanSquare;
    std::optional<PatchRequest> asked;

    // A patch as painted, and all that its colours depend on.
    struct Painted {
        CanvasTexture texture;
        std::shared_ptr<const ValuePatch> patch;
        CellFigure figure = CellFigure::RootMeanSquare;
        ValueScale scale;
        bool dark = true;
    };
    Painted detail, whole;
};

// The cells for what is visible: about one per pixel, single weights from one pixel a weight on, with a margin for small
// moves. x: elements, y: channels, both [lo, hi); pixels: of the area.
PatchRequest requestFor(double xLo, double xHi, double yLo, double yHi, double width, double height, std::int64_t channels, std::int64_t perChannel);

// Whether the one asked for serves what the other one wants: the same cells, and all that is visible of them.
bool serves(const PatchRequest& asked, const PatchRequest& visible);

}  // namespace bitlathe
