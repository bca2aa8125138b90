// Pictures of the real window for people to look at: screens OUT [MODEL]. One per size and theme; run it
// under QT_SCALE_FACTOR=1.5 for the larger scale.
#include "app/commands.h"
#include "tests/app/window_rig.h"
#include "app/run_control.h"
#include "app/export_control.h"
#include "widgets/canvas/theme.h"
#include "widgets/panels/layers_panel.h"
#include "widgets/panels/message_strip.h"

#include <QAction>
#include <QDialog>
#include <QDir>
#include <cstdio>

using namespace bitlathe;

int main(int argc, char** argv) {
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    applyTheme(application, ThemeChoice::Dark);
    const QString out = argc > 1 ? QString::fromLocal8Bit(argv[1]) : QStringLiteral("screens");
    const QString model = argc > 2 ? QString::fromLocal8Bit(argv[2]) : Session::demoModel();
    const QString scale = qEnvironmentVariable("QT_SCALE_FACTOR", QStringLiteral("1"));
    QDir().mkpath(out);
    WindowRig rig({1720, 1000});
    const auto shot = [&](const QString& name) {
        rig.settle();
        QTest::qWait(30);
        const QString path = QStringLiteral("%1/%2-x%3.png").arg(out, name, scale);
        rig.window->grab().save(path);
        std::puts(qPrintable(path));
    };
    const auto sized = [&](int width, int height) {
        rig.window->resize(width, height);
        QTest::qWait(30);
        rig.window->resetLayout();
        QTest::qWait(120);
    };
    shot(QStringLiteral("start-dark"));
    if (!rig.open(model)) {
        std::fputs("the model did not open\n", stderr);
        return 1;
    }
    auto& commands = rig.window->commands();
    rig.window->layers().select({3});
    commands.action(QStringLiteral("scheme.bits4"))->trigger();
    rig.measured();
    QTest::qWait(1600);
    for (const ThemeChoice theme : {ThemeChoice::Dark, ThemeChoice::Light}) {
        applyTheme(application, theme);
        const QString tone = theme == ThemeChoice::Dark ? QStringLiteral("dark") : QStringLiteral("light");
        sized(1720, 1000);
        shot(QStringLiteral("main-1720-") + tone);
        sized(1280, 800);
        shot(QStringLiteral("main-1280-") + tone);
    }
    applyTheme(application, ThemeChoice::Dark);
    sized(1720, 1000);
    commands.action(QStringLiteral("model.run"))->trigger();
    rig.window->run().start();
    WindowRig::waitFor([&] { return !rig.window->run().running(); }, 120);
    QTest::qWait(200);
    shot(QStringLiteral("run-dark"));
    commands.action(QStringLiteral("file.export"))->trigger();
    QTest::qWait(1500);
    shot(QStringLiteral("export-dark"));
    commands.action(QStringLiteral("window.history"))->trigger();
    shot(QStringLiteral("history-dark"));
    commands.action(QStringLiteral("view.palette"))->trigger();
    shot(QStringLiteral("palette-dark"));
    commands.action(QStringLiteral("view.palette"))->trigger();
    QTest::keyClick(rig.window->focusWidget(), Qt::Key_Escape);
    commands.action(QStringLiteral("window.log"))->trigger();
    // A choice under the pointer, over several layers whose schemes differ.
    rig.window->layers().select({2, 3, 4});
    SchemeChange change;
    change.bits = 3;
    rig.window->editing().hover(change);
    QTest::qWait(400);
    shot(QStringLiteral("ghost-dark"));
    rig.window->editing().hoverEnded();
    applyTheme(application, ThemeChoice::Light);
    shot(QStringLiteral("log-light"));
    applyTheme(application, ThemeChoice::Dark);
    commands.action(QStringLiteral("help.keys"))->trigger();
    QTest::qWait(200);
    if (auto* keys = rig.window->findChild<QDialog*>()) {
        keys->grab().save(QStringLiteral("%1/keys-dark-x%2.png").arg(out, scale));
        keys->close();
    }
    SchemeChange format;
    format.format = NumberFormat{"nf4", true, true};
    rig.window->layers().select({3});
    rig.window->editing().apply(format, QStringLiteral("NF4"));
    rig.measured();
    QTest::qWait(1500);
    shot(QStringLiteral("nf4-dark"));
    rig.window->messages().show(MessageStrip::Level::Note, QStringLiteral("glyphs.onnx has changed on disk."), {{QStringLiteral("Reload, keep the recipe"), [] {}}});
    shot(QStringLiteral("message-dark"));
    return 0;
}
