// The CPU renderer: draws ImGui's triangles into 32-bit pixels, on one thread, with integer
// coverage. The same draw data give the same bits at every optimisation level, so tests compare
// pictures with ==. Knows no windows, no Qt and no GL.
#pragma once

#include <cstdint>

struct ImDrawData;

namespace bitlathe {

// Memory that the caller owns: 0xFFrrggbb words (QImage::Format_RGB32), `stride` words per row.
struct PixelBuffer {
    std::uint32_t* pixels = nullptr;
    int width = 0, height = 0;
    int stride = 0;
};

// Fills the buffer with `background` (0xFFrrggbb) and draws over it.
// Coverage: pixel centres, top-left rule, corners snapped to 1/256 px; blending with straight alpha,
// rounded to nearest. A texture is read at the nearest texel unless CanvasTexture::smooth.
void rasterize(const ImDrawData& data, PixelBuffer target, std::uint32_t background);

}  // namespace bitlathe
