// The whole loop in the real window, by mouse and keys: open, look, turn, see, run, export.
#include "app/commands.h"
#include "app/export_control.h"
#include "app/run_control.h"
#include "core/workflow/model_presets.h"
#include "tests/app/heartbeat.h"
#include "tests/app/window_rig.h"
#include "widgets/models/figures.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/layer_view.h"
#include "widgets/panels/layers_panel.h"
#include "widgets/panels/message_strip.h"
#include "widgets/panels/palette_box.h"

#include <algorithm>
#include <gtest/gtest.h>

#include <QAction>
#include <QDir>
#include <QFileInfo>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QLineEdit>
#include <QMimeData>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QSpinBox>
#include <QUrl>

namespace bitlathe {
namespace {

class Window : public testing::Test {
protected:
    void SetUp() override {
        if (Session::demoModel().isEmpty()) GTEST_SKIP() << "the demo model is not in resources/demo";
        ASSERT_TRUE(rig.open(Session::demoModel()));
    }
    void key(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) { QTest::keyClick(&layers().view(), key, modifiers); }
    LayersPanel& layers() { return rig.window->layers(); }
    Document& document() { return rig.session->document(); }
    const Scheme& scheme(std::size_t layer) { return document().schemes()[layer]; }
    void picture(const QString& name) {
        rig.settle();
        QDir().mkpath(BITLATHE_SCREENS_DIR);
        rig.window->grab().save(QStringLiteral(BITLATHE_SCREENS_DIR "/%1.png").arg(name));
    }
    // Qt hands a drop to whom the drag entered last.
    void drop(QMimeData& data) {
        QDragEnterEvent enter({50, 50}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(rig.window.get(), &enter);
        QDropEvent drop({50, 50}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(rig.window.get(), &drop);
    }
    QPoint onPlot(double x) {
        const auto place = rig.window->plots().scene().placeOf("weights");
        const auto at = rig.window->plots().scene().pixelOf("weights", x, 0);
        return {int(at.x), int((place.min.y + place.max.y) / 2)};
    }

    WindowRig rig;
};

TEST_F(Window, OpensTheModelSelectsALayerAndMeasuresAll) {
    EXPECT_GT(document().model()->layers.size(), 5u);
    EXPECT_EQ(layers().selected().size(), 1u);
    EXPECT_TRUE(rig.session->analysis().complete());
    EXPECT_TRUE(rig.window->windowTitle().contains("glyphs.onnx"));
    EXPECT_FALSE(rig.window->isWindowModified());
}

TEST_F(Window, DigitsSetTheBitsOfTheSelectedLayersInOneStep) {
    layers().select({1, 2, 3});
    key(Qt::Key_4);
    for (std::size_t layer : {1u, 2u, 3u}) EXPECT_EQ(scheme(layer).weights->bits, 4);
    EXPECT_EQ(document().history().count(), 1);
    EXPECT_TRUE(rig.window->isWindowModified());
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(scheme(2).weights->bits, 8);
    key(Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    EXPECT_EQ(scheme(2).weights->bits, 4);
}

TEST_F(Window, BracketsStepTheGroupSizeAndFLeavesFloat) {
    layers().select({4});
    key(Qt::Key_BracketLeft);
    EXPECT_EQ(scheme(4).weights->granularity, Granularity(PerGroup{256})) << "the channel has 288 weights: larger groups would change nothing";
    key(Qt::Key_BracketLeft);
    EXPECT_EQ(scheme(4).weights->granularity, Granularity(PerGroup{128}));
    key(Qt::Key_F);
    EXPECT_FALSE(scheme(4).weights);
    key(Qt::Key_Delete);
    EXPECT_EQ(document().recipe().layers.size(), 0u);
}

TEST_F(Window, UndoShowsTheOldFigureWithinTheSameFrame) {
    layers().select({3});
    const double eight = rig.session->analysis().report(3)->error.sqnrDb;
    key(Qt::Key_3);
    ASSERT_TRUE(rig.measured());
    EXPECT_LT(rig.session->analysis().report(3)->error.sqnrDb, eight);
    document().history().undo();
    EXPECT_EQ(rig.session->analysis().report(3)->error.sqnrDb, eight);
    EXPECT_EQ(rig.window->plots().scene().data().report->error.sqnrDb, eight);
}

TEST_F(Window, MixedSelectionsSayThatTheyAreMixed) {
    layers().select({2});
    key(Qt::Key_4);
    layers().select({2, 3});
    auto* bits = rig.window->inspector().findChild<QSpinBox*>();
    EXPECT_EQ(bits->text(), QString::fromUtf8("–"));
    key(Qt::Key_6);
    EXPECT_EQ(bits->value(), 6);
    EXPECT_EQ(document().history().count(), 2);
}

TEST_F(Window, DraggingAClipLineIsOneStepAndUndoTakesItBack) {
    layers().select({3});
    key(Qt::Key_4);
    ASSERT_TRUE(rig.measured());
    QTest::qWait(1300);
    rig.settle();
    Canvas& canvas = rig.window->plots().canvas();
    const ReportPtr before = rig.session->analysis().report(3);
    const QPoint from = onPlot(before->clipHi), to = onPlot(before->clipHi * 0.6);
    const int steps = document().history().count();
    QTest::mousePress(&canvas, Qt::LeftButton, {}, from);
    rig.settle();
    for (int i = 1; i <= 6; ++i) {
        QTest::mouseMove(&canvas, from + (to - from) * i / 6);
        QTest::qWait(30);
    }
    EXPECT_TRUE(std::holds_alternative<Manual>(scheme(3).weights->range)) << "the picture answers while the hand moves";
    QTest::mouseRelease(&canvas, Qt::LeftButton, {}, to);
    rig.settle();
    ASSERT_TRUE(rig.measured());
    const auto* manual = std::get_if<Manual>(&scheme(3).weights->range);
    ASSERT_TRUE(manual);
    EXPECT_NEAR(manual->hi, before->clipHi * 0.6, before->clipHi * 0.1);
    EXPECT_GT(rig.session->analysis().report(3)->error.clipped, 0);
    EXPECT_EQ(document().history().count(), steps + 1);
    picture("window-clip");
    document().history().undo();
    EXPECT_EQ(scheme(3).weights->range, before->scheme.weights->range);
}

TEST_F(Window, TheSliderIsOneStepHoweverFarItMoves) {
    layers().select({3});
    auto* slider = rig.window->inspector().findChild<QSlider*>();
    slider->setSliderDown(true);
    for (int bits : {7, 6, 5, 4, 3}) slider->setValue(bits);
    slider->setSliderDown(false);
    EXPECT_EQ(document().history().count(), 1);
    EXPECT_EQ(scheme(3).weights->bits, 3);
}

TEST_F(Window, HoldingTheBackslashShowsFloatAndLettingGoEndsIt) {
    const auto* model = layers().view().model();
    const QModelIndex cell = model->index(1, LayerTableModel::SchemeColumn);
    const QString before = cell.data().toString();
    QTest::keyPress(&layers().view(), Qt::Key_Backslash);
    EXPECT_EQ(cell.data().toString(), "float32");
    EXPECT_TRUE(rig.window->plots().scene().data().floatOnly);
    QTest::keyRelease(&layers().view(), Qt::Key_Backslash);
    EXPECT_EQ(cell.data().toString(), before);
}

TEST_F(Window, TheFilterNarrowsTheTableAndEscapeClearsIt) {
    key(Qt::Key_F, Qt::ControlModifier);
    auto* field = layers().findChild<QLineEdit*>();
    QTest::keyClicks(field, "kind:linear");
    EXPECT_EQ(layers().view().model()->rowCount(), 1);
    QTest::keyClick(field, Qt::Key_Escape);
    EXPECT_EQ(layers().view().model()->rowCount(), int(document().model()->layers.size()));
}

TEST_F(Window, ThePaletteRunsACommandByName) {
    layers().select({2});
    key(Qt::Key_K, Qt::ControlModifier);
    auto* palette = rig.window->findChild<PaletteBox*>();
    ASSERT_TRUE(palette->isVisible());
    auto* field = palette->findChild<QLineEdit*>();
    QTest::keyClicks(field, "5 bits");
    QTest::keyClick(field, Qt::Key_Return);
    EXPECT_FALSE(palette->isVisible());
    EXPECT_EQ(scheme(2).weights->bits, 5);
}

TEST_F(Window, AKeyCanBeGivenToAnotherCommand) {
    Commands& commands = rig.window->commands();
    EXPECT_FALSE(commands.setKey("scheme.bits2", QKeySequence(Qt::Key_3)).isEmpty());
    layers().select({2});
    key(Qt::Key_3);
    EXPECT_EQ(scheme(2).weights->bits, 2);
    commands.resetKeys();
    key(Qt::Key_3);
    EXPECT_EQ(scheme(2).weights->bits, 3);
}

TEST_F(Window, NoTwoPresetsDifferByCaseAlone) {
    QStringList names, labels;
    for (const Preset& preset : modelPresets()) {
        names << fromUtf8(preset.name).toLower();
        labels << fromUtf8(preset.label).toLower();
    }
    EXPECT_EQ(names.removeDuplicates(), 0);
    EXPECT_EQ(labels.removeDuplicates(), 0);
}

TEST_F(Window, APresetIsOneStepAndShowsInTheBox) {
    rig.window->commands().action("preset.int4-channel")->trigger();
    EXPECT_EQ(scheme(3).weights->bits, 4);
    EXPECT_EQ(document().history().count(), 1);
    document().history().undo();
    EXPECT_EQ(scheme(3).weights->bits, 8);
}

TEST_F(Window, EveryFieldAndButtonHasAName) {
    for (QWidget* widget : rig.window->findChildren<QWidget*>()) {
        if (!widget->isVisible() || !(widget->focusPolicy() & Qt::TabFocus) || widget->inherits("QScrollArea")) continue;
        const bool named = !widget->accessibleName().isEmpty() || !widget->property("text").toString().isEmpty() || widget->focusProxy();
        EXPECT_TRUE(named) << widget->metaObject()->className() << " in " << widget->parentWidget()->metaObject()->className();
    }
}

TEST_F(Window, TheWholeLoopNeverHoldsTheHand) {
    Heartbeat heart;
    layers().select({3});
    for (int bits : {7, 6, 5, 4, 3, 2, 4}) {
        key(Qt::Key(Qt::Key_0 + bits));
        QTest::qWait(40);
    }
    rig.window->commands().action("preset.mixed-safe")->trigger();
    ASSERT_TRUE(rig.measured());
    rig.window->commands().action("model.run")->trigger();
    rig.window->findChild<RunPanel*>()->setEngine(3);  // all three, one after the other
    rig.window->run().start();
    ASSERT_TRUE(WindowRig::waitFor([&] { return !rig.window->run().running(); }, 300));
    ASSERT_EQ(rig.window->run().results().size(), 3u);
    for (const RunResult& result : rig.window->run().results()) {
        EXPECT_TRUE(result.finished);
        EXPECT_GT(result.samples, 100);
        EXPECT_GT(result.top1, 0.5) << result.engine.toStdString();
        EXPECT_FALSE(result.layers.empty());
    }
    EXPECT_EQ(rig.window->run().results()[2].agreement, 1) << "float agrees with itself";
    const auto* table = layers().view().model();
    EXPECT_FALSE(layers().view().isColumnHidden(LayerTableModel::Carried));
    EXPECT_NE(table->index(2, LayerTableModel::Carried).data().toString(), QString::fromUtf8("–"));

    QTemporaryDir folder;
    const QString path = folder.filePath("out.onnx");
    rig.window->commands().action("file.export")->trigger();
    rig.window->exporting().setPath(path);
    QString failure;
    QObject::connect(&rig.window->exporting(), &ExportControl::failed, [&](const QString& message) { failure = message; });
    rig.window->exporting().start();
    ASSERT_TRUE(WindowRig::waitFor([&] { return !rig.window->exporting().running(); }, 120));
    EXPECT_TRUE(failure.isEmpty()) << failure.toStdString();
    EXPECT_GT(QFileInfo(path).size(), 10'000);
    EXPECT_LT(QFileInfo(path).size(), QFileInfo(Session::demoModel()).size() / 2);
    heart.pause();
    picture("window-loop");
    RecordProperty("longestBusyMs", std::to_string(heart.longestBusyMs()));
    std::printf("longest without the event loop: %.1f ms computing, %.1f ms waiting\n", heart.longestBusyMs(), heart.longestWaitMs());
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LT(heart.longestBusyMs(), 50);
    EXPECT_LT(heart.longestWaitMs(), 50);
#endif
    EXPECT_TRUE(rig.window->messages().isVisible());
    EXPECT_TRUE(rig.window->messages().text().contains(QFileInfo(path).fileName())) << rig.window->messages().text().toStdString();
    const auto offers = rig.window->messages().findChildren<QPushButton*>();
    EXPECT_TRUE(std::any_of(offers.begin(), offers.end(), [](const QPushButton* offer) { return offer->text() == QStringLiteral("Show in folder"); }));
}

TEST_F(Window, TheExportedModelOpensAgain) {
    QTemporaryDir folder;
    const QString path = folder.filePath("again.onnx");
    rig.window->exporting().setPath(path);
    rig.window->exporting().start();
    ASSERT_TRUE(WindowRig::waitFor([&] { return !rig.window->exporting().running(); }, 120));
    ASSERT_TRUE(QFileInfo::exists(path));
    ASSERT_TRUE(rig.open(path));
    EXPECT_TRUE(rig.window->windowTitle().contains("again.onnx"));
}

TEST_F(Window, AModelThatIsNoneLeavesTheOpenOneAndSaysWhy) {
    QTemporaryDir folder;
    const QString path = folder.filePath("broken.onnx");
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write("this is no model");
    file.close();
    QString message;
    QObject::connect(rig.session.get(), &Session::refused, [&](const QString&, const QString& text) { message = text; });
    rig.session->open(path);
    ASSERT_TRUE(WindowRig::waitFor([&] { return !message.isEmpty(); }));
    EXPECT_TRUE(message.contains("broken.onnx")) << message.toStdString();
    EXPECT_TRUE(rig.window->windowTitle().contains("glyphs.onnx"));
}

TEST_F(Window, AFileDroppedOnTheWindowOpens) {
    QTemporaryDir folder;
    const QString path = folder.filePath("dropped.onnx");
    ASSERT_TRUE(QFile::copy(Session::demoModel(), path));
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(path)});
    drop(data);
    ASSERT_TRUE(WindowRig::waitFor([&] { return rig.session->modelPath() == path; }));
}

TEST_F(Window, SamplesDroppedOnTheWindowBecomeTheDataToRunOn) {
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile("/data/other.npz")});
    drop(data);
    EXPECT_EQ(rig.window->run().dataset().toStdString(), "/data/other.npz");
}

TEST_F(Window, AFileThatChangesOnDiskIsOfferedAndReloadedWithTheRecipe) {
    QTemporaryDir folder;
    const QString path = folder.filePath("model.onnx");
    ASSERT_TRUE(QFile::copy(Session::demoModel(), path));
    QFile(path).setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    ASSERT_TRUE(rig.open(path));
    layers().select({2});
    key(Qt::Key_4);
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::ReadWrite));
    const QByteArray bytes = file.readAll();
    file.seek(0);
    file.write(bytes);
    file.close();
    ASSERT_TRUE(WindowRig::waitFor([&] { return rig.window->messages().isVisible(); }, 10));
    rig.window->messages().findChild<QPushButton*>()->click();
    ASSERT_TRUE(rig.measured());
    EXPECT_EQ(scheme(2).weights->bits, 4);
}

