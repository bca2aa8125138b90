// A dock with a title that looks like the rest: a name, and buttons that show under the pointer.
#pragma once

#include <QDockWidget>

namespace bitlathe {

// id: stable, for the remembered layout.
QDockWidget* makeDock(const QString& id, const QString& title, QWidget* content, QWidget* window);

}  // namespace bitlathe
