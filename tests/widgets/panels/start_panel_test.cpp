#include "widgets/panels/start_panel.h"

#include <gtest/gtest.h>

#include <QCoreApplication>
#include <QLabel>
#include <QPushButton>

namespace bitlathe {
namespace {

TEST(Start, LongPathsGiveWayAndTheTipHasThemWhole) {
    StartPanel panel;
    panel.resize(420, 500);
    const QString path = QStringLiteral("/home/somebody/projects/") + QString(60, QLatin1Char('x')) + QStringLiteral("/a-model-with-quite-a-long-name-and-more-of-it-0001-of-0004.safetensors");
    panel.setRecent({path, QStringLiteral("/m/short.onnx")});
    panel.show();
    QCoreApplication::processEvents();
    const auto buttons = panel.findChildren<QPushButton*>(QString(), Qt::FindChildrenRecursively);
    int found = 0;
    for (const QPushButton* button : buttons) {
        if (!button->isFlat()) continue;
        ++found;
        EXPECT_FALSE(button->toolTip().isEmpty());
        for (const QLabel* label : button->findChildren<QLabel*>()) {
            EXPECT_LE(label->geometry().right(), button->width()) << "nothing runs out of its row";
            if (label->text().startsWith(QStringLiteral("Ctrl+"))) { EXPECT_GE(label->width(), label->sizeHint().width()) << "the key is never cut"; }
            if (label->text() == QStringLiteral("short.onnx")) { EXPECT_GE(label->width(), label->sizeHint().width()) << "what has room is whole"; }
        }
    }
    EXPECT_EQ(found, 2);
    EXPECT_LE(panel.minimumSizeHint().width(), 420);
}

}  // namespace
}  // namespace bitlathe