TEST_F(Window, DataThatDoesNotFitIsRefusedInThePanelWithItsName) {
    QTemporaryDir folder;
    const QString path = folder.filePath("bad.npz");
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write("nothing");
    file.close();
    rig.window->run().setDataset(path);
    QSignalSpy log(rig.session.get(), &Session::happened);
    rig.window->run().start();
    ASSERT_TRUE(WindowRig::waitFor([&] { return !rig.window->run().running(); }));
    ASSERT_FALSE(log.isEmpty());
    EXPECT_TRUE(log.last()[0].toString().contains("bad.npz")) << log.last()[0].toString().toStdString();
}

TEST_F(Window, PreprocessingIsAStepOfTheRecipeAndNonsenseIsRefused) {
    rig.window->run().setPreprocessing(R"({"scale": 0.5, "layout": "NCHW"})");
    EXPECT_FALSE(document().recipe().preprocessing.empty());
    const std::string good = document().recipe().preprocessing;
    rig.window->run().setPreprocessing("{\"size\": 3}");
    EXPECT_EQ(document().recipe().preprocessing, good);
    document().history().undo();
    EXPECT_TRUE(document().recipe().preprocessing.empty());
}

TEST_F(Window, AFilterThatHidesTheSelectedLayerDoesNotLoseIt) {
    layers().select({3});
    layers().setFilterText("kind:linear");
    EXPECT_EQ(layers().selected(), (std::vector<std::size_t>{3}));
    layers().setFilterText("");
    EXPECT_EQ(layers().selected(), (std::vector<std::size_t>{3}));
    EXPECT_EQ(layers().view().selectionModel()->selectedRows().size(), 1);
}

