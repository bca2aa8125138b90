#include "widgets/editors/scheme_editor.h"

#include <gtest/gtest.h>

#include <QComboBox>
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

}  // namespace
}  // namespace bitlathe
