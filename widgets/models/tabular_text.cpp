#include "widgets/models/tabular_text.h"

#include <QFontMetricsF>
#include <QPainter>

namespace bitlathe {

double tabularWidth(const QFontMetricsF& metrics, const QString& text) {
    const double digit = metrics.horizontalAdvance(QLatin1Char('0'));
    double width = 0;
    for (const QChar c : text) width += c.isDigit() ? digit : metrics.horizontalAdvance(c);
    return width;
}

void drawTabular(QPainter& painter, const QRectF& rect, const QString& text) {
    const QFontMetricsF metrics(painter.font(), painter.device());
    const double digit = metrics.horizontalAdvance(QLatin1Char('0'));
    const double baseline = rect.center().y() + (metrics.ascent() - metrics.descent()) / 2;
    double x = rect.right() - tabularWidth(metrics, text);
    qsizetype i = 0;
    while (i < text.size()) {
        if (text[i].isDigit()) {
            const double own = metrics.horizontalAdvance(text[i]);
            painter.drawText(QPointF(x + (digit - own) / 2, baseline), QString(text[i]));
            x += digit;
            ++i;
            continue;
        }
        qsizetype end = i;
        double width = 0;
        for (; end < text.size() && !text[end].isDigit(); ++end) width += metrics.horizontalAdvance(text[end]);
        painter.drawText(QPointF(x, baseline), text.mid(i, end - i));
        x += width;
        i = end;
    }
}

}  // namespace bitlathe
