// How long the hand waits: the real window, a generated model, edits through the real widgets and keys. For each
// edit: milliseconds from the input event to the first painted frame with figures of the new scheme, and to the first
// with the exact ones, and the longest time the UI thread kept events waiting. Needs a display (Xvfb does).
//   hand_bench [--size N] [--transposed] [--gl] [--folder DIR] [--log FILE] [--only CASE]
#include "tests/bench/bench_model.h"
#include "tests/bench/hand_log.h"

#include "app/main_window.h"
#include "app/session.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/layer_view.h"
#include "widgets/panels/layers_panel.h"
#include "widgets/panels/plots_panel.h"

#include <QAbstractEventDispatcher>
#include <QApplication>
#include <QCommandLineParser>
#include <QSettings>
#include <QSlider>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>
#include <QTimer>

#include <chrono>
#include <cstdio>

namespace bitlathe {
namespace {

double nowMs() { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// The window, and what was painted when.
class Rig {
public:
    Rig(Session& session, CanvasRenderer renderer) : m_session(session), window(session, renderer) {
        window.resize(1440, 900);
        window.show();
        window.activateWindow();
        QTest::qWaitForWindowActive(&window, 2000);
        PlotScene& scene = window.plots().scene();
        window.plots().canvas().setScene([this, &scene](CanvasFrame& frame) {
            scene.draw(frame);
            m_drawn = scene.data().report;
        });
        // Queued behind the paint, so that what the window system does within it counts.
        QObject::connect(&window.plots().canvas(), &Canvas::framed, &window, [this] { painted(); });
        auto* loop = QThread::currentThread()->eventDispatcher();
        QObject::connect(loop, &QAbstractEventDispatcher::awake, &window, [this] { m_awake = nowMs(); });
        QObject::connect(loop, &QAbstractEventDispatcher::aboutToBlock, &window, [this] {
            if (m_awake > 0) m_stall = std::max(m_stall, nowMs() - m_awake);
            m_awake = 0;
        });
    }

    // Runs the edit, then the event loop until the exact figures of the new scheme are painted.
    HandEdit measure(const char* what, const std::function<void()>& input) {
        HandEdit edit;
        edit.what = what;
        m_edit = &edit;
        m_before = scheme();
        m_stall = 0;
        m_began = m_awake = nowMs();
        input();
        edit.inputMs = nowMs() - m_began;
        m_stall = std::max(m_stall, edit.inputMs);
        wait([&] { return edit.exactMs >= 0; }, 20'000);
        edit.scheme = shortText(scheme());
        m_edit = nullptr;
        edit.stallMs = m_stall;
        QTest::qWait(40);  // the next edit finds a still window
        return edit;
    }
    template <class Condition>
    bool wait(Condition condition, double ms) {
        const double until = nowMs() + ms;
        while (!condition() && nowMs() < until) QCoreApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents, 20);
        return condition();
    }
    std::size_t layer() const { return window.editing().selection().front(); }
    const Scheme& scheme() const { return m_session.document().schemes()[layer()]; }
    void rest() {
        wait([&] { return m_session.analysis().complete(); }, 20'000);
        QTest::qWait(40);
    }

private:
    void painted() {
        if (!m_edit || !m_drawn || scheme() == m_before || m_drawn->scheme != scheme()) return;
        const double ms = nowMs() - m_began;
        ++m_edit->frames;
        if (m_edit->firstMs < 0) m_edit->firstMs = ms;
        if (m_edit->exactMs < 0 && m_drawn->exact()) m_edit->exactMs = ms;
    }

    Session& m_session;
    std::shared_ptr<const LayerReport> m_drawn;
    HandEdit* m_edit = nullptr;
    Scheme m_before;
    double m_began = 0, m_awake = 0, m_stall = 0;

public:
    mutable MainWindow window;
};

void press(Rig& rig, Qt::Key key, Qt::KeyboardModifiers modifiers = {}) { QTest::keyClick(&rig.window.layers().view(), key, modifiers); }

void measureEdits(Rig& rig, HandLog& log, const QString& only) {
    const auto wants = [&](const char* name) { return only.isEmpty() || QString::fromLatin1(name).contains(only); };
    auto* slider = rig.window.inspector().findChild<QSlider*>();
    rig.measure("warm-up", [&] { press(rig, Qt::Key_5); });
    if (wants("bits slider"))  // widths that the curve may have measured meanwhile
        for (int bits = 7; bits >= 2; --bits) log.add(rig.measure("bits slider", [&] { QTest::keyClick(slider, Qt::Key_Left); }));
    press(rig, Qt::Key_8);
    rig.rest();
    if (wants("group keys"))
        for (int i = 0; i < 5; ++i) log.add(rig.measure("group keys", [&] { press(rig, Qt::Key_BracketLeft); }));
    // Schemes that nobody can have measured before.
    const auto unseen = [&](const char* name, const std::function<void(SchemeChange&, int)>& set) {
        if (!wants(name)) return;
        for (int i = 0; i < 12; ++i) {
            SchemeChange change;
            change.bits = 8 - i % 6;
            set(change, i);
            log.add(rig.measure(name, [&] { rig.window.editing().apply(change, "unseen"); }));
        }
    };
    unseen("unseen group", [](SchemeChange& change, int i) { change.granularity = PerGroup{96 + 8 * i}; });
    unseen("unseen percentile", [](SchemeChange& change, int i) { change.granularity = PerChannel{}, change.range = Percentile{99.9 - 0.01 * i}; });
    unseen("unseen least error", [](SchemeChange& change, int i) { change.granularity = PerChannel{}, change.range = LeastError{2.0 + 0.01 * i}; });
    if (wants("undo")) {
        press(rig, Qt::Key_4);
        rig.rest();
        for (int i = 0; i < 8; ++i) log.add(rig.measure("undo and redo", [&] { press(rig, Qt::Key_Z, i % 2 ? Qt::ControlModifier | Qt::ShiftModifier : Qt::KeyboardModifiers(Qt::ControlModifier)); }));
    }
    if (wants("clip line")) {
        press(rig, Qt::Key_Delete);
        press(rig, Qt::Key_4);
        rig.rest();
        rig.window.plots().fit();
        QTest::qWait(1300);  // the ghost of the last edit fades
        Canvas& canvas = rig.window.plots().canvas();
        const PlotScene& scene = rig.window.plots().scene();
        const auto place = scene.placeOf("weights");
        const double scale = canvas.devicePixelRatioF();
        const QPoint from(int(scene.pixelOf("weights", scene.data().report->clipHi, 0).x / scale), int((place.min.y + place.max.y) / 2 / scale));
        QTest::mousePress(&canvas, Qt::LeftButton, {}, from);
        QTest::qWait(60);
        for (int i = 1; i <= 24; ++i)  // the edit comes with the frame that sees the pointer move
            log.add(rig.measure("clip line drag", [&] {
                QTest::mouseMove(&canvas, from - QPoint(6 * i, 0));
            }));
        QTest::mouseRelease(&canvas, Qt::LeftButton, {}, from - QPoint(6 * 24, 0));
        QTest::qWait(200);
    }
    for (const char* codec : {"nf4", "fp8e4m3", "mxfp4", "nvfp4", "q4_0", "q8_0", "q4_k", "q6_k", "iq4_xs", "kmeans"}) {
        const std::string name = std::string("format ") + codec;
        if (!wants(name.c_str())) continue;
        SchemeChange change;
        change.format = NumberFormat{codec};
        log.add(rig.measure(name.c_str(), [&] { rig.window.editing().apply(change, "format"); }));
        press(rig, Qt::Key_Delete);
        rig.rest();
        QTest::qWait(40);
    }
}

// A slider that never rests: a new width every 16 ms. How old is what is on the screen?
void measureDrag(Rig& rig) {
    Analysis& analysis = rig.window.session().analysis();
    const auto counts = [&] { return rig.window.plots().canvas().paintCount(); };
    LayerEditing& editing = rig.window.editing();
    editing.beginGesture();
    const double began = nowMs();
    const quint64 before = counts();
    int steps = 0, answered = 0;
    for (double next = began; nowMs() - began < 2000; ++steps) {
        SchemeChange change;
        change.bits = 2 + steps % 7;
        change.range = Percentile{99.0 + 0.001 * (steps % 900)};  // no scheme twice
        editing.apply(change, "drag");
        next += 16;
        rig.wait([&] { return nowMs() >= next; }, 1000);
        const ReportPtr report = analysis.report(rig.layer());
        answered += report && report->scheme == rig.window.session().document().schemes()[rig.layer()];
    }
    editing.endGesture();
    const double released = nowMs();
    rig.wait([&] { return analysis.complete(); }, 60'000);
    std::printf("drag of 2 s, an edit every 16 ms: %d edits, %d answered before the next, %.0f frames a second, exact %.1f ms after release\n", steps, answered,
                double(counts() - before) / (nowMs() - began) * 1000, nowMs() - released);
}

}  // namespace
}  // namespace bitlathe

int main(int argc, char** argv) {
    using namespace bitlathe;
    QApplication application(argc, argv);
    QTemporaryDir settings;
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, settings.path());
    QCoreApplication::setOrganizationName(QStringLiteral("Bitlathe"));
    QCoreApplication::setApplicationName(QStringLiteral("hand-bench"));
    QCommandLineParser line;
    line.addOptions({{"size", "Rows and columns of the layer.", "N", "4096"}, {"transposed", "MatMul's layout."}, {"gl", "OpenGL."}, {"log", "Frame log, tab-separated.", "FILE"},
                     {"only", "Cases whose name contains this.", "CASE"}, {"folder", "Where models are kept.", "DIR", QDir::temp().filePath("bitlathe-bench")}, {"threads", "Worker threads.", "N", "2"}});
    line.addHelpOption();
    line.process(application);

    BenchModel model;
    model.rows = model.columns = line.value("size").toInt();
    model.transposed = line.isSet("transposed");
    const auto path = benchModel(model, line.value("folder").toStdString());
    Workers workers(line.value("threads").toInt());
    JobRunner runner(4);
    const Resources resources{bitlathe::Machine::detect(), workers, runner};
    Session session(resources);
    Rig rig(session, line.isSet("gl") ? CanvasRenderer::Gl : CanvasRenderer::Cpu);
    const double opening = nowMs();
    session.open(QString::fromStdString(path.string()));
    rig.wait([&] { return session.document().model() != nullptr; }, 120'000);
    const double listed = nowMs();
    rig.wait([&] { return session.analysis().complete(); }, 120'000);
    std::printf("layer %lld × %lld float32, %s, %s, %d threads\nlayer list %.1f ms after opening, exact figures %.1f ms\n\n", static_cast<long long>(model.rows), static_cast<long long>(model.columns),
                qPrintable(QGuiApplication::platformName()), qPrintable(rig.window.plots().canvas().rendererName()), workers.threads(), listed - opening, nowMs() - opening);
    HandLog log;
    measureEdits(rig, log, line.value("only"));
    log.print(stdout);
    if (line.value("only").isEmpty() || line.value("only") == "drag") measureDrag(rig);
    if (line.isSet("log") && !log.write(line.value("log").toStdString())) return 1;
    return 0;
}
