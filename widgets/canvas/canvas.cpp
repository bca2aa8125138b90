#include "widgets/canvas/canvas.h"

#include <imgui.h>

#include <QCoreApplication>
#include <QFile>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QOpenGLContext>
#include <QOpenGLWidget>
#include <QPainter>
#include <QWheelEvent>
#include <optional>

#include "widgets/canvas/canvas_accessible.h"
#include "widgets/canvas/gl_renderer.h"
#include "widgets/canvas/im_canvas.h"
#include "widgets/canvas/soft_raster.h"
#include "widgets/canvas/theme.h"

namespace bitlathe {

namespace {

constexpr qint64 shortestGapNs = 15'000'000;  // between two paints: just under 60 a second

QByteArray fontFile(const char* name) {
    QFile file(QStringLiteral(":/fonts/") + QLatin1String(name));
    if (!file.open(QIODevice::ReadOnly)) qFatal("the font %s is missing from the program", name);
    return file.readAll();
}

std::span<const std::byte> bytesOf(const QByteArray& data) {
    return {reinterpret_cast<const std::byte*>(data.constData()), std::size_t(data.size())};
}

std::uint32_t backgroundOf(const Colors& colors) {
    return 0xFF000000u | std::uint32_t(colors.window.r) << 16 | std::uint32_t(colors.window.g) << 8 | colors.window.b;
}

std::optional<CanvasButton> buttonOf(Qt::MouseButton button) {
    switch (button) {
    case Qt::LeftButton: return CanvasButton::Left;
    case Qt::RightButton: return CanvasButton::Right;
    case Qt::MiddleButton: return CanvasButton::Middle;
    default: return std::nullopt;
    }
}

std::optional<CanvasKey> keyOf(int key) {
    switch (key) {
    case Qt::Key_Left: return CanvasKey::Left;
    case Qt::Key_Right: return CanvasKey::Right;
    case Qt::Key_Up: return CanvasKey::Up;
    case Qt::Key_Down: return CanvasKey::Down;
    case Qt::Key_PageUp: return CanvasKey::PageUp;
    case Qt::Key_PageDown: return CanvasKey::PageDown;
    case Qt::Key_Home: return CanvasKey::Home;
    case Qt::Key_End: return CanvasKey::End;
    case Qt::Key_Return:
    case Qt::Key_Enter: return CanvasKey::Enter;
    case Qt::Key_Escape: return CanvasKey::Escape;
    case Qt::Key_Delete: return CanvasKey::Delete;
    case Qt::Key_Plus: return CanvasKey::Plus;
    case Qt::Key_Minus: return CanvasKey::Minus;
    default: return std::nullopt;
    }
}

Qt::CursorShape shapeOf(int imGuiCursor) {
    switch (imGuiCursor) {
    case ImGuiMouseCursor_Hand: return Qt::PointingHandCursor;
    case ImGuiMouseCursor_ResizeEW: return Qt::SizeHorCursor;
    case ImGuiMouseCursor_ResizeNS: return Qt::SizeVerCursor;
    case ImGuiMouseCursor_ResizeAll: return Qt::SizeAllCursor;
    case ImGuiMouseCursor_NotAllowed: return Qt::ForbiddenCursor;
    default: return Qt::ArrowCursor;
    }
}

}  // namespace

// Fills the canvas; all input goes through to the canvas itself.
class Canvas::GlSurface : public QOpenGLWidget {
public:
    explicit GlSurface(Canvas* canvas) : QOpenGLWidget(canvas), m_canvas(canvas) {
        setAttribute(Qt::WA_TransparentForMouseEvents);
        setFocusPolicy(Qt::NoFocus);
    }
    ~GlSurface() override { release(); }

protected:
    void initializeGL() override {
        // Runs again with another context when a dock is floated.
        m_renderer.begin();
        connect(context(), &QOpenGLContext::aboutToBeDestroyed, this, [this] { release(); });
    }
    void paintGL() override {
        const qint64 started = m_canvas->m_clock.nsecsElapsed();
        const double scale = devicePixelRatioF();
        const QSize size = (QSizeF(this->size()) * scale).toSize();
        const ImDrawData* data = m_canvas->m_im->frame(size.width(), size.height(), float(scale), m_canvas->now());
        m_renderer.paint(*data, size.width(), size.height(), backgroundOf(m_canvas->m_im->colors));
        m_canvas->afterFrame(started);
    }

private:
    void release() {
        if (!m_renderer.ready()) return;
        makeCurrent();
        m_renderer.end();
        doneCurrent();
    }
    Canvas* m_canvas;
    GlRenderer m_renderer;
};

Canvas::Canvas(const QString& name, CanvasRenderer renderer, QWidget* parent)
    : QWidget(parent), m_regular(fontFile("Inter-Regular.otf")), m_semiBold(fontFile("Inter-SemiBold.otf")) {
    installCanvasAccessibility();
    setAccessibleName(name);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_OpaquePaintEvent);
    m_clock.start();
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, [this] {
        if (m_gl) m_gl->update();
        else update();
    });
    m_im = std::make_unique<ImCanvas>(FontFiles{bytesOf(m_regular), bytesOf(m_semiBold)});
    followTheme();
    if (renderer != CanvasRenderer::Cpu) {
        const GlProbe& probe = probeGl();
        if (probe.usable && (probe.hardware || renderer == CanvasRenderer::Gl)) {
            m_gl = new GlSurface(this);
            m_glName = probe.name;
        }
    }
}

Canvas::~Canvas() {
    delete m_gl;  // before m_im, whose textures it holds
}

void Canvas::setScene(Scene scene) {
    m_im->scene = std::move(scene);
    refresh();
}

