// A widget that shows an ImGui scene: the only place where Qt, GL and ImGui meet. Paints on demand
// (nothing while idle), in device pixels, with the CPU or with OpenGL; feeds mouse, wheel and keys
// to the scene. Knows nothing of what the scene draws.
//
// Create it before its window is first shown: an OpenGL surface added later recreates the window.
#pragma once

#include <QElapsedTimer>
#include <QImage>
#include <QTimer>
#include <QWidget>
#include <functional>
#include <memory>

namespace bitlathe {

class ImCanvas;
struct CanvasFrame;

enum class CanvasRenderer { Auto, Cpu, Gl };  // Auto: OpenGL where a graphics card does it, else CPU

class Canvas : public QWidget {
    Q_OBJECT
public:
    using Scene = std::function<void(CanvasFrame&)>;

    // `name` is what a screen reader says. Gl falls back to the CPU where there is no OpenGL.
    explicit Canvas(const QString& name, CanvasRenderer renderer = CanvasRenderer::Auto, QWidget* parent = nullptr);
    ~Canvas() override;

    // Called once per painted frame, on the UI thread, within paint: it must not change widgets.
    // It can leave what the hand asked for in a variable that a slot of framed() reads.
    void setScene(Scene scene);

    // New data: paint soon, at most about 60 times a second. May be called any number of times.
    void refresh();

    // "CPU rasteriser" or "OpenGL · <card>", for the status line.
    QString rendererName() const;
    CanvasRenderer renderer() const;  // Cpu or Gl
    quint64 paintCount() const { return m_paints; }
    double lastFrameMs() const { return m_lastFrameMs; }  // scene and rasteriser, without Qt's flush

    QSize sizeHint() const override { return {480, 320}; }
    QSize minimumSizeHint() const override { return {120, 80}; }

signals:
    // Queued after a painted frame: here the owner takes the scene's intents and edits.
    void framed();

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent*) override;
    void resizeEvent(QResizeEvent*) override;
    void mousePressEvent(QMouseEvent*) override;
    void mouseReleaseEvent(QMouseEvent*) override;
    void mouseDoubleClickEvent(QMouseEvent*) override;
    void mouseMoveEvent(QMouseEvent*) override;
    void wheelEvent(QWheelEvent*) override;
    void leaveEvent(QEvent*) override;
    void keyPressEvent(QKeyEvent*) override;
    void focusInEvent(QFocusEvent*) override;
    void focusOutEvent(QFocusEvent*) override;

private:
    class GlSurface;
    void followTheme();
    void afterFrame(qint64 startedNs);
    void button(QMouseEvent* event, bool down, bool doubleClick);
    void point(QPointF position);
    double now() const { return double(m_clock.nsecsElapsed()) * 1e-9; }

    std::unique_ptr<ImCanvas> m_im;
    QByteArray m_regular, m_semiBold;  // the font files that m_im reads
    QImage m_image;
    QElapsedTimer m_clock;
    QTimer m_timer;
    qint64 m_lastPaintNs = -1;
    quint64 m_paints = 0;
    double m_lastFrameMs = 0;
    GlSurface* m_gl = nullptr;
    QString m_glName;
    bool m_framedQueued = false;
};

}  // namespace bitlathe
