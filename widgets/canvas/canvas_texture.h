// A picture that a scene can draw with ImGui (ImTextureID = CanvasTexture*), whichever renderer
// paints it. Owned by whoever fills it; must outlive the frame that draws it. A renderer uploads it
// again when `generation` has changed. Knows neither Qt nor GL.
#pragma once

#include <cstdint>
#include <vector>

namespace bitlathe {

struct CanvasTexture {
    int width = 0, height = 0;
    bool smooth = false;                 // bilinear when enlarged, else crisp cells
    std::vector<std::uint32_t> pixels;   // row-major, red in the lowest byte (ImU32), straight alpha
    std::uint64_t generation = 0;        // raise after every change of the pixels
};

}  // namespace bitlathe
