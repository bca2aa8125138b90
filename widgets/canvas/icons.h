// The icon set (resources/icons, one SVG of black strokes each), recoloured as it is painted, so that
// it follows the theme and the state of its button. Knows no windows.
#pragma once

#include <QIcon>

namespace bitlathe {

enum class IconColor { Text, Dimmed, Accent, OnAccent, Good, Warning, Refusal };

// `name` is the file's name without ".svg": open, export, undo, redo, play … An unknown name gives an
// empty icon and a warning on the console.
QIcon themeIcon(const QString& name, IconColor color = IconColor::Text);

}  // namespace bitlathe
