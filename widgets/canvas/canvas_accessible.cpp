#include "widgets/canvas/canvas_accessible.h"

#include <QAccessible>
#include <QAccessibleWidget>

#include "widgets/canvas/canvas.h"

namespace bitlathe {

namespace {

QAccessibleInterface* makeInterface(const QString&, QObject* object) {
    auto* canvas = qobject_cast<Canvas*>(object);
    return canvas ? new QAccessibleWidget(canvas, QAccessible::Graphic) : nullptr;
}

}  // namespace

void installCanvasAccessibility() {
    // Qt keeps a list of factories and ignores one that it already has.
    QAccessible::installFactory(&makeInterface);
}

}  // namespace bitlathe
