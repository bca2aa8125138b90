// Paints ImGui's draw data with OpenGL 2.1 or OpenGL ES 2 and everything above. Knows no widgets:
// a current context is all it needs. Textures are uploaded on first sight and when they change.
#pragma once

#include <QOpenGLFunctions>
#include <QString>
#include <cstdint>
#include <memory>
#include <unordered_map>

class QOpenGLShaderProgram;
struct ImDrawData;

namespace bitlathe {

struct CanvasTexture;

// What OpenGL this machine has, found with a context of its own; the first call costs about 30 ms.
// Needs the QGuiApplication, on its thread.
struct GlProbe {
    bool usable = false;    // a widget can paint with it at all on this platform
    bool hardware = false;  // and a graphics card does the work
    QString name;           // GL_RENDERER
};
const GlProbe& probeGl();

class GlRenderer : protected QOpenGLFunctions {
public:
    GlRenderer();
    ~GlRenderer();  // the context that begin() saw must be current, or the objects are left to it

    // Makes programs and buffers in the current context.
    void begin();
    // Frees them; the same context must be current.
    void end();
    bool ready() const { return m_program != nullptr; }

    // Clears to 0xFFrrggbb and draws into the bound framebuffer of width × height device pixels.
    void paint(const ImDrawData& data, int width, int height, std::uint32_t background);

private:
    struct Uploaded {
        GLuint name = 0;
        std::uint64_t generation = 0;
        int width = 0, height = 0;
    };
    void bind(const CanvasTexture* texture);

    std::unique_ptr<QOpenGLShaderProgram> m_program;
    std::unordered_map<const CanvasTexture*, Uploaded> m_textures;
    GLuint m_vertices = 0, m_indices = 0, m_white = 0;
};

}  // namespace bitlathe
