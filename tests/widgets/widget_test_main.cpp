// main() of the widget tests: one QApplication in the dark theme, without a display unless
// QT_QPA_PLATFORM says otherwise.
#include <gtest/gtest.h>

#include <QApplication>

#include "widgets/canvas/theme.h"

int main(int argc, char** argv) {
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    testing::InitGoogleTest(&argc, argv);
    QApplication application(argc, argv);
    bitlathe::applyTheme(application, bitlathe::ThemeChoice::Dark);
    return RUN_ALL_TESTS();
}
