// A part of a panel that scrolls where it does not fit, instead of making the whole window larger than the screen.
#pragma once

#include <QScrollArea>

namespace bitlathe {

// As wide as `inner` needs, and at least so high.
inline QScrollArea* scrolling(QWidget* inner, int leastHeight = 96) {
    auto* area = new QScrollArea;
    area->setWidget(inner);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    // A filled viewport would keep the colours of the theme that it was made in.
    area->viewport()->setAutoFillBackground(false);
    inner->setAutoFillBackground(false);
    area->setMinimumSize(qMax(inner->minimumSizeHint().width(), inner->minimumWidth()) + 14, leastHeight);
    return area;
}

}  // namespace bitlathe
