#include "widgets/canvas/im_canvas.h"

#include <imgui.h>
#include <imgui_freetype.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>

namespace bitlathe {

struct ImCanvas::Event {
    enum class Kind { Move, Leave, Press, DoubleClick, Release, Wheel, Modifiers, Key } kind{};
    float x = 0, y = 0;
    int button = 0;
    bool shift = false, control = false, alt = false;
    KeyPress key;
};

namespace {

// Latin with accents, Greek, general punctuation, superscripts, arrows and the signs of mathematics.
constexpr ImWchar glyphRanges[] = {0x0020, 0x017F, 0x0302, 0x0302, 0x0370, 0x03FF, 0x2010, 0x2027, 0x2030, 0x203A, 0x2070,
                                   0x209C, 0x2190, 0x2199, 0x2202, 0x2265, 0};

constexpr int framesAfterEvent = 2;

}  // namespace

ImCanvas::ImCanvas(FontFiles fonts) : m_files(fonts) {
    m_atlas = std::make_unique<ImFontAtlas>();
    ImGuiContext* previous = ImGui::GetCurrentContext();
    m_context = ImGui::CreateContext(m_atlas.get());
    ImGui::SetCurrentContext(m_context);
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.LogFilename = nullptr;
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset | ImGuiBackendFlags_HasMouseCursors;
    io.ConfigFlags |= ImGuiConfigFlags_NoMouseCursorChange;
    io.MousePos = ImVec2(-FLT_MAX, -FLT_MAX);
    ImGuiStyle& style = ImGui::GetStyle();
    style.AntiAliasedLinesUseTex = false;
    style.WindowPadding = ImVec2(0, 0);
    style.WindowBorderSize = 0;
    style.WindowRounding = 0;
    ImGui::SetCurrentContext(previous);
}

ImCanvas::~ImCanvas() {
    ImGuiContext* previous = ImGui::GetCurrentContext();
    ImGui::SetCurrentContext(m_context);
    ImGui::DestroyContext(m_context);
    ImGui::SetCurrentContext(previous == m_context ? nullptr : previous);
}

void ImCanvas::buildFonts(float scale) {
    m_scale = scale;
    m_atlas->Clear();
    m_atlas->FontBuilderIO = ImGuiFreeType::GetBuilderForFreeType();
    m_atlas->FontBuilderFlags = ImGuiFreeTypeBuilderFlags_LightHinting;
    m_atlas->TexGlyphPadding = 1;
    const auto add = [&](std::span<const std::byte> file, float size) {
        ImFontConfig config;
        config.FontDataOwnedByAtlas = false;
        config.PixelSnapH = true;
        config.GlyphRanges = glyphRanges;
        // ImGui takes the height between ascender and descender; Inter's is 1.21 of its em.
        config.SizePixels = std::round(size * 1.21f * scale);
        return m_atlas->AddFontFromMemoryTTF(const_cast<std::byte*>(file.data()), int(file.size()),
                                             config.SizePixels, &config);
    };
    m_fonts.small = add(m_files.regular, 11);
    m_fonts.body = add(m_files.regular, 12);
    m_fonts.strong = add(m_files.semiBold, 12);
    m_fonts.figure = add(m_files.semiBold, 15);

    unsigned char* data = nullptr;
    int width = 0, height = 0;
    m_atlas->GetTexDataAsRGBA32(&data, &width, &height);
    m_fontTexture.width = width;
    m_fontTexture.height = height;
    m_fontTexture.pixels.resize(std::size_t(width) * std::size_t(height));
    std::memcpy(m_fontTexture.pixels.data(), data, m_fontTexture.pixels.size() * 4);
    ++m_fontTexture.generation;
    m_atlas->ClearTexData();
    m_atlas->SetTexID(&m_fontTexture);
}

void ImCanvas::movePointer(float x, float y) {
    // Moves in a row are one move; a move after a button change must wait for it.
    if (!m_events.empty() && m_events.back().kind == Event::Kind::Move) m_events.pop_back();
    m_events.push_back({.kind = Event::Kind::Move, .x = x, .y = y});
    invalidate(framesAfterEvent);
}

void ImCanvas::leavePointer() {
    m_events.push_back({.kind = Event::Kind::Leave});
    invalidate(framesAfterEvent);
}

void ImCanvas::pressButton(CanvasButton button, bool doubleClick) {
    m_events.push_back({.kind = doubleClick ? Event::Kind::DoubleClick : Event::Kind::Press, .button = int(button)});
    invalidate(framesAfterEvent);
}

void ImCanvas::releaseButton(CanvasButton button) {
    m_events.push_back({.kind = Event::Kind::Release, .button = int(button)});
    invalidate(framesAfterEvent);
}

void ImCanvas::turnWheel(float notchesX, float notchesY) {
    m_events.push_back({.kind = Event::Kind::Wheel, .x = notchesX, .y = notchesY});
    invalidate(framesAfterEvent);
}

void ImCanvas::setModifiers(bool shift, bool control, bool alt) {
    m_events.push_back({.kind = Event::Kind::Modifiers, .shift = shift, .control = control, .alt = alt});
}

void ImCanvas::pressKey(KeyPress key) {
    m_events.push_back({.kind = Event::Kind::Key, .key = key});
    invalidate(framesAfterEvent);
}

void ImCanvas::setFocused(bool focused, bool byKeyboard) {
    m_focused = focused;
    m_focusRing = focused && byKeyboard;
    invalidate();
}

void ImCanvas::invalidate(int frames) { m_owed = std::max(m_owed, frames); }

bool ImCanvas::wantsFrame(double now) const { return m_owed > 0 || !m_events.empty() || now < m_paintUntil; }

// Hands queued events to ImGui up to and including the first button change. A pointer position that
// a press needs was queued before it, so it is in place. Returns whether that was a double click.
bool ImCanvas::applyEvents(std::vector<KeyPress>& keys) {
    ImGuiIO& io = ImGui::GetIO();
    while (!m_events.empty()) {
        const Event event = m_events.front();
        m_events.erase(m_events.begin());
        switch (event.kind) {
        case Event::Kind::Move:
            io.MousePos = ImVec2(event.x, event.y);
            m_hovered = true;
            break;
        case Event::Kind::Leave:
            io.MousePos = ImVec2(-FLT_MAX, -FLT_MAX);
            m_hovered = false;
            break;
        case Event::Kind::Wheel:
            io.MouseWheelH += event.x;
            io.MouseWheel += event.y;
            break;
        case Event::Kind::Modifiers:
            io.KeyShift = event.shift;
            io.KeyCtrl = event.control;
            io.KeyAlt = event.alt;
            break;
        case Event::Kind::Key:
            keys.push_back(event.key);
            m_focusRing = m_focused;
            break;
        case Event::Kind::Press:
        case Event::Kind::DoubleClick:
            io.MouseDown[event.button] = true;
            m_focusRing = false;
            return event.kind == Event::Kind::DoubleClick;
        case Event::Kind::Release: io.MouseDown[event.button] = false; return false;
        }
    }
    return false;
}

const ImDrawData* ImCanvas::frame(int width, int height, float scale, double now) {
    ImGuiContext* previous = ImGui::GetCurrentContext();
    ImGui::SetCurrentContext(m_context);
    if (scale != m_scale) buildFonts(scale);

    ImGuiIO& io = ImGui::GetIO();
    const ImVec2 size(float(std::max(width, 1)), float(std::max(height, 1)));
    io.DisplaySize = size;
    io.DeltaTime = float(std::clamp(now - m_lastTime, 1e-4, 0.1));
    m_lastTime = std::max(now, m_lastTime);
    std::vector<KeyPress> keys;
    const bool doubleClicked = applyEvents(keys);
    if (m_owed > 0) --m_owed;

    ImGui::NewFrame();
    ImGui::SetMouseCursor(ImGuiMouseCursor_Arrow);
    ImGui::SetNextWindowPos(ImVec2(0, 0));
    ImGui::SetNextWindowSize(size);
    constexpr ImGuiWindowFlags flags = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground |
                                       ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                                       ImGuiWindowFlags_NoNav | ImGuiWindowFlags_NoBringToFrontOnFocus |
                                       ImGuiWindowFlags_NoScrollWithMouse;
    ImGui::Begin("canvas", nullptr, flags);
    if (scene) {
        CanvasFrame view{.width = size.x, .height = size.y, .scale = scale, .seconds = now, .fonts = m_fonts,
                         .colors = colors, .doubleClicked = doubleClicked, .hovered = m_hovered,
                         .focused = m_focused, .focusRing = m_focusRing, .keys = keys, .paintUntil = 0};
        ImGui::PushFont(m_fonts.body);
        scene(view);
        ImGui::PopFont();
        m_paintUntil = view.paintUntil;
    }
    ImGui::End();
    ImGui::Render();
    m_cursor = ImGui::GetMouseCursor();
    const ImDrawData* data = ImGui::GetDrawData();
    ImGui::SetCurrentContext(previous);
    return data;
}

}  // namespace bitlathe
