#include "widgets/panels/class_bars.h"

#include "widgets/canvas/theme.h"
#include "widgets/models/figures.h"

#include <QPainter>
#include <algorithm>

namespace bitlathe {

ClassBars::ClassBars(Side side, QWidget* parent) : QWidget(parent), m_side(side) {
    setAccessibleName(side == Side::Float ? tr("The float network's classes") : tr("The quantized network's classes"));
}

void ClassBars::show(const std::vector<ClassShare>& classes, int first) {
    m_classes = classes;
    m_first = first;
    QStringList said;
    for (const ClassShare& c : classes) said << QStringLiteral("%1 %2").arg(c.name, percentText(c.probability));
    setAccessibleDescription(said.join(QStringLiteral(", ")));
    update();
}

void ClassBars::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Colors& colors = themeColors();
    const Rgba bar = m_side == Side::Float ? colors.real : colors.quantized;
    const int line = std::clamp(height() / 5, 20, 30), figure = fontMetrics().horizontalAdvance(QStringLiteral("100.00 %")) + 8;
    const int name = std::min(width() / 3, 140);
    for (std::size_t i = 0; i < m_classes.size(); ++i) {
        const ClassShare& c = m_classes[i];
        const QRect row(10, int(i) * line, width() - 20, line);
        QFont font = this->font();
        if (i == 0) font.setWeight(QFont::DemiBold);
        painter.setFont(font);
        // Where the other network's answer stands: an outlined mark before the name.
        if (c.index == m_first && i > 0) {
            painter.setPen(QPen(toQColor(colors.warning), 1.5));
            painter.setBrush(Qt::NoBrush);
            painter.drawEllipse(QPointF(row.left() + 4, row.center().y() + 0.5), 3, 3);
        }
        painter.setPen(toQColor(colors.text));
        painter.drawText(row.adjusted(12, 0, name - row.width(), 0), Qt::AlignLeft | Qt::AlignVCenter, QFontMetrics(font).elidedText(c.name, Qt::ElideRight, name - 14));
        const QRectF room(row.left() + name + 6, row.center().y() - 4, row.width() - name - figure - 12, 8);
        if (room.width() > 10) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(toQColor(colors.border));
            painter.drawRoundedRect(room, 3, 3);
            QRectF full = room;
            full.setWidth(std::max(2.0, room.width() * std::clamp(c.probability, 0.0, 1.0)));
            painter.setBrush(toQColor(bar));
            painter.drawRoundedRect(full, 3, 3);
        }
        painter.setPen(toQColor(colors.text));
        painter.drawText(row, Qt::AlignRight | Qt::AlignVCenter, percentText(c.probability));
    }
}

}  // namespace bitlathe
