// One Dear ImGui context with its fonts, its input queue and its idea of when another frame is
// owed. Everything is in device pixels. Knows no Qt, no windows and no renderer: Canvas feeds it
// from a widget, tests feed it by hand and rasterize() the result.
//
// ImGui 1.86 has no input queue, so a press and a release between two frames would be lost: events
// wait here, at most one button change or double click reaches a frame, and nothing overtakes it.
// All ImCanvas objects live on one thread (ImGui has one current context).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "widgets/canvas/canvas_texture.h"
#include "widgets/canvas/colors.h"

struct ImDrawData;
struct ImFont;
struct ImFontAtlas;
struct ImGuiContext;

namespace bitlathe {

enum class CanvasKey { Left, Right, Up, Down, PageUp, PageDown, Home, End, Enter, Escape, Delete, Plus, Minus };

struct KeyPress {
    CanvasKey key{};
    bool shift = false, control = false;
    friend bool operator==(const KeyPress&, const KeyPress&) = default;
};

enum class CanvasButton { Left = 0, Right = 1, Middle = 2 };

struct CanvasFonts {
    ImFont* small = nullptr;   // 11 px: tick labels
    ImFont* body = nullptr;    // 12 px: legends, read-outs
    ImFont* strong = nullptr;  // 12 px semibold: titles
    ImFont* figure = nullptr;  // 15 px semibold: figures
};

// What a scene is given for one frame, inside a full-size ImGui window without decoration.
struct CanvasFrame {
    float width = 0, height = 0;       // device pixels
    float scale = 1;                   // device pixels per logical pixel: multiply every length
    double seconds = 0;                // a clock that never goes back; for fading
    const CanvasFonts& fonts;
    const Colors& colors;
    bool doubleClicked = false;        // use this, not ImGui's, which runs on frame time
    bool hovered = false;              // the pointer is above the canvas
    bool focused = false;              // the canvas has the keyboard
    bool focusRing = false;            // and the hand is on it: show where the keys go
    std::span<const KeyPress> keys;    // keys pressed since the last frame, repeats included
    double paintUntil = 0;             // raise to keep frames coming up to that time (animations)
};

// OpenType files in memory; must outlive the ImCanvas.
struct FontFiles {
    std::span<const std::byte> regular, semiBold;
};

class ImCanvas {
public:
    using Scene = std::function<void(CanvasFrame&)>;

    explicit ImCanvas(FontFiles fonts);
    ~ImCanvas();
    ImCanvas(const ImCanvas&) = delete;
    ImCanvas& operator=(const ImCanvas&) = delete;

    Scene scene;
    Colors colors = darkColors();

    // Events, in device pixels; each makes at least two frames owed.
    void movePointer(float x, float y);
    void leavePointer();
    void pressButton(CanvasButton button, bool doubleClick = false);
    void releaseButton(CanvasButton button);
    void turnWheel(float notchesX, float notchesY);
    void setModifiers(bool shift, bool control, bool alt);
    void pressKey(KeyPress key);
    void setFocused(bool focused, bool byKeyboard = false);

    // Draws one frame and returns ImGui's data, valid until the next call. `now` in seconds must not
    // go back. Fonts are rebuilt when `scale` changes. Never null.
    const ImDrawData* frame(int width, int height, float scale, double now);

    // True while another frame is owed: queued events, settling after input, or an animation.
    bool wantsFrame(double now) const;
    void invalidate(int frames = 1);

    // The pointer shape (ImGuiMouseCursor_…) and whether the scene wanted the pointer, after a frame.
    int cursor() const { return m_cursor; }

    const CanvasTexture& fontTexture() const { return m_fontTexture; }
    ImGuiContext* context() const { return m_context; }

private:
    struct Event;
    void buildFonts(float scale);
    bool applyEvents(std::vector<KeyPress>& keys);

    FontFiles m_files;
    std::unique_ptr<ImFontAtlas> m_atlas;
    ImGuiContext* m_context = nullptr;
    CanvasFonts m_fonts;
    CanvasTexture m_fontTexture;
    std::vector<Event> m_events;
    float m_scale = 0;
    double m_lastTime = -1;
    double m_paintUntil = 0;
    int m_owed = 2;
    int m_cursor = 0;
    bool m_hovered = false;
    bool m_focused = false, m_focusRing = false;
};

}  // namespace bitlathe
