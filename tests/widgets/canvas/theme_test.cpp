#include "widgets/canvas/theme.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QDir>
#include <QFontInfo>
#include <QPushButton>
#include <QTest>

#include "widgets/canvas/icons.h"
#include "widgets/canvas/style_sheet.h"

namespace bitlathe {
namespace {

int inked(const QImage& image, QColor ink) {
    int count = 0;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x) {
            const QColor c = image.pixelColor(x, y);
            count += c.alpha() > 100 && std::abs(c.red() - ink.red()) < 8 && std::abs(c.green() - ink.green()) < 8 &&
                     std::abs(c.blue() - ink.blue()) < 8;
        }
    return count;
}

TEST(Theme, SwitchesPaletteAndStyleSheetWhileRunning) {
    for (const ThemeChoice choice : {ThemeChoice::Light, ThemeChoice::Dark}) {
        applyTheme(*qApp, choice);
        const Colors& wanted = choice == ThemeChoice::Dark ? darkColors() : lightColors();
        EXPECT_EQ(themeColors(), wanted);
        EXPECT_EQ(themeChoice(), choice);
        EXPECT_EQ(qApp->palette().color(QPalette::Window), toQColor(wanted.window));
        EXPECT_TRUE(qApp->styleSheet().contains(htmlColor(wanted.accent)));
    }
}

TEST(Theme, FollowingASilentSystemIsDark) {
    applyTheme(*qApp, ThemeChoice::System);
    EXPECT_EQ(themeChoice(), ThemeChoice::System);
    EXPECT_EQ(themeColors(), darkColors());
    applyTheme(*qApp, ThemeChoice::Dark);
}

TEST(Theme, UsesTheBundledFont) { EXPECT_EQ(QFontInfo(qApp->font()).family(), "Inter"); }

TEST(StyleSheet, KnowsEveryRoleAndEveryPictureItNames) {
    for (const Colors* colors : {&darkColors(), &lightColors()}) {
        const QString sheet = styleSheetFor(*colors);
        EXPECT_FALSE(sheet.contains('@'));
        EXPECT_FALSE(sheet.contains(": ;"));
        qsizetype at = 0;
        int pictures = 0;
        while ((at = sheet.indexOf("url(", at)) >= 0) {
            const QString path = sheet.mid(at + 4, sheet.indexOf(')', at) - at - 4);
            EXPECT_TRUE(QFile::exists(path)) << path.toStdString();
            ++pictures;
            at += 4;
        }
        EXPECT_GT(pictures, 5);
    }
}

TEST(StyleSheet, PaintsThePrimaryButtonInTheAccent) {
    for (const ThemeChoice choice : {ThemeChoice::Light, ThemeChoice::Dark}) {
        applyTheme(*qApp, choice);
        QPushButton button("Quantize model");
        button.setProperty("accent", true);
        button.resize(button.sizeHint());
        const QImage image = button.grab().toImage();
        EXPECT_GT(inked(image, toQColor(themeColors().accent)), image.width() * image.height() / 2);
    }
}

TEST(Icons, EveryFileDrawsInTheThemesInkAtEverySize) {
    for (const ThemeChoice choice : {ThemeChoice::Light, ThemeChoice::Dark}) {
        applyTheme(*qApp, choice);
        for (const QString& file : QDir(":/icons").entryList({"*.svg"})) {
            if (file.startsWith("mark-")) continue;
            const QIcon icon = themeIcon(file.chopped(4));
            for (const int size : {16, 18, 24, 32}) {
                const QImage image = icon.pixmap(size, size).toImage();
                EXPECT_GT(inked(image, toQColor(themeColors().text)), 0) << file.toStdString() << " at " << size;
            }
        }
    }
}

TEST(Icons, FadeWhenDisabledAndTakeTheColorAskedFor) {
    const QIcon icon = themeIcon("stop");
    EXPECT_GT(inked(icon.pixmap(24, 24, QIcon::Disabled).toImage(), toQColor(themeColors().faint)), 10);
    EXPECT_GT(inked(themeIcon("stop", IconColor::Warning).pixmap(24, 24).toImage(), toQColor(themeColors().warning)), 10);
}

TEST(Icons, AnUnknownNameIsEmpty) {
    QTest::ignoreMessage(QtWarningMsg, "there is no icon called unicorn");
    EXPECT_TRUE(themeIcon("unicorn").isNull());
}

}  // namespace
}  // namespace bitlathe
