// The desktop program: makes what everything else is handed, opens the window.
//   bitlathe [FILE]
#include "app/main_window.h"
#include "app/resources.h"
#include "app/session.h"
#include "widgets/canvas/theme.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QSettings>
#include <algorithm>
#include <csignal>
#include <cstring>
#include <iterator>

namespace {
constexpr const char* kTextOptions[] = {"-h", "--help", "--help-all", "-v", "--version"};
}

int main(int argc, char** argv) {
    using namespace bitlathe;
    std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is then a sentence, as a full disk is
    // Help and version are text: they need no display.
    const auto isText = [](const char* argument) {
        return std::any_of(std::begin(kTextOptions), std::end(kTextOptions), [&](const char* option) { return std::strcmp(argument, option) == 0; });
    };
    if (std::any_of(argv + 1, argv + argc, isText)) qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("Bitlathe"));
    QCoreApplication::setApplicationName(QStringLiteral("bitlathe"));
    QCoreApplication::setApplicationVersion(QStringLiteral(BITLATHE_VERSION));
    QCommandLineParser line;
    line.setApplicationDescription(QCoreApplication::translate("main", "A workbench for quantizing neural networks."));
    line.addHelpOption();
    line.addVersionOption();
    line.addPositionalArgument(QStringLiteral("FILE"), QCoreApplication::translate("main", "A model, then a recipe (.json)."), QStringLiteral("[FILE …]"));
    line.process(application);
    QGuiApplication::setDesktopFileName(QStringLiteral("bitlathe"));
    applyTheme(application, ThemeChoice(QSettings().value(QStringLiteral("theme"), int(ThemeChoice::System)).toInt()));

    Workers workers;
    JobRunner runner(4);
    const Resources resources{Machine::detect(), workers, runner};
    Session session(resources);
    MainWindow window(session, CanvasRenderer::Auto);
    window.show();
    for (const QString& file : line.positionalArguments()) session.open(file);
    return QApplication::exec();
}
