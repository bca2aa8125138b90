#include "widgets/panels/path_edit.h"

#include <QStyleOptionFrame>
#include <QStylePainter>

namespace bitlathe {

PathEdit::PathEdit(QWidget* parent) : QLineEdit(parent) {
    connect(this, &QLineEdit::textChanged, this, &QWidget::setToolTip);
}

QRect PathEdit::room() const {
    QStyleOptionFrame frame;
    initStyleOption(&frame);
    return style()->subElementRect(QStyle::SE_LineEditContents, &frame, this).adjusted(2, 0, -2, 0);
}

QString PathEdit::shownText() const { return hasFocus() ? text() : fontMetrics().elidedText(text(), Qt::ElideMiddle, room().width()); }

void PathEdit::paintEvent(QPaintEvent* event) {
    const QString shown = shownText();
    if (shown == text()) return QLineEdit::paintEvent(event);
    QStylePainter painter(this);
    QStyleOptionFrame frame;
    initStyleOption(&frame);
    painter.drawPrimitive(QStyle::PE_PanelLineEdit, frame);
    painter.drawItemText(room(), Qt::AlignLeft | Qt::AlignVCenter, frame.palette, isEnabled(), shown, QPalette::Text);
}

}  // namespace bitlathe
