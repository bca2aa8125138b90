// Pictures of a run whose samples are split, for people to look at: run_screens OUT. One that over-fits its few calibration
// samples and one that does not, in both sizes and themes; run it under QT_SCALE_FACTOR=1.5 for the larger scale.
#include "app/commands.h"
#include "app/run_control.h"
#include "tests/app/window_rig.h"
#include "widgets/canvas/theme.h"

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
    for (const ThemeChoice theme : {ThemeChoice::Dark, ThemeChoice::Light}) {
        applyTheme(application, theme);
        const QString tone = theme == ThemeChoice::Dark ? QStringLiteral("dark") : QStringLiteral("light");
        for (const QSize size : {QSize(1720, 1000), QSize(1280, 800)}) {
            rig.window->resize(size);
            QTest::qWait(150);
            shot(QStringLiteral("run-split-%1-%2").arg(size.width()).arg(tone));
        }
    }
    return 0;
}
