// Dark, light, or as the desktop says: sets Fusion, palette, style sheet and font of the whole
// program from the one colour table (colors.h), and switches them while it runs. Widgets get a
// PaletteChange event then; icons and canvases follow by themselves. UI thread only.
#pragma once

#include <QColor>
#include <QString>

#include "widgets/canvas/colors.h"

class QApplication;

namespace bitlathe {

enum class ThemeChoice { System, Dark, Light };

// May be called again at any time. With System the program follows later changes of the desktop's
// setting (freedesktop portal, "color-scheme"); a desktop that says nothing gets dark.
void applyTheme(QApplication& application, ThemeChoice choice);

ThemeChoice themeChoice();       // what was asked for
const Colors& themeColors();     // what is shown now; dark before the first applyTheme()

QColor toQColor(Rgba color);

// "#rrggbb", for rich text in tooltips and labels.
QString htmlColor(Rgba color);

}  // namespace bitlathe
