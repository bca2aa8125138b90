#include "widgets/canvas/gl_renderer.h"

#include <imgui.h>

#include <QGuiApplication>
#include <QMatrix4x4>
#include <QOffscreenSurface>
#include <QOpenGLContext>
#include <QOpenGLShaderProgram>
#include <cstddef>

#include "widgets/canvas/canvas_texture.h"

namespace bitlathe {

namespace {

GlProbe ask() {
    // On these platforms a context may come up although a widget cannot show what it painted.
    const QString platform = QGuiApplication::platformName();
    for (const char* blind : {"offscreen", "minimal", "vnc", "linuxfb"})
        if (platform == QLatin1String(blind)) return {};

    QOffscreenSurface surface;
    surface.create();
    QOpenGLContext context;
    if (!surface.isValid() || !context.create() || !context.makeCurrent(&surface)) return {};
    GlProbe probe;
    probe.usable = true;
    probe.name = QString::fromLatin1(reinterpret_cast<const char*>(context.functions()->glGetString(GL_RENDERER)));
    probe.hardware = !probe.name.isEmpty();
    for (const char* software : {"llvmpipe", "softpipe", "swrast", "software", "swiftshader"})
        if (probe.name.contains(QLatin1String(software), Qt::CaseInsensitive)) probe.hardware = false;
    context.doneCurrent();
    return probe;
}

constexpr char vertexShader[] =
    "uniform highp vec4 window;\n"
    "attribute highp vec2 position;\n"
    "attribute highp vec2 uv;\n"
    "attribute lowp vec4 color;\n"
    "varying highp vec2 textureUv;\n"
    "varying lowp vec4 tint;\n"
    "void main() {\n"
    "  textureUv = uv;\n"
    "  tint = color;\n"
    "  gl_Position = vec4(position * window.xy + window.zw, 0.0, 1.0);\n"
    "}\n";

constexpr char fragmentShader[] =
    "uniform sampler2D picture;\n"
    "varying highp vec2 textureUv;\n"
    "varying lowp vec4 tint;\n"
    "void main() { gl_FragColor = tint * texture2D(picture, textureUv); }\n";

constexpr int positionSlot = 0, uvSlot = 1, colorSlot = 2;

}  // namespace

// The card does not change while the program runs.
const GlProbe& probeGl() {
    static const GlProbe probe = ask();
    return probe;
}

GlRenderer::GlRenderer() = default;
GlRenderer::~GlRenderer() = default;

void GlRenderer::begin() {
    initializeOpenGLFunctions();
    m_textures.clear();
    m_program = std::make_unique<QOpenGLShaderProgram>();
    // Qt adds the precision prologue that each GLSL dialect needs.
    m_program->addShaderFromSourceCode(QOpenGLShader::Vertex, vertexShader);
    m_program->addShaderFromSourceCode(QOpenGLShader::Fragment, fragmentShader);
    m_program->bindAttributeLocation("position", positionSlot);
    m_program->bindAttributeLocation("uv", uvSlot);
    m_program->bindAttributeLocation("color", colorSlot);
    m_program->link();
    glGenBuffers(1, &m_vertices);
    glGenBuffers(1, &m_indices);
    glGenTextures(1, &m_white);
    glBindTexture(GL_TEXTURE_2D, m_white);
    const std::uint32_t white = 0xFFFFFFFFu;
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, 1, 1, 0, GL_RGBA, GL_UNSIGNED_BYTE, &white);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
}

void GlRenderer::end() {
    if (!m_program) return;
    for (auto& [texture, uploaded] : m_textures) glDeleteTextures(1, &uploaded.name);
    m_textures.clear();
    glDeleteTextures(1, &m_white);
    glDeleteBuffers(1, &m_vertices);
    glDeleteBuffers(1, &m_indices);
    m_program.reset();
}

void GlRenderer::bind(const CanvasTexture* texture) {
    if (!texture || texture->pixels.empty()) {
        glBindTexture(GL_TEXTURE_2D, m_white);
        return;
    }
    Uploaded& uploaded = m_textures[texture];
    if (!uploaded.name) glGenTextures(1, &uploaded.name);
    glBindTexture(GL_TEXTURE_2D, uploaded.name);
    const bool sameSize = uploaded.width == texture->width && uploaded.height == texture->height;
    if (sameSize && uploaded.generation == texture->generation) return;
    const GLint filter = texture->smooth ? GL_LINEAR : GL_NEAREST;
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, filter);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, filter);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, texture->width, texture->height, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                 texture->pixels.data());
    uploaded = {uploaded.name, texture->generation, texture->width, texture->height};
}

