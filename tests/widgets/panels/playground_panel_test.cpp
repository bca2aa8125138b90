#include "widgets/canvas/colors.h"
#include "widgets/canvas/theme.h"
#include "widgets/panels/class_bars.h"
#include "widgets/panels/divergence_strip.h"
#include "widgets/panels/path_edit.h"
#include "widgets/panels/playground_image.h"
#include "widgets/panels/playground_language.h"
#include "widgets/panels/playground_panel.h"
#include "widgets/panels/playground_settings.h"
#include "widgets/panels/token_text.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QDir>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>
#include <algorithm>

namespace bitlathe {
namespace {

ShownToken token(int id, const QString& text, double probability) {
    return {id, text, probability, {{text, probability}, {QStringLiteral(" blue"), (1 - probability) / 2}, {QStringLiteral("\n"), (1 - probability) / 4}}};
}

// The same until "black", where the quantized network says "grey".
Continuation sample() {
    Continuation made;
    made.prompt = QStringLiteral("Lily had a golden key.\nThe key was");
    const QStringList real = {" in", " a", " black", " box", ".", " She", " took", " it", " out", "."}, quantized = {" in", " a", " grey", " box", ".", " He", " took", " it", " out", "."};
    for (int i = 0; i < real.size(); ++i) {
        made.real.tokens.push_back(token(int(qHash(real[i]) & 0xffff), real[i], 0.9 - 0.03 * i));
        made.quantized.tokens.push_back(token(int(qHash(quantized[i]) & 0xffff), quantized[i], 0.7 - 0.03 * i));
        made.divergence.push_back(0.02 + (i == 2 ? 1.1 : 0.01 * i));
    }
    made.real.tokensPerSecond = 812;
    made.quantized.tokensPerSecond = 1431;
    return made;
}

QString textOf(const QWidget& widget) {
    QString all;
    for (const QLabel* label : widget.findChildren<QLabel*>())
        if (!label->isHidden()) all += label->text() + QLatin1Char('\n');
    return all;
}

TEST(Playground, FindsWhereTheTextsPart) {
    EXPECT_EQ(sample().partsAt(), 2);
    Continuation same = sample();
    same.quantized.tokens = same.real.tokens;
    EXPECT_EQ(same.partsAt(), -1);
    EXPECT_NEAR(sample().meanDivergence(), (0.2 + 0.45 - 0.02 + 1.1) / 10, 1e-12);
}

TEST(Playground, OneMoreWordDoesNotMarkAllThatFollows) {
    Continuation made = sample();
    made.quantized.tokens = made.real.tokens;
    made.quantized.tokens.insert(made.quantized.tokens.begin() + 3, token(77, QStringLiteral(" tin"), 0.5));
    const auto marks = made.marks();
    EXPECT_EQ(std::count(marks.quantized.begin(), marks.quantized.end(), true), 1);
    EXPECT_TRUE(marks.quantized[3]);
    EXPECT_EQ(std::count(marks.real.begin(), marks.real.end(), true), 1) << "the choice where they part";
    const auto other = sample().marks();
    EXPECT_EQ(other.real, (std::vector<bool>{false, false, true, false, false, true, false, false, false, false}));
    EXPECT_EQ(other.quantized, other.real);
    made.quantized.tokens = made.real.tokens;
    const auto none = made.marks();
    EXPECT_EQ(std::count(none.real.begin(), none.real.end(), true), 0);
}

TEST(Playground, EveryTokenHasAPlaceInsideTheText) {
    TokenText text(TokenText::Side::Float);
    text.resize(170, 120);
    text.QWidget::show();
    text.show(sample());
    EXPECT_GT(text.lines(), 2) << "narrow text wraps";
    int last = -1;
    for (int i = 0; i < 10; ++i) {
        const QRect rect = text.tokenRect(i);
        EXPECT_FALSE(rect.isEmpty()) << i;
        EXPECT_GE(rect.left(), 0);
        EXPECT_LE(rect.right(), text.viewport()->width()) << "token " << i;
        EXPECT_GE(rect.top(), last) << "lines go down";
        last = rect.top();
    }
    EXPECT_TRUE(text.tokenRect(10).isEmpty());
    EXPECT_TRUE(text.accessibleDescription().endsWith(QStringLiteral("in a black box. She took it out.")));
}

TEST(Playground, TheTokenUnderThePointerIsMarkedOnBothSides) {
    PlaygroundLanguage page;
    page.resize(1000, 320);
    page.show(sample());
    page.QWidget::show();
    const QPoint at = page.text(false).tokenRect(3).center();
    QTest::mouseMove(page.text(false).viewport(), at);
    EXPECT_EQ(page.text(false).hovered(), 3);
    EXPECT_EQ(page.text(true).hovered(), 3);
    const QString tip = placeText(page.shown(), 2);
    EXPECT_TRUE(tip.contains(QStringLiteral("black")) && tip.contains(QStringLiteral("grey")) && tip.contains(QStringLiteral("1.12 nats"))) << tip.toStdString();
}

TEST(Playground, ATipSaysOfWhichTextItsFiguresAre) {
    Continuation made = sample();
    made.quantized.tokens[4].best = {{QStringLiteral("."), 0.9994}, {QStringLiteral(","), 0.0005}, {QStringLiteral("!"), 1e-6}, {QStringLiteral("?"), 0}, {QStringLiteral(";"), 0}};
    const QString before = placeText(made, 2), after = placeText(made, 4);
    EXPECT_FALSE(before.contains(QStringLiteral("on the float text")) || before.contains(QStringLiteral("another text"))) << before.toStdString();
    EXPECT_TRUE(after.contains(QStringLiteral("KL on the float text 0.06 nats")) || after.contains(QStringLiteral("KL on the float text 0.0600 nats"))) << after.toStdString();
    EXPECT_TRUE(after.contains(QStringLiteral("After the texts parted at token 3"))) << after.toStdString();
    EXPECT_EQ(after.count(QStringLiteral("&lt;0.1 %")), 4) << "all five have a share, and a bare < would begin a tag";
    EXPECT_FALSE(after.contains(QStringLiteral("< 0.")));
}

TEST(Playground, SaysWhereTheTextsPartAndWhatOfIt) {
    PlaygroundLanguage page;
    EXPECT_TRUE(textOf(page).contains(QStringLiteral("Write a prompt"))) << "an empty page says what to do";
    page.setRecipe(QStringLiteral("q4_k"));
    page.show(sample());
    const FirstApart apart{{QStringLiteral("blk.0.ffn_down"), QStringLiteral("blk.0.ffn_down"), 0.083, true}, {QStringLiteral("after block 1"), QStringLiteral("blk.1.attn_q"), 0.071, true}, 0.05};
    page.setApart(&apart);
    QString all = textOf(page);
    EXPECT_TRUE(all.contains(QStringLiteral("part at token 3"))) << all.toStdString();
    EXPECT_TRUE(all.contains(QStringLiteral("block 1")) && all.contains(QStringLiteral("7.1")));
    EXPECT_TRUE(all.contains(QStringLiteral("812 tokens/s")) && all.contains(QStringLiteral("q4_k")));
    EXPECT_FALSE(all.contains(QStringLiteral("stale")));
    page.setStale(true);
    EXPECT_TRUE(textOf(page).contains(QStringLiteral("stale")));
}

TEST(Playground, FollowsTheThemeWhileItIsOpen) {
    applyTheme(*qApp, ThemeChoice::Dark);
    PlaygroundPanel panel;
    panel.resize(1000, 320);
    panel.showLanguage();
    panel.language().show(sample());
    panel.show();
    const auto settings = [&] { return panel.grab().toImage().pixelColor(4, 200).lightness(); };
    EXPECT_LT(settings(), 60);
    EXPECT_TRUE(textOf(panel).contains(htmlColor(themeColors().real)));
    applyTheme(*qApp, ThemeChoice::Light);
    QCoreApplication::processEvents();
    EXPECT_GT(settings(), 200);
    const QString all = textOf(panel.language()) + textOf(panel.image());
    EXPECT_TRUE(all.contains(htmlColor(themeColors().real)));
    applyTheme(*qApp, ThemeChoice::Dark);
    QCoreApplication::processEvents();
    EXPECT_FALSE((textOf(panel.language()) + textOf(panel.image())).contains(htmlColor(lightColors().real)));
    EXPECT_LT(settings(), 60);
}

TEST(Playground, AskGivesBackWhatWasSet) {
    PlaygroundLanguage page;
    const PlaygroundAsk ask{QStringLiteral("Once\nupon"), 17, 0.8, 12, 0.9, 99, 2, 3};
    page.settings().setAsk(ask);
    EXPECT_EQ(page.settings().ask(), ask);
}

TEST(Playground, RunsOnlyWithAPromptAndStopsByTheSameButton) {
    PlaygroundLanguage page;
    QSignalSpy run(&page, &PlaygroundLanguage::continueClicked), stop(&page, &PlaygroundLanguage::stopClicked);
    QPushButton* button = nullptr;
    for (QPushButton* each : page.findChildren<QPushButton*>())
        if (each->property("accent").toBool()) button = each;
    ASSERT_NE(button, nullptr);
    page.setRunnable(true, {});
    page.settings().setAsk({});
    EXPECT_FALSE(button->isEnabled());
    page.settings().setAsk({.prompt = QStringLiteral("Once")});
    ASSERT_TRUE(button->isEnabled());
    button->click();
    EXPECT_EQ(run.count(), 1);
    page.setRunning(true);
    button->click();
    EXPECT_EQ(stop.count(), 1);
    page.setRunning(false);
    page.setRunnable(false, QStringLiteral("why"));
    EXPECT_FALSE(button->isEnabled());
    EXPECT_EQ(button->toolTip(), QStringLiteral("why"));
}

TEST(Playground, NothingMovesWhenFiguresArrive) {
    for (const int width : {820, 1000, 1400}) {
        PlaygroundLanguage page;
        page.resize(width, 400);
        page.show(sample());
        page.QWidget::show();
        QPushButton* button = nullptr;
        for (QPushButton* each : page.findChildren<QPushButton*>())
            if (!each->property("accent").toBool()) button = each;
        ASSERT_NE(button, nullptr);
        const auto place = [&] {
            QCoreApplication::sendPostedEvents(nullptr, QEvent::LayoutRequest);
            return QRect(button->mapTo(&page, QPoint()), button->size());
        };
        const QRect idle = place();
        page.setMeasuring(true);
        page.setPerplexity(nullptr);
        EXPECT_EQ(place(), idle) << width;
        PerplexityFigures figures;
        figures.tokens = 10'965;
        figures.real = 12.345, figures.realError = 0.123, figures.quantized = 13.456, figures.quantizedError = 0.234;
        figures.meanKl = 0.0123, figures.medianKl = 0.00123, figures.highKl = 0.123, figures.sameTop = 0.991, figures.secondsLeft = 83;
        page.setPerplexity(&figures);
        EXPECT_EQ(place(), idle) << width;
        figures.finished = true;
        page.setMeasuring(false);
        page.setPerplexity(&figures);
        EXPECT_EQ(place(), idle) << width;
    }
}

TEST(Playground, ALongPathShowsItsFile) {
    PathEdit edit;
    edit.resize(150, 30);
    edit.setText(QStringLiteral("/home/someone/models/of/last/year/language_test.txt"));
    EXPECT_TRUE(edit.shownText().startsWith(QLatin1Char('/')) && edit.shownText().endsWith(QStringLiteral("test.txt"))) << edit.shownText().toStdString();
    EXPECT_LT(edit.shownText().size(), edit.text().size());
    EXPECT_EQ(edit.toolTip(), edit.text());
    edit.resize(700, 30);
    EXPECT_EQ(edit.shownText(), edit.text());
}

TEST(Playground, BarsOfDivergenceGrowWithTheRootUpToFull) {
    EXPECT_EQ(DivergenceStrip::barHeight(0, 2), 0);
    EXPECT_EQ(DivergenceStrip::barHeight(-1, 2), 0);
    EXPECT_EQ(DivergenceStrip::barHeight(0, 0), 0) << "equal networks";
    EXPECT_DOUBLE_EQ(DivergenceStrip::barHeight(0.5, 2), 0.5);
    EXPECT_EQ(DivergenceStrip::barHeight(100, 2), 1);
}

TEST(Playground, TheStripKeepsItsTitleAndSaysItsScale) {
    DivergenceStrip strip;
    EXPECT_EQ(strip.title(), QStringLiteral("KL of each token"));
    strip.show(sample());
    EXPECT_TRUE(strip.title().startsWith(QStringLiteral("KL of each token")) && strip.title().contains(QStringLiteral("1.12 nats"))) << strip.title().toStdString();
}

TEST(Playground, AnImageShowsBothAnswers) {
    PlaygroundImage page;
    EXPECT_TRUE(page.summary().contains(QStringLiteral("Choose data")));
    const ImageAnswer answer{{{3, "3", 0.98}, {8, "8", 0.01}}, {{8, "8", 0.55}, {3, "3", 0.41}}, QStringLiteral("3"), 14.2};
    page.setAnswer(&answer);
    EXPECT_TRUE(page.summary().contains(QStringLiteral("Float says 3, quantized says 8"))) << page.summary().toStdString();
    EXPECT_TRUE(page.summary().contains(QStringLiteral("14.2 dB")));
    EXPECT_EQ(page.bars(true).shown().size(), 2u);
    QSignalSpy changed(&page, &PlaygroundImage::sampleChanged);
    page.setSource(QStringLiteral("test.npz"), 100);
    page.setSample(41);
    EXPECT_EQ(page.sample(), 41);
    EXPECT_EQ(changed.count(), 0) << "what the program sets is no wish of the hand";
}

// For people: build/…/screens/playground_*.png.
TEST(Playground, Screens) {
    QDir().mkpath(QStringLiteral(BITLATHE_SCREENS_DIR));
    for (const auto theme : {ThemeChoice::Dark, ThemeChoice::Light}) {
        applyTheme(*qApp, theme);
        const QString suffix = theme == ThemeChoice::Dark ? QStringLiteral("dark.png") : QStringLiteral("light.png");
        PlaygroundPanel panel;
        panel.resize(1240, 330);
        panel.showLanguage();
        PlaygroundLanguage& page = panel.language();
        page.settings().setExamples({{QStringLiteral("A story"), QStringLiteral("Lily had a golden key.\nThe key was")}});
        page.setRunnable(true, {});
        page.setRecipe(QStringLiteral("Q4_K_M"));
        page.show(sample());
        const FirstApart apart{{QStringLiteral("blk.0.ffn_down"), QStringLiteral("blk.0.ffn_down"), 0.083, true}, {QStringLiteral("after block 1"), QStringLiteral("blk.1.attn_q"), 0.071, true}, 0.05};
        page.setApart(&apart);
        panel.show();
        ASSERT_TRUE(panel.grab().save(QStringLiteral(BITLATHE_SCREENS_DIR "/playground_language_") + suffix));
        panel.showImage();
        const ImageAnswer answer{{{3, "3", 0.98}, {8, "8", 0.01}, {5, "5", 0.004}, {9, "9", 0.003}, {2, "2", 0.001}}, {{8, "8", 0.55}, {3, "3", 0.41}, {5, "5", 0.02}, {9, "9", 0.01}, {2, "2", 0.004}}, QStringLiteral("3"), 14.2};
        panel.image().setAnswer(&answer);
        ASSERT_TRUE(panel.grab().save(QStringLiteral(BITLATHE_SCREENS_DIR "/playground_image_") + suffix));
    }
    applyTheme(*qApp, ThemeChoice::Dark);
}

}  // namespace
}  // namespace bitlathe