TEST_F(Window, CopyGivesTheSelectedRowsAsATable) {
    layers().select({0, 1});
    const QStringList lines = layers().view().selectionAsText().split('\n');
    ASSERT_EQ(lines.size(), 3);
    EXPECT_TRUE(lines[0].startsWith("Layer\t"));
    EXPECT_TRUE(lines[1].startsWith(QString::fromStdString(document().model()->layers[0].name)));
}

TEST_F(Window, ARunCanBeStoppedAndTheWindowGoesOn) {
    rig.window->run().start();
    QTest::qWait(50);
    rig.window->run().stop();
    ASSERT_TRUE(WindowRig::waitFor([&] { return !rig.window->run().running(); }, 20));
    for (const RunResult& result : rig.window->run().results()) EXPECT_FALSE(result.finished);
    EXPECT_TRUE(rig.session->jobs().states().empty());
}

TEST_F(Window, ARecipeSurvivesSavingAndLoading) {
    layers().select({2});
    key(Qt::Key_4);
    QTemporaryDir folder;
    const QString path = folder.filePath("recipe.json");
    rig.session->saveRecipe(path);
    ASSERT_TRUE(WindowRig::waitFor([&] { return !document().modified(); }));
    const Recipe saved = document().recipe();
    key(Qt::Key_2);
    rig.session->loadRecipe(path);
    ASSERT_TRUE(WindowRig::waitFor([&] { return document().recipe() == saved; }));
    // Given together, as on the command line: the recipe waits for the model.
    rig.session->open(Session::demoModel());
    rig.session->open(path);
    ASSERT_TRUE(WindowRig::waitFor([&] { return !rig.session->opening() && document().recipe() == saved && document().history().count() == 1; }));
}

}  // namespace
}  // namespace bitlathe