void GlRenderer::paint(const ImDrawData& data, int width, int height, std::uint32_t background) {
    glViewport(0, 0, width, height);
    glDisable(GL_SCISSOR_TEST);
    glClearColor(float(background >> 16 & 255u) / 255.0f, float(background >> 8 & 255u) / 255.0f,
                 float(background & 255u) / 255.0f, 1.0f);
    glClear(GL_COLOR_BUFFER_BIT);
    glEnable(GL_BLEND);
    glBlendEquation(GL_FUNC_ADD);
    // The second pair keeps the widget opaque.
    glBlendFuncSeparate(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA, GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
    glDisable(GL_CULL_FACE);
    glDisable(GL_DEPTH_TEST);
    glDisable(GL_STENCIL_TEST);
    glEnable(GL_SCISSOR_TEST);
    glActiveTexture(GL_TEXTURE0);
    m_program->bind();
    m_program->setUniformValue("picture", 0);
    const float sx = 2.0f / float(width), sy = -2.0f / float(height);
    m_program->setUniformValue("window", QVector4D(sx, sy, -1.0f - data.DisplayPos.x * sx, 1.0f - data.DisplayPos.y * sy));
    glBindBuffer(GL_ARRAY_BUFFER, m_vertices);
    glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, m_indices);
    for (const int slot : {positionSlot, uvSlot, colorSlot}) glEnableVertexAttribArray(GLuint(slot));

    for (int l = 0; l < data.CmdListsCount; ++l) {
        const ImDrawList& list = *data.CmdLists[l];
        glBufferData(GL_ARRAY_BUFFER, list.VtxBuffer.size_in_bytes(), list.VtxBuffer.Data, GL_STREAM_DRAW);
        glBufferData(GL_ELEMENT_ARRAY_BUFFER, list.IdxBuffer.size_in_bytes(), list.IdxBuffer.Data, GL_STREAM_DRAW);
        for (const ImDrawCmd& command : list.CmdBuffer) {
            if (command.UserCallback || command.ElemCount == 0) continue;
            const int left = int(command.ClipRect.x - data.DisplayPos.x), top = int(command.ClipRect.y - data.DisplayPos.y);
            const int right = int(command.ClipRect.z - data.DisplayPos.x), bottom = int(command.ClipRect.w - data.DisplayPos.y);
            if (right <= left || bottom <= top) continue;
            glScissor(left, height - bottom, right - left, bottom - top);
            bind(static_cast<const CanvasTexture*>(command.GetTexID()));
            // A base vertex without GL 3.2: shift where the attributes start.
            const auto at = [&](std::size_t member) {
                return reinterpret_cast<const void*>(command.VtxOffset * sizeof(ImDrawVert) + member);
            };
            constexpr GLsizei stride = sizeof(ImDrawVert);
            glVertexAttribPointer(positionSlot, 2, GL_FLOAT, GL_FALSE, stride, at(offsetof(ImDrawVert, pos)));
            glVertexAttribPointer(uvSlot, 2, GL_FLOAT, GL_FALSE, stride, at(offsetof(ImDrawVert, uv)));
            glVertexAttribPointer(colorSlot, 4, GL_UNSIGNED_BYTE, GL_TRUE, stride, at(offsetof(ImDrawVert, col)));
            glDrawElements(GL_TRIANGLES, GLsizei(command.ElemCount), GL_UNSIGNED_SHORT,
                           reinterpret_cast<const void*>(command.IdxOffset * sizeof(ImDrawIdx)));
        }
    }
    for (const int slot : {positionSlot, uvSlot, colorSlot}) glDisableVertexAttribArray(GLuint(slot));
    glBindBuffer(GL_ARRAY_BUFFER, 0);
    glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, 0);
    glBindTexture(GL_TEXTURE_2D, 0);
    m_program->release();
    glDisable(GL_SCISSOR_TEST);
    glDisable(GL_BLEND);
}

}  // namespace bitlathe
