#include "widgets/canvas/icons.h"

#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

#include "widgets/canvas/theme.h"

namespace bitlathe {

namespace {

QColor inkFor(IconColor color, QIcon::Mode mode) {
    const Colors& colors = themeColors();
    if (mode == QIcon::Disabled) return toQColor(colors.faint);
    switch (color) {
    case IconColor::Text: return toQColor(colors.text);
    case IconColor::Dimmed: return toQColor(colors.dimmed);
    case IconColor::Accent: return toQColor(colors.accent);
    case IconColor::OnAccent: return toQColor(colors.onAccent);
    case IconColor::Good: return toQColor(colors.good);
    case IconColor::Warning: return toQColor(colors.warning);
    case IconColor::Refusal: return toQColor(colors.refusal);
    }
    return {};
}

class StrokeIconEngine : public QIconEngine {
public:
    StrokeIconEngine(QString name, QByteArray svg, IconColor color)
        : m_name(std::move(name)), m_svg(std::move(svg)), m_color(color) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override {
        const double scale = painter->device() ? painter->device()->devicePixelRatioF() : 1.0;
        painter->drawPixmap(rect, drawn((QSizeF(rect.size()) * scale).toSize(), mode, state));
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override { return drawn(size, mode, state); }
    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State state, qreal) override {
        return drawn(size, mode, state);
    }
    QSize actualSize(const QSize& size, QIcon::Mode, QIcon::State) override { return size; }
    QIconEngine* clone() const override { return new StrokeIconEngine(m_name, m_svg, m_color); }
    QString key() const override { return QStringLiteral("bitlathe-stroke"); }
    bool isNull() override { return m_svg.isEmpty(); }

private:
    QPixmap drawn(const QSize& size, QIcon::Mode mode, QIcon::State) const {
        const QColor ink = inkFor(m_color, mode);
        const QString key = QStringLiteral("bitlathe/%1/%2/%3x%4").arg(m_name, ink.name()).arg(size.width()).arg(size.height());
        QPixmap out;
        if (QPixmapCache::find(key, &out)) return out;
        QByteArray svg = m_svg;
        svg.replace("#000", ink.name().toLatin1());
        QSvgRenderer renderer(svg);
        out = QPixmap(size);
        out.fill(Qt::transparent);
        QPainter painter(&out);
        renderer.render(&painter, QRectF(QPointF(0, 0), QSizeF(size)));
        painter.end();
        QPixmapCache::insert(key, out);
        return out;
    }

    QString m_name;
    QByteArray m_svg;
    IconColor m_color;
};

}  // namespace

QIcon themeIcon(const QString& name, IconColor color) {
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly)) {
        qWarning("there is no icon called %s", qPrintable(name));
        return {};
    }
    return QIcon(new StrokeIconEngine(name, file.readAll(), color));
}

}  // namespace bitlathe
