// Pictures of number formats in the real window: format_screens OUT [MODEL [LAYER]]. One per format and page of
// plots; run it under QT_SCALE_FACTOR=1.5 for the larger scale.
#include "app/commands.h"
#include "tests/app/window_rig.h"
#include "widgets/canvas/theme.h"
#include "widgets/panels/layers_panel.h"

#include <QDir>
#include <cstdio>

using namespace bitlathe;

namespace {

struct Shown {
    const char* name;
    NumberFormat format;
    int bits;
    Granularity granularity;
    bool dark;
    QSize size;
};

}  // namespace

int main(int argc, char** argv) {
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    const QString out = argc > 1 ? QString::fromLocal8Bit(argv[1]) : QStringLiteral("screens");
    const QString model = argc > 2 ? QString::fromLocal8Bit(argv[2]) : Session::demoModel();
    const auto layer = argc > 3 ? std::size_t(QString::fromLocal8Bit(argv[3]).toUInt()) : std::size_t(6);
    const QString scale = qEnvironmentVariable("QT_SCALE_FACTOR", QStringLiteral("1"));
    QDir().mkpath(out);
    applyTheme(application, ThemeChoice::Dark);
    WindowRig rig({1720, 1000});
    if (!rig.open(model)) {
        std::fputs("the model did not open\n", stderr);
        return 1;
    }
    const Shown shown[] = {
        {"int4-group", NumberFormat::integers(), 4, PerGroup{128}, true, {1720, 1000}},
        {"nf4", {"nf4"}, 4, PerChannel{}, false, {1280, 800}},
        {"fp8", {"fp8e4m3"}, 8, PerTensor{}, true, {1280, 800}},
        {"log2", {"log2"}, 4, PerTensor{}, true, {1720, 1000}},
        {"q4_k", {"q4_k"}, 4, PerChannel{}, true, {1280, 800}},
        {"ternary", {"ternary"}, 2, PerChannel{}, false, {1720, 1000}},
        {"int16", NumberFormat::integers(), 16, PerTensor{}, true, {1280, 800}},
    };
    rig.window->layers().select({layer});
    for (const Shown& s : shown) {
        applyTheme(application, s.dark ? ThemeChoice::Dark : ThemeChoice::Light);
        rig.window->resize(s.size);
        QTest::qWait(30);
        rig.window->resetLayout();
        SchemeChange change;
        change.format = s.format;
        change.bits = s.bits;
        change.granularity = s.granularity;
        rig.window->editing().apply(change, QString::fromLatin1(s.name));
        rig.measured();
        for (const char* page : {"transfer", "map", "size", "how"}) {
            rig.window->plots().scene().turnTo(page);
            rig.window->plots().canvas().refresh();
            QTest::qWait(1300);
            rig.settle();
            const QString path = QStringLiteral("%1/format-%2-%3-x%4.png").arg(out, QString::fromLatin1(s.name), QString::fromLatin1(page), scale);
            rig.window->grab().save(path);
            std::puts(qPrintable(path));
        }
    }
    return 0;
}
