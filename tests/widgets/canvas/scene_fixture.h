// A canvas without a window: feeds events by hand, draws into plain memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "widgets/canvas/im_canvas.h"
#include "widgets/canvas/soft_raster.h"

namespace bitlathe {

inline std::vector<std::byte> readBytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot open " + path);
    const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    return {first, first + text.size()};
}

struct Picture {
    int width = 0, height = 0;
    std::vector<std::uint32_t> pixels;
    Picture(int w, int h) : width(w), height(h), pixels(std::size_t(w) * std::size_t(h)) {}
    PixelBuffer buffer() { return {pixels.data(), width, height, width}; }
    std::uint32_t at(int x, int y) const { return pixels[std::size_t(y) * std::size_t(width) + std::size_t(x)]; }
    friend bool operator==(const Picture&, const Picture&) = default;
};

class SceneRig {
public:
    explicit SceneRig(int width = 640, int height = 400, float scale = 1)
        : m_width(width), m_height(height), m_scale(scale),
          m_regular(readBytes(BITLATHE_SOURCE_DIR "/resources/fonts/Inter-Regular.otf")),
          m_semiBold(readBytes(BITLATHE_SOURCE_DIR "/resources/fonts/Inter-SemiBold.otf")), canvas({m_regular, m_semiBold}) {}

    // One frame, a sixtieth of a second after the last.
    const ImDrawData* step() {
        m_now += 1.0 / 60.0;
        return canvas.frame(m_width, m_height, m_scale, m_now);
    }
    // Frames until none is owed, at most 300; returns how many.
    int settle() {
        int frames = 0;
        while (canvas.wantsFrame(m_now) && frames < 300) {
            step();
            ++frames;
        }
        return frames;
    }
    // Lets time pass without a frame.
    void wait(double seconds) { m_now += seconds; }
    Picture picture() {
        Picture out(m_width, m_height);
        const ImDrawData* data = step();
        const Rgba w = canvas.colors.window;
        rasterize(*data, out.buffer(), std::uint32_t(w.r) << 16 | std::uint32_t(w.g) << 8 | w.b);
        return out;
    }
    void drag(float x0, float y0, float x1, float y1, CanvasButton button = CanvasButton::Left) {
        canvas.movePointer(x0, y0);
        settle();
        canvas.pressButton(button);
        settle();
        for (int i = 1; i <= 4; ++i) {
            canvas.movePointer(x0 + (x1 - x0) * float(i) / 4, y0 + (y1 - y0) * float(i) / 4);
            step();
        }
        canvas.releaseButton(button);
        settle();
    }
    void click(float x, float y) {
        canvas.movePointer(x, y);
        canvas.pressButton(CanvasButton::Left);
        canvas.releaseButton(CanvasButton::Left);
        settle();
    }
    void doubleClick(float x, float y) {
        canvas.movePointer(x, y);
        canvas.pressButton(CanvasButton::Left, true);
        canvas.releaseButton(CanvasButton::Left);
        settle();
    }
    double now() const { return m_now; }

private:
    int m_width, m_height;
    float m_scale;
    double m_now = 0;
    std::vector<std::byte> m_regular, m_semiBold;

public:
    ImCanvas canvas;
};

}  // namespace bitlathe
