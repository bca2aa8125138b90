#include "widgets/panels/divergence_strip.h"

#include "widgets/canvas/theme.h"
#include "widgets/models/figures.h"
#include "widgets/panels/token_text.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace bitlathe {
namespace {

constexpr double kWidest = 14;

}  // namespace

DivergenceStrip::DivergenceStrip(QWidget* parent) : QWidget(parent) {
    setMouseTracking(true);
    setFixedHeight(kHeight);
    setAccessibleName(tr("Divergence by token"));
}

double DivergenceStrip::barHeight(double nats, double full) { return nats > 0 && full > 0 ? std::min(1.0, std::sqrt(nats / full)) : 0; }

double DivergenceStrip::largest() const {
    double most = 0;
    for (const double nats : m_shown.divergence) most = std::max(most, nats);
    return most;
}

QString DivergenceStrip::title() const {
    return m_shown.divergence.empty() ? tr("KL of each token") : tr("KL of each token · full height %1 nats, the largest").arg(numberText(largest()));
}

void DivergenceStrip::show(const Continuation& continuation) {
    m_shown = continuation;
    setAccessibleDescription(m_shown.divergence.empty() ? tr("Nothing measured yet")
                                                        : tr("Mean %1 nats over %2 tokens").arg(numberText(m_shown.meanDivergence()), exactCountText(std::int64_t(m_shown.divergence.size()))));
    update();
}

void DivergenceStrip::setHovered(int place) {
    if (place == m_hovered) return;
    m_hovered = place;
    update();
}

// A short text does not fill the strip: a bar is at most kWidest wide.
double DivergenceStrip::step() const { return std::min(kWidest, room().width() / double(std::max<std::size_t>(1, std::max(m_shown.divergence.size(), m_shown.real.tokens.size())))); }

QRectF DivergenceStrip::room() const { return QRectF(rect()).adjusted(10, 18, -10, -4); }

int DivergenceStrip::placeAt(double x) const {
    const QRectF inner = room();
    if (m_shown.divergence.empty() || x < inner.left() || x >= inner.right()) return -1;
    const int place = int((x - inner.left()) / step());
    return place < int(m_shown.divergence.size()) ? place : -1;
}

void DivergenceStrip::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const Colors& colors = themeColors();
    painter.fillRect(rect(), toQColor(colors.plot));
    const QRectF inner = room();
    painter.setPen(toQColor(colors.grid));
    painter.drawLine(QPointF(inner.left(), inner.bottom() + 0.5), QPointF(inner.right(), inner.bottom() + 0.5));
    painter.setPen(toQColor(colors.dimmed));
    painter.drawText(QRectF(inner.left(), 0, inner.width(), inner.top()), Qt::AlignLeft | Qt::AlignVCenter, title());
    const double step = this->step(), full = largest();
    painter.setPen(Qt::NoPen);
    for (std::size_t i = 0; i < m_shown.divergence.size(); ++i) {
        const double height = std::max(1.0, inner.height() * barHeight(m_shown.divergence[i], full));
        const bool beyond = m_shown.divergence[i] > kFar;
        painter.setBrush(toQColor(int(i) == m_hovered ? colors.accent : beyond ? colors.refusal : colors.error));
        painter.drawRect(QRectF(inner.left() + double(i) * step, inner.bottom() - height, std::max(1.0, step - (step > 4 ? 1 : 0)), height));
    }
    if (const int parts = m_shown.partsAt(); parts >= 0) {
        painter.setPen(QPen(toQColor(colors.text), 1, Qt::DashLine));
        const double x = std::floor(inner.left() + parts * step) + 0.5;
        painter.drawLine(QPointF(x, inner.top()), QPointF(x, inner.bottom()));
    }
}

void DivergenceStrip::mouseMoveEvent(QMouseEvent* event) {
    const int place = placeAt(event->position().x());
    if (place == m_hovered) return;
    setHovered(place);
    emit hoveredChanged(place);
}

void DivergenceStrip::leaveEvent(QEvent*) {
    if (m_hovered < 0) return;
    setHovered(-1);
    emit hoveredChanged(-1);
}

bool DivergenceStrip::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int place = placeAt(help->pos().x());
        const QString text = place >= 0 ? placeText(m_shown, place)
                                        : tr("Σ p·ln(p / q) over the whole vocabulary at each token of the float text, in nats: p float, q quantized, both having read the same.\nA bar's height grows with the root, up to the largest of this text; beyond %1 nats it is red.").arg(kFar);
        QToolTip::showText(help->globalPos(), text, this);
        return true;
    }
    return QWidget::event(event);
}

}  // namespace bitlathe
