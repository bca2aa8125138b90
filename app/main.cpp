// The desktop program: makes what everything else is handed, opens the window.
//   bitlathe [FILE]
#include "app/main_window.h"
#include "app/resources.h"
#include "app/session.h"
#include "widgets/canvas/theme.h"

#include <QApplication>
#include <QSettings>

int main(int argc, char** argv) {
    using namespace bitlathe;
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("Bitlathe"));
    QCoreApplication::setApplicationName(QStringLiteral("bitlathe"));
    QCoreApplication::setApplicationVersion(QStringLiteral(BITLATHE_VERSION));
    QGuiApplication::setDesktopFileName(QStringLiteral("bitlathe"));
    applyTheme(application, ThemeChoice(QSettings().value(QStringLiteral("theme"), int(ThemeChoice::System)).toInt()));

    Workers workers;
    JobRunner runner(4);
    const Resources resources{Machine::detect(), workers, runner};
    Session session(resources);
    MainWindow window(session, CanvasRenderer::Auto);
    window.show();
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() > 1) session.open(arguments[1]);
    return QApplication::exec();
}
