// What the plots say and do beside the histogram, in the real window: formats explained, sizes chosen.
#include "app/commands.h"
#include "tests/app/window_rig.h"
#include "widgets/panels/layers_panel.h"

#include <QAction>
#include <gtest/gtest.h>

namespace bitlathe {
namespace {

class WindowPlots : public testing::Test {
protected:
    void SetUp() override {
        if (Session::demoModel().isEmpty()) GTEST_SKIP() << "the demo model is not in resources/demo";
        ASSERT_TRUE(rig.open(Session::demoModel()));
        rig.window->layers().select({8});
        ASSERT_TRUE(rig.measured());
    }
    PlotScene& scene() { return rig.window->plots().scene(); }
    const Explanation& explanation() { return scene().data().explanation; }
    void turnTo(const char* page) {
        scene().turnTo(page);
        rig.window->plots().canvas().refresh();
    }
    bool explained() {
        return WindowRig::waitFor([&] { return explanation().lines.size() == 5 && !explanation().stale; }, 20);
    }
    const QuantSpec& spec() { return *rig.session->document().schemes()[8].weights; }

    WindowRig rig;
};

TEST_F(WindowPlots, TheFormatIsExplainedWhenSomebodyLooksAndFollowsTheScheme) {
    EXPECT_TRUE(explanation().lines.empty()) << "nobody has asked";
    turnTo("how");
    ASSERT_TRUE(explained());
    EXPECT_NE(explanation().heading.find("Integer"), std::string::npos);
    SchemeChange change;
    change.format = NumberFormat{"nf4"};
    rig.window->editing().apply(change, QStringLiteral("NF4"));
    ASSERT_TRUE(WindowRig::waitFor([&] { return explanation().heading.starts_with("NF4") && !explanation().stale; }, 20));
    EXPECT_NE(explanation().lines[0].second.find("u the nearest of 16"), std::string::npos) << explanation().lines[0].second;
    rig.window->layers().select({2});
    ASSERT_TRUE(WindowRig::waitFor([&] { return explanation().heading.starts_with("Integer") && !explanation().stale; }, 20));
}

TEST_F(WindowPlots, EveryPlotHasACommandThatTurnsToIt) {
    for (const Plot& plot : plots) {
        const QString name = QString::fromLatin1(plot.name);
        if (name == QLatin1String("weights")) continue;  // always there
        rig.window->commands().action(QStringLiteral("view.plot.") + name)->trigger();
        EXPECT_EQ(rig.window->plots().page(), name);
        EXPECT_TRUE(WindowRig::waitFor([&] { return scene().placeOf(plot.name).width() > 0; }, 10)) << plot.name;
    }
}

TEST_F(WindowPlots, APointBesideTheCurveChoosesItsFormatInOneStep) {
    ASSERT_TRUE(WindowRig::waitFor([&] { return !scene().data().otherFormats.empty() && !scene().data().sizeCurves.empty(); }, 30));
    const Scheme before = rig.session->document().schemes()[8];
    const SizePoint point = scene().data().otherFormats.front();
    const int steps = rig.session->document().history().index();
    emit rig.window->plots().intent(SelectFormat{point.codec, point.bits});
    EXPECT_EQ(spec().codec, point.codec);
    EXPECT_EQ(spec().bits, point.bits);
    EXPECT_EQ(rig.session->document().history().index(), steps + 1);
    rig.session->document().history().undo();
    EXPECT_EQ(rig.session->document().schemes()[8], before);
}

TEST_F(WindowPlots, TheCurveMarksEveryWidthEvenSixteenBits) {
    SchemeChange change;
    change.bits = 16;
    rig.window->editing().apply(change, QStringLiteral("16 bits"));
    ASSERT_TRUE(WindowRig::waitFor([&] {
        const auto& curves = scene().data().sizeCurves;
        if (curves.empty() || scene().data().currentBits != 16) return false;
        for (const SizePoint& p : curves.front().points)
            if (p.bits == 16) return true;
        return false;
    }, 30));
}

}  // namespace
}  // namespace bitlathe
