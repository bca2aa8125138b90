// The style sheet of the program, made from the colour table. Knows no widgets of ours: it styles
// Qt's classes, and three dynamic properties that any widget may set before it is shown:
//   accent  = true   QPushButton: the one primary action
//   flat    = true   QPushButton: no frame until hovered
//   caption = true   QLabel: dimmed caption; `figure` = true: 15 px semibold figure
//   card    = true   QFrame: rounded card
#pragma once

#include <QString>

#include "widgets/canvas/colors.h"

namespace bitlathe {

QString styleSheetFor(const Colors& colors);

}  // namespace bitlathe
