#include "widgets/editors/levels_editor.h"
#include "widgets/editors/scheme_editor.h"

#include <gtest/gtest.h>

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalSpy>
#include <QSlider>
#include <QSpinBox>
#include <QTest>

namespace bitlathe {
namespace {

Scheme scheme(int bits) {
    Scheme made;
    made.weights.emplace();
    made.weights->bits = bits;
    return made;
}

TEST(SchemeEditor, ShowingIsSilent) {
    SchemeEditor editor;
    QSignalSpy edits(&editor, &SchemeEditor::edited);
    editor.show({scheme(4)});
    editor.show({scheme(8), scheme(2)});
    editor.show({});
    EXPECT_EQ(edits.count(), 0);
    EXPECT_FALSE(editor.isEnabled());
}

TEST(SchemeEditor, MixedBitsShowAsADash) {
    SchemeEditor editor;
    editor.show({scheme(8), scheme(4)});
    EXPECT_EQ(editor.findChild<QSpinBox*>()->text(), QString::fromUtf8("–"));
    editor.show({scheme(4)});
    EXPECT_EQ(editor.findChild<QSpinBox*>()->value(), 4);
}

TEST(SchemeEditor, TheSliderChangesBitsAndNothingElse) {
    SchemeEditor editor;
    editor.show({scheme(4)});
    std::vector<SchemeChange> changes;
    QObject::connect(&editor, &SchemeEditor::edited, [&](const SchemeChange& change) { changes.push_back(change); });
    editor.findChild<QSlider*>()->setValue(3);
    SchemeChange expected;
    expected.bits = 3;
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0], expected);
}

TEST(SchemeEditor, ADragOfTheSliderIsOneGesture) {
    SchemeEditor editor;
    editor.show({scheme(8)});
    editor.resize(300, 500);
    editor.setAttribute(Qt::WA_DontShowOnScreen);
    static_cast<QWidget&>(editor).show();
    QSignalSpy began(&editor, &SchemeEditor::gestureBegan), ended(&editor, &SchemeEditor::gestureEnded);
    auto* slider = editor.findChild<QSlider*>();
    const QPoint from(slider->width() - 6, slider->height() / 2), to(slider->width() / 3, slider->height() / 2);
    QTest::mousePress(slider, Qt::LeftButton, {}, from);
    QTest::mouseMove(slider, to);
    QTest::mouseRelease(slider, Qt::LeftButton, {}, to);
    EXPECT_EQ(began.count(), 1);
    EXPECT_EQ(ended.count(), 1);
    EXPECT_LT(slider->value(), 8);
}

TEST(SchemeEditor, EveryFieldHasAName) {
    SchemeEditor editor;
    for (QWidget* widget : editor.findChildren<QWidget*>()) {
        if (qobject_cast<QComboBox*>(widget) || qobject_cast<QSlider*>(widget) || qobject_cast<QSpinBox*>(widget) || qobject_cast<QRadioButton*>(widget)) {
            EXPECT_FALSE(widget->accessibleName().isEmpty()) << widget->metaObject()->className();
        }
    }
}

TEST(SchemeEditor, ChoosingAGranularityAsksForIt) {
    SchemeEditor editor;
    editor.show({scheme(4)});
    std::vector<SchemeChange> changes;
    QObject::connect(&editor, &SchemeEditor::edited, [&](const SchemeChange& change) { changes.push_back(change); });
    for (auto* button : editor.findChildren<QRadioButton*>())
        if (button->text() == "Group") button->click();
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].granularity, Granularity(PerGroup{128}));
}

TEST(LevelsEditor, SaysWhatIsWrongWhileLevelsAreWritten) {
    LevelsEditor editor;
    std::vector<std::vector<float>> made;
    QObject::connect(&editor, &LevelsEditor::edited, [&](const std::vector<float>& levels) { made.push_back(levels); });
    editor.show(std::vector<float>{-1, 0, 1});
    auto* text = editor.findChild<QPlainTextEdit*>();
    QPushButton* use = nullptr;
    for (auto* button : editor.findChildren<QPushButton*>())
        if (button->text() == QLatin1String("Use them")) use = button;
    ASSERT_TRUE(use);
    EXPECT_TRUE(use->isEnabled());
    for (const char* wrong : {"", "1", "1 2 x", "1, 1", "inf 2"}) {
        text->setPlainText(QLatin1String(wrong));
        EXPECT_FALSE(use->isEnabled()) << wrong;
    }
    text->setPlainText(QString::fromUtf8("−1 −0.5\n0; 0.5 # half\n1"));
    ASSERT_TRUE(use->isEnabled());
    use->click();
    ASSERT_EQ(made.size(), 1u);
    EXPECT_EQ(made[0], (std::vector<float>{-1, -0.5f, 0, 0.5f, 1}));
}

TEST(LevelsEditor, AFilesTextIsAppliedAtOnceOrStaysWithItsFault) {
    LevelsEditor editor;
    QSignalSpy edits(&editor, &LevelsEditor::edited);
    editor.offerText(QStringLiteral("0.1\n0.2\nzwei\n"), QStringLiteral("mine.txt"));
    EXPECT_EQ(edits.count(), 0);
    bool said = false;
    for (auto* label : editor.findChildren<QLabel*>()) said = said || label->text().contains(QLatin1String("'mine.txt', line 3"));
    EXPECT_TRUE(said);
    editor.offerText(QStringLiteral("0.1\n0.2\n"), QStringLiteral("mine.txt"));
    EXPECT_EQ(edits.count(), 1);
}

TEST(SchemeEditor, KneeAndRuleOptionsAskForThemselvesAlone) {
    SchemeEditor editor;
    Scheme adaptive = scheme(4);
    adaptive.weights->range = Adaptive{};
    editor.show({adaptive});
    std::vector<SchemeChange> changes;
    QObject::connect(&editor, &SchemeEditor::edited, [&](const SchemeChange& change) { changes.push_back(change); });
    for (auto* box : editor.findChildren<QDoubleSpinBox*>())
        if (box->accessibleName().startsWith(QLatin1String("Soft clip"))) box->setValue(25);
    ASSERT_EQ(changes.size(), 1u);
    SchemeChange knee;
    knee.knee = 0.25;
    EXPECT_EQ(changes[0], knee);
    for (auto* choice : editor.findChildren<QComboBox*>()) {
        const int cosine = choice->findText(QLatin1String("Cosine"));
        if (cosine >= 0) emit choice->activated(cosine);
    }
    ASSERT_EQ(changes.size(), 2u);
    SchemeChange range;
    range.range = Adaptive{Adaptive::Metric::Cosine};
    EXPECT_EQ(changes[1], range);
}

}  // namespace
}  // namespace bitlathe
