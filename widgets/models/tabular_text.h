// Figures that stand in columns: every digit takes the same width, whatever the font says. Qt 6.4 cannot
// ask a font for its tabular figures.
#pragma once

#include <QString>

class QPainter;
class QFontMetricsF;
class QRectF;

namespace bitlathe {

double tabularWidth(const QFontMetricsF& metrics, const QString& text);
// Draws one line, right-aligned and vertically centred in the rectangle, with the painter's font and pen.
void drawTabular(QPainter& painter, const QRectF& rect, const QString& text);

}  // namespace bitlathe
