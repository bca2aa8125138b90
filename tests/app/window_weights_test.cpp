// What is picked out in one picture shows in the others: in the real window, over the real core.
#include "app/weight_focus.h"
#include "tests/app/window_rig.h"
#include "widgets/panels/layer_view.h"
#include "widgets/panels/layers_panel.h"
#include "widgets/plots/weight_marks.h"

#include <gtest/gtest.h>

#include <QSignalSpy>
#include <cmath>

namespace bitlathe {
namespace {

class WindowWeights : public testing::Test {
protected:
    void SetUp() override {
        if (Session::demoModel().isEmpty()) GTEST_SKIP() << "the demo model is not in resources/demo";
        ASSERT_TRUE(rig.open(Session::demoModel()));
        rig.window->layers().select({3});
        rig.window->plots().scene().turnTo("values");
        rig.window->plots().canvas().refresh();
        settled();
    }
    WeightFocus& focus() { return rig.session->focus(); }
    PlotScene& scene() { return rig.window->plots().scene(); }
    const PlotData& data() { return scene().data(); }
    void settled() {
        rig.settle();
        ASSERT_TRUE(WindowRig::waitFor([&] { return !focus().busy() && data().patch && data().patch->exact() && data().patch->request.layer == 3u; }));
        rig.settle();
    }
    void click(const char* plot, double x, double y) {
        const ImVec2 at = scene().pixelOf(plot, x, y);
        QTest::mouseClick(&rig.window->plots().canvas(), Qt::LeftButton, {}, QPoint(int(at.x), int(at.y)));
        rig.settle();
        WindowRig::waitFor([&] { return !focus().busy(); });
        rig.settle();
    }
    const Layer& layer() { return rig.session->document().model()->layers[3]; }

    WindowRig rig;
};

TEST_F(WindowWeights, TheMapShowsTheWholeLayerExactly) {
    const PatchRequest& r = data().patch->request;
    EXPECT_EQ(r.channels, layer().layout.channels);
    EXPECT_EQ(r.elements, layer().layout.perChannel());
    EXPECT_EQ(data().wholePatch, data().patch);
}

TEST_F(WindowWeights, ABinOfTheHistogramLightsItsWeightsUp) {
    const PlotView& view = *scene().viewOf("weights");
    click("weights", 0.02, (view.y.lo + view.y.hi) / 2);
    ASSERT_TRUE(focus().selection().interval);
    ASSERT_TRUE(WindowRig::waitFor([&] { return data().patch->request.lit == focus().selection().interval && data().patch->exact(); }));
    const ValuePatch& patch = *data().patch;
    double lit = 0;
    for (int row = 0; row < patch.rows; ++row)
        for (int k = 0; k < patch.columns; ++k) {
            const auto& r = patch.request;
            const double weights = double(std::min(r.channelsPerRow, r.channels - row * r.channelsPerRow)) * double(std::min(r.elementsPerColumn, r.elements - k * r.elementsPerColumn));
            lit += weights * double(patch.lit[std::size_t(row * patch.columns + k)]);
        }
    EXPECT_NEAR(lit, double(litCount(*data().report, *focus().selection().interval)), 0.5 + 1e-3 * lit);
    EXPECT_GT(lit, 0);
}

TEST_F(WindowWeights, AChannelShowsItsOwnHistogramAndFigures) {
    focus().selectChannel(5);
    ASSERT_TRUE(WindowRig::waitFor([&] { return focus().channel() != nullptr; }));
    EXPECT_EQ(data().channel, focus().channel());
    const ChannelView& view = *focus().channel();
    EXPECT_EQ(view.channel, 5);
    EXPECT_EQ(view.count, layer().layout.perChannel());
    EXPECT_EQ(float(view.min), data().report->channels[5].min);
    EXPECT_EQ(float(view.max), data().report->channels[5].max);
    EXPECT_EQ(view.weights.counts.size(), data().report->weights.counts.size());
    focus().selectChannel(5);
    EXPECT_FALSE(focus().selection().channel) << "picking it again lets it go";
    EXPECT_EQ(data().channel, nullptr);
}

TEST_F(WindowWeights, AWeightIsExplainedAndFollowsTheScheme) {
    focus().selectWeight({7, 11});
    ASSERT_TRUE(WindowRig::waitFor([&] { return focus().point() != nullptr; }));
    const WeightPoint eight = *focus().point();
    EXPECT_EQ(eight.channel, 7);
    EXPECT_EQ(data().selection.channel, 7);
    EXPECT_LE(std::abs(eight.error()), double(eight.scale) / 2 * 1.0001);
    QTest::keyClick(&rig.window->layers().view(), Qt::Key_4);
    ASSERT_TRUE(WindowRig::waitFor([&] { return focus().point() && focus().point()->spec->bits == 4; }));
    EXPECT_EQ(focus().point()->value, eight.value);
    EXPECT_GT(focus().point()->scale, eight.scale);
    ASSERT_TRUE(rig.measured());
    rig.session->document().history().undo();
    ASSERT_TRUE(WindowRig::waitFor([&] { return focus().point() && focus().point()->spec->bits == 8; }));
    EXPECT_EQ(*focus().point(), eight);
}

TEST_F(WindowWeights, EscapeLetsGoFromTheTableToo) {
    focus().selectWeight({7, 11});
    focus().selectBin({0, 0.01});
    rig.window->layers().view().setFocus();
    QTest::keyClick(&rig.window->layers().view(), Qt::Key_Escape);
    EXPECT_EQ(focus().selection(), WeightSelection{});
    EXPECT_EQ(data().selection, WeightSelection{});
}

TEST_F(WindowWeights, AnotherLayerLetsEverythingGoAndHasItsOwnMap) {
    focus().selectWeight({7, 11});
    rig.window->layers().select({5});
    EXPECT_EQ(focus().selection(), WeightSelection{});
    ASSERT_TRUE(WindowRig::waitFor([&] {
        rig.settle();
        return data().patch && data().patch->request.layer == 5u && data().patch->exact();
    }));
    rig.window->layers().select({3});
    rig.settle();
    EXPECT_EQ(focus().point(), nullptr);
}

TEST_F(WindowWeights, AQuestionReplacesTheOneBefore) {
    std::vector<PatchRequest> answers;
    QObject::connect(&focus(), &WeightFocus::patchArrived, &focus(), [&](const std::shared_ptr<const ValuePatch>& p) { answers.push_back(p->request); });
    PatchRequest r = data().patch->request;
    for (int first = 0; first < 20; ++first) {
        r.element = first;
        r.elements = 5;
        r.elementsPerColumn = r.channelsPerRow = 1;
        focus().showPatch(r);
    }
    ASSERT_TRUE(WindowRig::waitFor([&] { return !focus().busy(); }));
    ASSERT_EQ(answers.size(), 1u) << "nobody is told what nobody asks any more";
    EXPECT_EQ(answers[0], r);
    r.layer = 9;
    focus().showPatch(r);
    EXPECT_FALSE(focus().busy()) << "a question about another layer is dropped";
}

}  // namespace
}  // namespace bitlathe
