// The real window over the real core, driven by tests: a session of its own, settings of its own, and
// a wait that ends when nothing is left to do.
#pragma once

#include "app/main_window.h"
#include "app/resources.h"
#include "app/session.h"
#include "widgets/panels/plots_panel.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

namespace bitlathe {

class WindowRig {
public:
    explicit WindowRig(QSize size = {1440, 900}) {
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, m_settings.path());
        QCoreApplication::setOrganizationName("Bitlathe");
        QCoreApplication::setApplicationName("bitlathe-test");
        QSettings().clear();
        session = std::make_unique<Session>(resources);
        window = std::make_unique<MainWindow>(*session, CanvasRenderer::Cpu);
        window->resize(size);
        window->resetLayout();
        window->show();
        (void)QTest::qWaitForWindowExposed(window.get());
        // Without a window manager nobody else gives it the keyboard.
        window->activateWindow();
        (void)QTest::qWaitForWindowActive(window.get());
    }

    // Runs the event loop until the condition holds; false after `seconds`.
    template <class Condition>
    static bool waitFor(Condition condition, double seconds = 60) {
        QElapsedTimer clock;
        clock.start();
        while (!condition()) {
            if (clock.elapsed() > seconds * 1000) return false;
            QTest::qWait(5);
        }
        return true;
    }

    bool open(const QString& path) {
        session->open(path);
        return waitFor([&] { return session->document().model() && !session->opening(); }) && measured();
    }
    bool measured() {
        return waitFor([&] { return session->analysis().complete() && session->jobs().states().empty(); });
    }
    // Until the pictures stand still.
    void settle() {
        quint64 paints = 0;
        waitFor([&] {
            const quint64 now = window->plots().canvas().paintCount();
            const bool still = now == paints;
            paints = now;
            if (!still) QTest::qWait(60);
            return still;
        }, 5);
    }

    QTemporaryDir m_settings;
    Workers workers{2};
    JobRunner runner{4};
    Resources resources{Machine::detect(), workers, runner};
    std::unique_ptr<Session> session;
    std::unique_ptr<MainWindow> window;
};

}  // namespace bitlathe
