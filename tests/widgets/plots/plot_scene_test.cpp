#include "widgets/plots/plot_scene.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/widgets/plots/plot_hand.h"

namespace bitlathe {
namespace {

TEST_F(PlotHand, DraggingAClipLineAsksForItsNewPlaceAndMirrorsASymmetricScheme) {
    show(report);
    const float from = pixelX("weights", report->clipHi), to = pixelX("weights", report->clipHi * 0.7);
    const double pixel = scene.viewOf("weights")->x.size() / 600;
    const Area a = areaOf("weights");
    rig.canvas.movePointer(from + 4, a.y0 + 90);
    rig.settle();
    rig.canvas.pressButton(CanvasButton::Left);
    rig.settle();
    EXPECT_TRUE(scene.takeIntents().empty()) << "a press alone asks for nothing";
    rig.canvas.movePointer(to, a.y0 + 140);
    rig.settle();
    const std::vector<SetClip> moving = taken<SetClip>();
    ASSERT_EQ(moving.size(), 1u);
    EXPECT_FALSE(moving[0].final);
    EXPECT_NEAR(moving[0].hi, report->clipHi * 0.7, 2 * pixel);
    EXPECT_EQ(moving[0].lo, -moving[0].hi);
    rig.canvas.releaseButton(CanvasButton::Left);
    rig.settle();
    const std::vector<SetClip> done = taken<SetClip>();
    ASSERT_EQ(done.size(), 1u);
    EXPECT_EQ(done[0], (SetClip{moving[0].lo, moving[0].hi, true}));
    EXPECT_TRUE(scene.viewOf("weights")->fitted) << "a clip drag is no zoom";
}

TEST_F(PlotHand, AnAsymmetricSchemeMovesOneClipLineAndKeepsZeroInside) {
    auto r = std::make_shared<LayerReport>(*drawnReport({.clip = 0.6, .outliers = false}));
    r->scheme.weights->symmetric = false;
    show(r);
    const float y = areaOf("weights").y0 + 60;
    const float to = pixelX("weights", r->clipHi * 0.5);
    rig.drag(pixelX("weights", r->clipLo), y, to, y);
    const std::vector<SetClip> asked = taken<SetClip>();
    ASSERT_FALSE(asked.empty());
    EXPECT_TRUE(asked.back().final);
    EXPECT_EQ(asked.back().lo, 0);
    EXPECT_EQ(asked.back().hi, r->clipHi);
}

TEST_F(PlotHand, APressBesideTheClipLineZoomsInstead) {
    show(report);
    const float at = pixelX("weights", report->clipHi), y = areaOf("weights").y0 + 100;
    rig.drag(at - 12, y, at - 200, y + 3);
    EXPECT_TRUE(taken<SetClip>().empty());
    EXPECT_FALSE(scene.viewOf("weights")->fitted);
}

TEST_F(PlotHand, ArrowsMoveTheFocusedClipLineByOneCodeStep) {
    show(report);
    rig.canvas.setFocused(true);
    rig.canvas.pressKey({CanvasKey::Right});
    rig.settle();
    EXPECT_TRUE(taken<SetClip>().empty()) << "the first press takes hold of the line";
    const double step = double(report->transfer.levels[1]) - report->transfer.levels[0];
    rig.canvas.pressKey({CanvasKey::Left});
    rig.settle();
    std::vector<SetClip> asked = taken<SetClip>();
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_TRUE(asked[0].final);
    EXPECT_NEAR(asked[0].hi, report->clipHi - step, 1e-6);
    rig.canvas.pressKey({CanvasKey::Escape});
    rig.canvas.pressKey({CanvasKey::Home});
    rig.canvas.pressKey({CanvasKey::Left});
    rig.settle();
    asked = taken<SetClip>();
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_NEAR(asked[0].lo, -(report->clipHi - step) - step, 1e-6);
}

TEST_F(PlotHand, ANewReportIsTheTruthAboutTheClip) {
    show(report);
    const float y = areaOf("weights").y0 + 60;
    rig.drag(pixelX("weights", report->clipHi), y, pixelX("weights", report->clipHi * 0.6), y);
    scene.takeIntents();
    const Picture wished = rig.picture();
    auto refused = std::make_shared<LayerReport>(*report);
    refused->scheme.weights->range = Manual{};
    scene.setReport(refused, "int4 tensor");
    rig.settle();
    rig.canvas.leavePointer();
    rig.settle();
    EXPECT_NE(wished, rig.picture());
    rig.canvas.setFocused(true);
    rig.canvas.pressKey({CanvasKey::Right});
    rig.settle();
    const std::vector<SetClip> asked = taken<SetClip>();
    ASSERT_EQ(asked.size(), 1u) << "the dragged line kept the focus";
    EXPECT_GT(asked[0].hi, report->clipHi) << "and starts from the report's clip, not from the old wish";
}

TEST_F(PlotHand, WheelZoomsAtThePointer) {
    show(report);
    const Area a = areaOf("weights");
    const float x = a.x0 + (a.x1 - a.x0) * 0.3f;
    const PlotView before = *scene.viewOf("weights");
    const double under = before.x.lo + before.x.size() * 0.3;
    rig.canvas.movePointer(x, (a.y0 + a.y1) / 2);
    rig.canvas.turnWheel(0, 2);
    rig.settle();
    const PlotView& after = *scene.viewOf("weights");
    EXPECT_NEAR(after.x.size(), before.x.size() * 0.64, 1e-9);
    EXPECT_NEAR(after.x.lo + after.x.size() * 0.3, under, before.x.size() * 0.01);
    EXPECT_EQ(after.y, before.y) << "without Shift the counts stay";
}

TEST_F(PlotHand, DragZoomsToTheBoxAndDoubleClickFits) {
    show(report);
    const Area a = areaOf("weights");
    const float w = a.x1 - a.x0, h = a.y1 - a.y0;
    const PlotView before = *scene.viewOf("weights");
    rig.drag(a.x0 + w * 0.4f, a.y0 + h * 0.5f, a.x0 + w * 0.6f, a.y0 + h * 0.75f);
    const PlotView boxed = *scene.viewOf("weights");
    EXPECT_FALSE(boxed.fitted);
    EXPECT_NEAR(boxed.x.size(), before.x.size() * 0.2, before.x.size() * 0.01);
    EXPECT_NEAR(boxed.y.lo, before.y.hi * 0.25, before.y.hi * 0.02);
    EXPECT_NEAR(boxed.y.hi, before.y.hi * 0.5, before.y.hi * 0.02);
    rig.doubleClick(a.x0 + w * 0.5f, a.y0 + h * 0.5f);
    EXPECT_TRUE(scene.viewOf("weights")->fitted);
    EXPECT_EQ(scene.viewOf("weights")->x, before.x);
    EXPECT_TRUE(scene.takeIntents().empty());
}

TEST_F(PlotHand, RightAndMiddleDragPan) {
    show(report);
    const Area a = areaOf("errors");
    const float w = a.x1 - a.x0, y = (a.y0 + a.y1) / 2;
    for (const CanvasButton button : {CanvasButton::Right, CanvasButton::Middle}) {
        const PlotView before = *scene.viewOf("errors");
        rig.drag(a.x0 + w * 0.5f, y, a.x0 + w * 0.75f, y, button);
        const PlotView& after = *scene.viewOf("errors");
        EXPECT_NEAR(after.x.lo, before.x.lo - before.x.size() * 0.25, before.x.size() * 0.01);
        EXPECT_NEAR(after.x.size(), before.x.size(), 1e-9);
    }
}

TEST_F(PlotHand, EachPlotZoomsAlone) {
    show(report);
    const PlotView weights = *scene.viewOf("weights");
    const Area a = areaOf("errors");
    rig.canvas.movePointer((a.x0 + a.x1) / 2, (a.y0 + a.y1) / 2);
    rig.canvas.turnWheel(0, 3);
    rig.settle();
    EXPECT_FALSE(scene.viewOf("errors")->fitted);
    EXPECT_EQ(scene.viewOf("weights")->x, weights.x);
}

TEST_F(PlotHand, KeysZoomFitAndMoveBetweenPlots) {
    show(report);
    rig.canvas.setFocused(true, true);
    const PlotView before = *scene.viewOf("weights");
    rig.canvas.pressKey({CanvasKey::Plus});
    rig.settle();
    EXPECT_NEAR(scene.viewOf("weights")->x.size(), before.x.size() * 0.8, 1e-9);
    rig.canvas.pressKey({CanvasKey::Enter});
    rig.settle();
    EXPECT_EQ(scene.viewOf("weights")->x, before.x);
    rig.canvas.pressKey({CanvasKey::PageDown});
    rig.canvas.pressKey({CanvasKey::PageDown});
    rig.canvas.pressKey({CanvasKey::Plus});
    rig.settle();
    EXPECT_EQ(scene.viewOf("weights")->x, before.x);
    EXPECT_FALSE(scene.viewOf("errors")->fitted);
}

TEST_F(PlotHand, LogCountsShowSmallSharesAndKeepTheAxisPositive) {
    show(report);
    const PlotView linear = *scene.viewOf("weights");
    EXPECT_EQ(linear.y.lo, 0);
    const Picture before = rig.picture();
    scene.setLogCounts(true);
    rig.step();
    const PlotView log = *scene.viewOf("weights");
    EXPECT_GT(log.y.lo, 0);
    EXPECT_LT(log.y.lo, 100.0 / double(report->statistics.count)) << "one weight is above the bottom";
    EXPECT_NE(before, rig.picture());
    scene.setLogCounts(false);
    rig.step();
    EXPECT_EQ(scene.viewOf("weights")->y, linear.y);
}

TEST_F(PlotHand, ClickingAChannelSelectsIt) {
    show(report);
    const float x = pixelX("channels", 40), y = (areaOf("channels").y0 + areaOf("channels").y1) / 2;
    rig.click(x, y);
    EXPECT_EQ(taken<SelectChannel>(), std::vector<SelectChannel>{{40}});
    scene.setSelection({.channel = 40});
    rig.canvas.pressKey({CanvasKey::Right});
    rig.settle();
    EXPECT_EQ(taken<SelectChannel>(), std::vector<SelectChannel>{{41}});
}

TEST_F(PlotHand, ClickingTheErrorMapSelectsTheChannel) {
    show(report);
    const Area a = areaOf("map");
    const float x = pixelX("map", 20 * 8 + 4);
    const float y = a.y1 - (a.y1 - a.y0) * (33.5f / 96);
    rig.click(x, y);
    EXPECT_EQ(taken<SelectChannel>(), (std::vector<SelectChannel>{{33}}));
}

TEST_F(PlotHand, AnEditLeavesAGhostForASecondAndThenNothingMoves) {
    show(report);
    const Picture old = rig.picture();
    auto finer = drawnReport({.bits = 5, .clip = 0.6, .outliers = false});
    scene.setReport(finer, "int5 tensor");
    EXPECT_NE(scene.data().ghost, nullptr);
    const Picture first = rig.picture();
    const int frames = rig.settle();
    EXPECT_GT(frames, 40);
    EXPECT_LT(frames, 80);
    EXPECT_EQ(scene.data().ghost, nullptr);
    const Picture last = rig.picture();
    EXPECT_NE(first, last);
    EXPECT_NE(old, last);
    EXPECT_FALSE(rig.canvas.wantsFrame(rig.now() + 60));
}

TEST_F(PlotHand, TheGhostStaysWhatWasThereBeforeTheHandBeganToMove) {
    show(report);
    for (int i = 1; i <= 4; ++i) {
        auto next = std::make_shared<LayerReport>(*report);
        next->scheme.weights->range = Manual{-0.1 * i, 0.1 * i};
        scene.setReport(next, "int4 tensor");
        rig.step();
        EXPECT_EQ(scene.data().ghost, report);
    }
}

TEST_F(PlotHand, AnEditKeepsTheZoomAndAnotherLayerFitsAnew) {
    show(report);
    const Area a = areaOf("weights");
    rig.canvas.movePointer((a.x0 + a.x1) / 2, (a.y0 + a.y1) / 2);
    rig.canvas.turnWheel(0, 3);
    rig.settle();
    const PlotView zoomed = *scene.viewOf("weights");
    show(drawnReport({.bits = 6, .clip = 0.6, .outliers = false}));
    EXPECT_EQ(scene.viewOf("weights")->x, zoomed.x);
    show(drawnReport({.outliers = false, .layer = 9}));
    EXPECT_TRUE(scene.viewOf("weights")->fitted);
    EXPECT_EQ(scene.data().ghost, nullptr) << "another layer has no ghost";
}

TEST_F(PlotHand, TheAxisFitsTheWeightsAndNotTheClip) {
    auto wide = std::make_shared<LayerReport>(*drawnReport({.outliers = false}));
    wide->clipLo *= 50;
    wide->clipHi *= 50;
    show(wide);
    EXPECT_LT(scene.viewOf("weights")->x.hi, wide->statistics.max * 1.3);
}

TEST_F(PlotHand, EmptyPlotsSayWhatToDoAndTakeNoIntent) {
    rig.settle();
    const Picture none = rig.picture();
    EXPECT_GT(std::count_if(none.pixels.begin(), none.pixels.end(), [](std::uint32_t p) { return (p & 255u) > 130; }), 300) << "sentences are there";
    rig.drag(200, 200, 500, 300);
    rig.doubleClick(300, 300);
    EXPECT_TRUE(scene.takeIntents().empty());
    auto real = std::make_shared<LayerReport>(*report);
    real->scheme.weights.reset();
    show(real);
    rig.drag(pixelX("weights", real->clipHi), 150, 400, 150);
    EXPECT_TRUE(taken<SetClip>().empty()) << "a float layer has no clip line";
}

TEST_F(PlotHand, SurvivesStrangeReports) {
    for (int kind = 0; kind < 7; ++kind) {
        auto r = std::make_shared<LayerReport>(*drawnReport({.channels = 4, .columns = 16, .outliers = false}));
        switch (kind) {
        case 0: *r = LayerReport{}; break;
        case 1: r->weights.hi = r->weights.lo; break;
        case 2: r->weights.counts.assign(r->weights.counts.size(), 0); break;
        case 3: r->transfer.levels.assign(3, 0.0f); break;
        case 4: r->clipLo = r->clipHi = 0; break;
        case 5: for (ChannelRange& c : r->channels) c = {}; break;
        case 6: r->map.rms.assign(r->map.rms.size(), 0.0f); break;
        }
        r->layer = std::size_t(100 + kind);
        for (const bool log : {false, true}) {
            scene.setLogCounts(log);
            show(r);
            rig.click(300, 200);
            rig.canvas.turnWheel(0, 40);
            rig.settle();
            rig.canvas.turnWheel(0, -200);
            rig.settle();
            rig.picture();
        }
    }
    scene.takeIntents();
}

TEST_F(PlotHand, SeeFloatHidesTheQuantizedWeightsAndTheirHandles) {
    show(report);
    const Picture both = rig.picture();
    scene.setFloatOnly(true);
    const Picture real = rig.picture();
    EXPECT_NE(both, real);
    rig.drag(pixelX("weights", report->clipHi), 150, 400, 150);
    EXPECT_TRUE(taken<SetClip>().empty());
    scene.fitAll();
    scene.setFloatOnly(false);
    rig.canvas.leavePointer();
    rig.settle();
    EXPECT_EQ(both, rig.picture());
}

TEST_F(PlotHand, SaysInWordsWhatThePicturesShow) {
    EXPECT_EQ(scene.description(), "No layer is selected.");
    show(report);
    const std::string words = scene.description();
    EXPECT_NE(words.find("49,152 weights"), std::string::npos) << words;
    EXPECT_NE(words.find("int4 tensor"), std::string::npos);
    EXPECT_NE(words.find(" dB"), std::string::npos);
    EXPECT_EQ(words.find("Preview"), std::string::npos);
}

TEST_F(PlotHand, DrawsAtAnySize) {
    for (const auto& [w, h] : {std::pair{1, 1}, {40, 900}, {900, 40}, {200, 120}, {2600, 1500}}) {
        SceneRig other(w, h);
        PlotScene small;
        other.canvas.scene = [&](CanvasFrame& f) { small.draw(f); };
        small.setReport(report, "int4");
        other.canvas.movePointer(float(w) / 2, float(h) / 2);
        EXPECT_LT(other.settle(), 100);
        other.picture();
    }
}

}  // namespace
}  // namespace bitlathe
