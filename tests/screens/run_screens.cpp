// Pictures of a run whose samples are split, for people to look at: run_screens OUT. One that over-fits its few calibration
// samples and one that does not, in both sizes and themes; run it under QT_SCALE_FACTOR=1.5 for the larger scale.
#include "app/commands.h"
#include "app/importance_control.h"
#include "app/run_control.h"
#include "app/run_language_control.h"
#include "tests/app/window_rig.h"
#include "widgets/canvas/theme.h"
#include "widgets/panels/run_language_panel.h"

#include <QAction>
#include <QDir>
#include <cstdio>

using namespace bitlathe;

int main(int argc, char** argv) {
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    applyTheme(application, ThemeChoice::Dark);
    const QString out = argc > 1 ? QString::fromLocal8Bit(argv[1]) : QStringLiteral("screens");
    const QString scale = qEnvironmentVariable("QT_SCALE_FACTOR", QStringLiteral("1"));
    QDir().mkpath(out);
    WindowRig rig({1720, 1000});
    const auto shot = [&](const QString& name) {
        rig.settle();
        QTest::qWait(60);
        const QString path = QStringLiteral("%1/%2-x%3.png").arg(out, name, scale);
        rig.window->grab().save(path);
        std::puts(qPrintable(path));
    };
    const auto inBothThemes = [&](const QString& name) {
        for (const ThemeChoice theme : {ThemeChoice::Dark, ThemeChoice::Light}) {
            applyTheme(application, theme);
            const QString tone = theme == ThemeChoice::Dark ? QStringLiteral("dark") : QStringLiteral("light");
            for (const QSize size : {QSize(1720, 1000), QSize(1280, 800)}) {
                rig.window->resize(size);
                QTest::qWait(150);
                shot(QStringLiteral("%1-%2-%3").arg(name).arg(size.width()).arg(tone));
            }
        }
    };
    if (argc > 2) {  // run_screens OUT MODEL.gguf: a language model on text
        if (!rig.open(QString::fromLocal8Bit(argv[2]))) return 1;
        rig.window->commands().action(QStringLiteral("model.run"))->trigger();
        inBothThemes(QStringLiteral("text-empty"));
        rig.window->importance().collect(Session::demoFile(QStringLiteral("language_calibration.txt")));
        WindowRig::waitFor([&] { return !rig.window->importance().running(); }, 120);
        auto* panel = rig.window->findChild<RunLanguagePanel*>();
        emit panel->cacheEdited(true, QStringLiteral("int8"));
        emit panel->cacheEdited(false, QStringLiteral("int4,0=f16"));
        for (const auto what : {RunLanguagePanel::What::CacheAlone, RunLanguagePanel::What::All}) {
            panel->setWhat(what);
            rig.window->runLanguage().start();
            WindowRig::waitFor([&] { return !rig.window->runLanguage().running(); }, 300);
        }
        inBothThemes(QStringLiteral("text-results"));
        return 0;
    }
    if (!rig.open(Session::demoModel())) return 1;
    rig.window->commands().action(QStringLiteral("model.run"))->trigger();
    const auto run = [&] {
        rig.window->run().start();
        WindowRig::waitFor([&] { return !rig.window->run().running(); }, 120);
        QTest::qWait(200);
    };
    shot(QStringLiteral("run-empty-1720-dark"));
    run();
    rig.window->run().setCalibration({});
    rig.window->run().setSplit(4, 1);
    run();
    inBothThemes(QStringLiteral("run-split"));
    return 0;
}
