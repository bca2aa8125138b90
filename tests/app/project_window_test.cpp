// The project file in the real window: saved, taken up again, shared, and the same bytes as on the command line.
#include "app/commands.h"
#include "app/export_control.h"
#include "app/project_control.h"
#include "app/run_control.h"
#include "core/project/project_store.h"
#include "core/workflow/kept_calibration.h"
#include "tests/app/window_rig.h"
#include "widgets/panels/layer_view.h"
#include "widgets/panels/layers_panel.h"
#include "widgets/panels/message_strip.h"

#include <algorithm>
#include <gtest/gtest.h>

#include <QAction>
#include <QDir>
#include <QDateTime>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QStandardPaths>

namespace bitlathe {
namespace {

class ProjectWindow : public testing::Test {
protected:
    void SetUp() override {
        QStandardPaths::setTestModeEnabled(true);
        if (Session::demoModel().isEmpty()) GTEST_SKIP() << "the demo model is not in resources/demo";
    }
    QString at(const char* name) const { return folder.filePath(QString::fromLatin1(name)); }
    static QByteArray contents(const QString& path) {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    static Document& document(WindowRig& rig) { return rig.session->document(); }
    static void bits(WindowRig& rig, Qt::Key key) { QTest::keyClick(&rig.window->layers().view(), key); }
    static bool saveAs(WindowRig& rig, const QString& path) {
        bool done = false;
        rig.window->project().saveAs(path, [&done] { done = true; });
        return WindowRig::waitFor([&] { return done; });
    }
    // As after a crash: what lay on the disk at this moment, in another place.
    bool copyAsIs(const QString& from, const QString& to) {
        return QFile::copy(from, to) && (!QFile::exists(from + "-journal") || QFile::copy(from + "-journal", to + "-journal"));
    }
    QTemporaryDir folder;
};

TEST_F(ProjectWindow, IsTakenUpWhereItWasLeft) {
    const QString path = at("p.bitlathe");
    Recipe atSave, last;
    std::vector<std::size_t> selected;
    {
        WindowRig rig;
        ASSERT_TRUE(rig.open(Session::demoModel()));
        bits(rig, Qt::Key_4);
        document(rig).takeSnapshot("four");
        ASSERT_TRUE(rig.measured());
        EXPECT_TRUE(rig.window->isWindowModified());
        ASSERT_TRUE(saveAs(rig, path));
        EXPECT_FALSE(rig.window->isWindowModified());
        EXPECT_TRUE(rig.window->windowTitle().startsWith("p.bitlathe")) << rig.window->windowTitle().toStdString();
        EXPECT_EQ(rig.session->recentFiles().first(), path);
        atSave = document(rig).recipe();
        bits(rig, Qt::Key_3);
        bits(rig, Qt::Key_2);
        document(rig).history().undo();
        EXPECT_TRUE(rig.window->isWindowModified());
        last = document(rig).recipe();
        selected = rig.window->layers().selected();
        ASSERT_TRUE(WindowRig::waitFor([&] { return QFile::exists(path + "-journal"); }));  // the autosave
        ASSERT_TRUE(WindowRig::waitFor([&] {
            const auto look = ProjectStore::open(path.toStdString(), ProjectStore::Access::Look);
            return *stateOf(*look).recipe() == last && look->keys("reports/").size() > document(rig).schemes().size() / 2;
        }));
        ASSERT_TRUE(copyAsIs(path, at("crashed.bitlathe")));
    }
    WindowRig rig;
    ASSERT_TRUE(rig.open(at("crashed.bitlathe")));
    ASSERT_TRUE(WindowRig::waitFor([&] { return rig.window->isWindowModified(); }));  // never saved
    EXPECT_EQ(document(rig).recipe(), last);
    EXPECT_EQ(rig.window->layers().selected(), selected);
    EXPECT_EQ(document(rig).snapshots().size(), 1u);
    EXPECT_EQ(document(rig).history().count(), 3);
    EXPECT_EQ(document(rig).history().index(), 2);
    document(rig).history().redo();
    EXPECT_NE(document(rig).recipe(), last);
    document(rig).history().setIndex(1);
    EXPECT_EQ(document(rig).recipe(), atSave);
    document(rig).history().setIndex(0);
    EXPECT_EQ(document(rig).recipe(), findPreset("int8")->recipe);
    EXPECT_FALSE(document(rig).history().canUndo());
    rig.window->project().discard();
    ASSERT_TRUE(rig.open(at("crashed.bitlathe")));
    EXPECT_EQ(document(rig).recipe(), atSave);
    EXPECT_EQ(document(rig).history().count(), 1);
    EXPECT_FALSE(rig.session->project()->store().readOnly());  // its own lock is in nobody's way
    bits(rig, Qt::Key_6);
    ASSERT_TRUE(rig.window->project().saveNow());
    EXPECT_EQ(*stateOf(*ProjectStore::open(at("crashed.bitlathe").toStdString(), ProjectStore::Access::Look)).recipe(), document(rig).recipe());
}

TEST_F(ProjectWindow, FiguresComeFromTheProjectAndAreThoseThatWereMeasured) {
    std::vector<LayerReport> measured;
    {
        WindowRig rig;
        ASSERT_TRUE(rig.open(Session::demoModel()));
        for (std::size_t layer = 0; layer < document(rig).model()->layers.size(); ++layer)
            if (const ReportPtr report = rig.session->analysis().report(layer)) measured.push_back(*report);
        ASSERT_TRUE(saveAs(rig, at("p.bitlathe")));
    }
    ASSERT_FALSE(measured.empty());
    WindowRig rig;
    ASSERT_TRUE(rig.open(at("p.bitlathe")));
    const auto project = rig.session->project();
    for (const LayerReport& report : measured) {
        const ReportPtr now = rig.session->analysis().report(report.layer);
        ASSERT_TRUE(now);
        EXPECT_TRUE(*now == report) << report.layer;
        const auto kept = project->report(*document(rig).model(), report.layer, report.scheme);
        ASSERT_TRUE(kept);
        EXPECT_TRUE(*kept == report) << report.layer;
    }
}

TEST_F(ProjectWindow, TheSecondWindowOnlyLooksAndSaysWhy) {
    WindowRig first;
    ASSERT_TRUE(first.open(Session::demoModel()));
    ASSERT_TRUE(saveAs(first, at("p.bitlathe")));
    WindowRig second;
    ASSERT_TRUE(second.open(at("p.bitlathe")));
    ASSERT_TRUE(WindowRig::waitFor([&] { return second.window->project().readOnly(); }));
    EXPECT_TRUE(second.window->messages().text().contains("another window has it open (process")) << second.window->messages().text().toStdString();
    EXPECT_TRUE(second.window->windowTitle().contains("(read-only)"));
    second.settle();
    QDir().mkpath(BITLATHE_SCREENS_DIR);
    second.window->grab().save(QStringLiteral(BITLATHE_SCREENS_DIR "/project_read_only.png"));
    bits(second, Qt::Key_3);
    ASSERT_TRUE(saveAs(second, at("q.bitlathe")));
    EXPECT_FALSE(second.window->project().readOnly());
    QDir().mkpath(at("elsewhere"));
    ASSERT_TRUE(saveAs(second, at("elsewhere/r.bitlathe")));
    const auto moved = ProjectStore::open(at("elsewhere/r.bitlathe").toStdString(), ProjectStore::Access::Look);
    EXPECT_EQ(stateOf(*moved).model.path, std::filesystem::weakly_canonical(Session::demoModel().toStdString()));
    EXPECT_FALSE(moved->recovered());
    ASSERT_TRUE(saveAs(second, at("q.bitlathe")));
    EXPECT_TRUE(second.window->windowTitle().startsWith("q.bitlathe"));
}

TEST_F(ProjectWindow, ASaveThatIsAskedForDuringASaveIsDoneAfterIt) {
    WindowRig rig;
    ASSERT_TRUE(rig.open(Session::demoModel()));
    ASSERT_TRUE(saveAs(rig, at("p.bitlathe")));
    QSignalSpy saved(&rig.window->project(), &ProjectControl::saved);
    int first = 0, second = 0, third = 0;
    bits(rig, Qt::Key_4);
    rig.window->project().save([&] { ++first; });
    ASSERT_TRUE(rig.window->project().saving());
    bits(rig, Qt::Key_2);
    rig.window->project().save([&] { ++second; });
    rig.window->project().save([&] { ++third; });
    ASSERT_TRUE(WindowRig::waitFor([&] { return second && third; }));
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second + third, 2);
    EXPECT_EQ(saved.count(), 2) << "one for both that waited";
    EXPECT_FALSE(rig.window->isWindowModified());
    const auto look = ProjectStore::open(at("p.bitlathe").toStdString(), ProjectStore::Access::Look);
    EXPECT_EQ(*stateOf(*look).recipe(), document(rig).recipe());
}

TEST_F(ProjectWindow, TheCommandLineWritesWhatTheWindowExports) {
    WindowRig rig;
    ASSERT_TRUE(rig.open(Session::demoModel()));
    bits(rig, Qt::Key_5);
    ASSERT_TRUE(saveAs(rig, at("p.bitlathe")));
    QSignalSpy exported(&rig.window->exporting(), &ExportControl::exported);
    rig.window->exporting().setPath(at("window.onnx"));
    rig.window->exporting().start();
    ASSERT_TRUE(WindowRig::waitFor([&] { return exported.count() == 1; }));
    ASSERT_TRUE(rig.window->project().saveNow());
    QProcess cli;
    cli.start(QStringLiteral(BITLATHE_CLI), {"quantize", at("p.bitlathe"), "-o", at("cli.onnx"), "--quiet"});
    ASSERT_TRUE(cli.waitForFinished(120000));
    ASSERT_EQ(cli.exitCode(), 0) << cli.readAllStandardError().toStdString();
    EXPECT_FALSE(contents(at("window.onnx")).isEmpty());
    EXPECT_TRUE(contents(at("window.onnx")) == contents(at("cli.onnx")));
}

TEST_F(ProjectWindow, AKerasNetworkLeavesAsBothKindsOfItsOwnFile) {
    WindowRig rig;
    ASSERT_TRUE(rig.open(QStringLiteral(BITLATHE_SOURCE_DIR "/tests/golden/keras/conv2d_same.h5")));
    EXPECT_TRUE(rig.window->exporting().path().endsWith(".onnx"));
    QSignalSpy exported(&rig.window->exporting(), &ExportControl::exported);
    for (const char* target : {"keras", "keras-codes"}) {
        rig.window->exporting().setTarget(target);
        EXPECT_EQ(rig.window->exporting().target(), target);
        EXPECT_TRUE(rig.window->exporting().path().endsWith("conv2d_same.quantized.h5")) << rig.window->exporting().path().toStdString();
        rig.window->exporting().setPath(at("window.h5"));
        exported.clear();
        rig.window->exporting().start();  // without data: there is nothing to calibrate
        ASSERT_TRUE(WindowRig::waitFor([&] { return exported.count() == 1; }));
        QProcess cli;
        cli.start(QStringLiteral(BITLATHE_CLI), {"quantize", QStringLiteral(BITLATHE_SOURCE_DIR "/tests/golden/keras/conv2d_same.h5"), "--preset", "int8", "--target", target, "-o", at("cli.h5"), "--quiet"});
        ASSERT_TRUE(cli.waitForFinished(120000));
        ASSERT_EQ(cli.exitCode(), 0) << cli.readAllStandardError().toStdString();
        EXPECT_FALSE(contents(at("window.h5")).isEmpty());
        EXPECT_TRUE(contents(at("window.h5")) == contents(at("cli.h5"))) << target;
        rig.window->exporting().setPath(QStringLiteral("/tmp/conv2d_same.quantized.h5"));
    }
}

// A finished evaluation was erased from the project as soon as the same one was started anew.
TEST_F(ProjectWindow, AnEvaluationStaysUntilTheNextOneOfItsKindIsFinished) {
    WindowRig rig;
    ASSERT_TRUE(rig.open(Session::demoModel()));
    RunControl& run = rig.window->run();
    run.start();
    ASSERT_TRUE(WindowRig::waitFor([&] { return !run.running(); }));
    const std::size_t kept = run.evaluations().size();
    ASSERT_GT(kept, 0u);
    bool lost = false, partial = false;
    run.start();
    ASSERT_TRUE(WindowRig::waitFor([&] {
        const auto evaluations = run.evaluations();
        lost = lost || evaluations.size() < kept || std::count(evaluations.begin(), evaluations.end(), nullptr) > 0;
        partial = partial || !run.results().front().finished;
        return !run.running();
    }));
    EXPECT_TRUE(partial);
    EXPECT_FALSE(lost);
}

TEST_F(ProjectWindow, OffersToContinueACalibrationAndKeepsItsEvaluations) {
    {
        WindowRig rig;
        ASSERT_TRUE(rig.open(Session::demoModel()));
        rig.window->run().start();
        ASSERT_TRUE(WindowRig::waitFor([&] { return !rig.window->run().running(); }));
        ASSERT_FALSE(rig.window->run().results().empty());
        ASSERT_TRUE(saveAs(rig, at("p.bitlathe")));
        // Another recipe's calibration, stopped half way.
        const auto project = rig.session->project();
        CalibrationWork work{document(rig).model(), document(rig).recipe(), rig.window->run().calibrationChoice(), document(rig).recipe().preprocessing};
        work.recipe.defaults.activations->range = Percentile{99};
        work.keepEveryMs = 0;
        std::stop_source stop;
        JobContext job(stop.get_token(), [&](double, std::string_view what) { if (what.starts_with("calibrating: sample 1")) stop.request_stop(); });
        EXPECT_THROW(calibrateKept(work, &project->store(), rig.resources.machine, rig.workers, job), Cancelled);
        document(rig).edit(work.recipe, "percentile");
        ASSERT_TRUE(rig.window->project().saveNow());
    }
    WindowRig rig;
    ASSERT_TRUE(rig.open(at("p.bitlathe")));
    ASSERT_TRUE(WindowRig::waitFor([&] { return rig.window->messages().text().contains("was interrupted at sample"); })) << rig.window->messages().text().toStdString();
    ASSERT_FALSE(rig.window->run().results().empty());
    EXPECT_TRUE(rig.window->run().results().front().finished);
    EXPECT_TRUE(rig.window->run().results().front().stale);  // the recipe is another one since
    rig.settle();
    QDir().mkpath(BITLATHE_SCREENS_DIR);
    rig.window->grab().save(QStringLiteral(BITLATHE_SCREENS_DIR "/project_continue.png"));
    for (QPushButton* button : rig.window->messages().findChildren<QPushButton*>())
        if (button->text() == "Continue") button->click();
    ASSERT_TRUE(WindowRig::waitFor([&] { return rig.window->run().lastCalibration() != nullptr; }));
    EXPECT_FALSE(rig.window->run().lastCalibration()->ranges.empty());
    EXPECT_FALSE(interruptedCalibration(rig.session->project()->store()));
}

TEST_F(ProjectWindow, EditsWithoutAProjectSurviveACrashToo) {
    ASSERT_TRUE(QFile::copy(Session::demoModel(), at("net.onnx")));
    const QDir kept(QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation) + "/unsaved");
    Recipe last;
    QString mine;
    {
        WindowRig rig;
        ASSERT_TRUE(rig.open(at("net.onnx")));
        bits(rig, Qt::Key_4);
        bits(rig, Qt::Key_3);
        last = document(rig).recipe();
        ASSERT_TRUE(WindowRig::waitFor([&] {
            for (const QFileInfo& file : kept.entryInfoList({"*.bitlathe"}, QDir::Files))
                if (file.lastModified() > QFileInfo(at("net.onnx")).birthTime() && file.fileName().endsWith(QStringLiteral("-%1.bitlathe").arg(QCoreApplication::applicationPid()))) mine = file.filePath();
            return !mine.isEmpty();
        }));
        ASSERT_TRUE(copyAsIs(mine, mine.left(mine.lastIndexOf('-')) + "-0.bitlathe"));  // as if another process had died
    }
    EXPECT_FALSE(QFile::exists(mine));  // this one ended in order
    WindowRig rig;
    ASSERT_TRUE(rig.open(at("net.onnx")));
    ASSERT_TRUE(WindowRig::waitFor([&] { return rig.window->messages().text().contains("2 steps can be restored"); })) << rig.window->messages().text().toStdString();
    EXPECT_FALSE(rig.window->isWindowModified());
    for (QPushButton* button : rig.window->messages().findChildren<QPushButton*>())
        if (button->text() == "Restore") button->click();
    EXPECT_EQ(document(rig).recipe(), last);
    EXPECT_TRUE(rig.window->isWindowModified());
    EXPECT_TRUE(document(rig).history().canUndo());
    // Only once it is kept anew.
    EXPECT_TRUE(WindowRig::waitFor([&] { return !QFile::exists(mine.left(mine.lastIndexOf('-')) + "-0.bitlathe"); }));
    EXPECT_TRUE(QFile::exists(mine));
}

TEST_F(ProjectWindow, AVanishedModelAsksWhereItIs) {
    ASSERT_TRUE(QFile::copy(Session::demoModel(), at("net.onnx")));
    {
        WindowRig rig;
        ASSERT_TRUE(rig.open(at("net.onnx")));
        ASSERT_TRUE(saveAs(rig, at("p.bitlathe")));
    }
    ASSERT_TRUE(QFile::rename(at("net.onnx"), at("moved.onnx")));
    WindowRig rig;
    rig.session->open(at("p.bitlathe"));
    ASSERT_TRUE(WindowRig::waitFor([&] { return rig.window->messages().text().contains("is gone"); }));
    EXPECT_FALSE(document(rig).model());
    rig.session->openProject(at("p.bitlathe"), at("moved.onnx"));
    ASSERT_TRUE(WindowRig::waitFor([&] { return document(rig).model() != nullptr; }));
    EXPECT_TRUE(rig.window->project().isOpen());
}

TEST_F(ProjectWindow, EmbeddingWaitsForTheSaveThatIsRunning) {
    WindowRig rig;
    ASSERT_TRUE(rig.open(Session::demoModel()));
    ASSERT_TRUE(saveAs(rig, at("p.bitlathe")));
    bool saved = false;
    rig.window->project().save([&saved] { saved = true; });
    rig.window->project().embedModel(true);
    ASSERT_TRUE(WindowRig::waitFor([&] { return saved; }));
    EXPECT_TRUE(WindowRig::waitFor([&] { return hasEmbeddedModel(*ProjectStore::open(at("p.bitlathe").toStdString(), ProjectStore::Access::Look)); }));
}

TEST_F(ProjectWindow, ClosingSavesInTheBackgroundAndThenCloses) {
    WindowRig rig;
    ASSERT_TRUE(rig.open(Session::demoModel()));
    ASSERT_TRUE(saveAs(rig, at("p.bitlathe")));
    ASSERT_TRUE(rig.measured());  // results since the save: kept without a question
    rig.window->show();
    rig.window->close();
    EXPECT_TRUE(WindowRig::waitFor([&] { return !rig.window->isVisible(); }));
}

TEST_F(ProjectWindow, AStoppedSaveKeepsTheWindowOpen) {
    WindowRig rig;
    ASSERT_TRUE(rig.open(Session::demoModel()));
    ASSERT_TRUE(saveAs(rig, at("p.bitlathe")));
    rig.window->show();
    rig.window->close();
    ASSERT_FALSE(rig.session->jobs().states().empty());
    rig.session->jobs().stop(rig.session->jobs().states().back().id);
    ASSERT_TRUE(WindowRig::waitFor([&] { return rig.session->jobs().states().empty(); }));
    QTest::qWait(50);
    EXPECT_TRUE(rig.window->isVisible());
    rig.window->close();
    EXPECT_TRUE(WindowRig::waitFor([&] { return !rig.window->isVisible(); }));
}

TEST_F(ProjectWindow, AnotherPlaceKeepsTheModelInTheProject) {
    WindowRig rig;
    ASSERT_TRUE(rig.open(Session::demoModel()));
    ASSERT_TRUE(saveAs(rig, at("p.bitlathe")));
    rig.window->project().embedModel(true);
    ASSERT_TRUE(WindowRig::waitFor([&] { return hasEmbeddedModel(rig.session->project()->store()); }));
    ASSERT_TRUE(saveAs(rig, at("q.bitlathe")));
    EXPECT_TRUE(rig.window->project().embedsModel());
    EXPECT_TRUE(hasEmbeddedModel(*ProjectStore::open(at("q.bitlathe").toStdString(), ProjectStore::Access::Look)));
}

}  // namespace
}  // namespace bitlathe