CanvasRenderer Canvas::renderer() const { return m_gl ? CanvasRenderer::Gl : CanvasRenderer::Cpu; }

QString Canvas::rendererName() const {
    return m_gl ? QStringLiteral("OpenGL · %1").arg(m_glName) : tr("CPU rasteriser");
}

void Canvas::refresh() {
    if (!m_im) return;
    m_im->invalidate();
    if (m_timer.isActive()) return;
    const qint64 since = m_clock.nsecsElapsed() - m_lastPaintNs;
    if (m_lastPaintNs < 0 || since >= shortestGapNs) {
        if (m_gl) m_gl->update();
        else update();
    } else {
        m_timer.start(int((shortestGapNs - since + 999'999) / 1'000'000));
    }
}

void Canvas::followTheme() {
    if (!m_im) return;  // an event during construction
    m_im->colors = themeColors();
    m_im->invalidate();
}

void Canvas::paintEvent(QPaintEvent*) {
    if (m_gl) return;
    const qint64 started = m_clock.nsecsElapsed();
    const double scale = devicePixelRatioF();
    const QSize size = (QSizeF(this->size()) * scale).toSize().expandedTo({1, 1});
    if (m_image.size() != size) m_image = QImage(size, QImage::Format_RGB32);
    m_image.setDevicePixelRatio(scale);
    const ImDrawData* data = m_im->frame(size.width(), size.height(), float(scale), now());
    rasterize(*data,
              {reinterpret_cast<std::uint32_t*>(m_image.bits()), size.width(), size.height(), int(m_image.bytesPerLine() / 4)},
              backgroundOf(m_im->colors));
    QPainter painter(this);
    painter.setCompositionMode(QPainter::CompositionMode_Source);
    painter.drawImage(QPointF(0, 0), m_image);
    painter.end();
    afterFrame(started);
}

void Canvas::afterFrame(qint64 startedNs) {
    m_lastPaintNs = m_clock.nsecsElapsed();
    m_lastFrameMs = double(m_lastPaintNs - startedNs) * 1e-6;
    ++m_paints;
    const Qt::CursorShape shape = shapeOf(m_im->cursor());
    if (cursor().shape() != shape) setCursor(shape);
    if (!m_framedQueued) {
        m_framedQueued = true;
        QMetaObject::invokeMethod(
            this,
            [this] {
                m_framedQueued = false;
                emit framed();
            },
            Qt::QueuedConnection);
    }
    if (m_im->wantsFrame(now()) && !m_timer.isActive()) m_timer.start(int(shortestGapNs / 1'000'000));
}

void Canvas::resizeEvent(QResizeEvent*) {
    if (m_gl) m_gl->setGeometry(rect());
    m_im->invalidate();
}

bool Canvas::event(QEvent* event) {
    switch (event->type()) {
    case QEvent::PaletteChange:
    case QEvent::StyleChange:
        followTheme();
        refresh();
        break;
    case QEvent::ScreenChangeInternal:
        refresh();
        break;
    default: break;
    }
    return QWidget::event(event);
}

void Canvas::point(QPointF position) {
    const double scale = devicePixelRatioF();
    m_im->movePointer(float(position.x() * scale), float(position.y() * scale));
}

void Canvas::button(QMouseEvent* event, bool down, bool doubleClick) {
    const std::optional<CanvasButton> which = buttonOf(event->button());
    if (!which) {
        event->ignore();
        return;
    }
    const Qt::KeyboardModifiers held = event->modifiers();
    m_im->setModifiers(held & Qt::ShiftModifier, held & Qt::ControlModifier, held & Qt::AltModifier);
    point(event->position());
    if (down) m_im->pressButton(*which, doubleClick);
    else m_im->releaseButton(*which);
    event->accept();
    refresh();
}

void Canvas::mousePressEvent(QMouseEvent* event) { button(event, true, false); }
void Canvas::mouseDoubleClickEvent(QMouseEvent* event) { button(event, true, true); }
void Canvas::mouseReleaseEvent(QMouseEvent* event) { button(event, false, false); }

void Canvas::mouseMoveEvent(QMouseEvent* event) {
    const Qt::KeyboardModifiers held = event->modifiers();
    m_im->setModifiers(held & Qt::ShiftModifier, held & Qt::ControlModifier, held & Qt::AltModifier);
    point(event->position());
    event->accept();
    refresh();
}

void Canvas::wheelEvent(QWheelEvent* event) {
    point(event->position());
    const QPointF notches = QPointF(event->angleDelta()) / 120.0;
    m_im->turnWheel(float(notches.x()), float(notches.y()));
    event->accept();
    refresh();
}

void Canvas::leaveEvent(QEvent*) {
    m_im->leavePointer();
    refresh();
}

void Canvas::keyPressEvent(QKeyEvent* event) {
    // Only the keys that a scene can want; Tab above all stays with Qt, so nobody is trapped here.
    const std::optional<CanvasKey> key = keyOf(event->key());
    if (!key || event->modifiers() & (Qt::AltModifier | Qt::MetaModifier)) {
        QWidget::keyPressEvent(event);
        return;
    }
    m_im->pressKey({*key, bool(event->modifiers() & Qt::ShiftModifier), bool(event->modifiers() & Qt::ControlModifier)});
    event->accept();
    refresh();
}

void Canvas::focusInEvent(QFocusEvent* event) {
    const Qt::FocusReason why = event->reason();
    m_im->setFocused(true, why == Qt::TabFocusReason || why == Qt::BacktabFocusReason || why == Qt::ShortcutFocusReason);
    refresh();
    QWidget::focusInEvent(event);
}

void Canvas::focusOutEvent(QFocusEvent* event) {
    m_im->setFocused(false);
    refresh();
    QWidget::focusOutEvent(event);
}

}  // namespace bitlathe
