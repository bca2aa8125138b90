#include "widgets/plots/plot_pages.h"

#include "tests/widgets/plots/plot_hand.h"

#include <gtest/gtest.h>

#include <set>

namespace bitlathe {
namespace {

TEST(PlotPages, AsFewAsCanBeAndEveryPlotOnOne) {
    const std::vector<float> least = {200, 200, 300, 100};
    for (const float width : {50.0f, 250.0f, 420.0f, 640.0f, 900.0f}) {
        const auto pages = plotPages(least, width, 8);
        std::size_t next = 0;
        for (const PlotPage& page : pages) {
            EXPECT_EQ(page.first, next);
            next += page.count;
            float taken = -8;
            for (std::size_t i = page.first; i < next; ++i) taken += least[i] + page.spare + 8;
            EXPECT_NEAR(taken, width, 0.01) << "a page fills the row";
            EXPECT_TRUE(page.spare >= 0 || page.count == 1);
        }
        EXPECT_EQ(next, least.size());
    }
    EXPECT_EQ(plotPages(least, 900, 8).size(), 1u);
    EXPECT_EQ(plotPages(least, 420, 8).size(), 2u);
    EXPECT_EQ(plotPages(least, 50, 8).size(), 4u);
}

TEST_F(PlotHand, PlotsOverWeightsZoomTogether) {
    show(report);
    const Extent before = scene.viewOf("weights")->x;
    EXPECT_EQ(scene.viewOf("transfer")->x, before);
    const Area a = areaOf("transfer");
    rig.canvas.movePointer((a.x0 + a.x1) / 2, a.y0 + 30);
    rig.canvas.turnWheel(0, 3);
    rig.settle();
    EXPECT_LT(scene.viewOf("transfer")->x.size(), before.size() * 0.6);
    EXPECT_EQ(scene.viewOf("weights")->x, scene.viewOf("transfer")->x);
    EXPECT_EQ(scene.viewOf("weights")->y, (Extent{0, scene.viewOf("weights")->y.hi})) << "y stays";
    rig.doubleClick((areaOf("weights").x0 + areaOf("weights").x1) / 2, areaOf("weights").y0 + 30);
    EXPECT_EQ(scene.viewOf("weights")->x, before);
    EXPECT_EQ(scene.viewOf("transfer")->x, before);
}

TEST_F(PlotHand, TheTransferCurvesClipLinesAskForTheSame) {
    show(report);
    const Area a = areaOf("transfer");
    rig.drag(pixelX("transfer", report->clipHi), a.y0 + 40, pixelX("transfer", report->clipHi * 0.5), a.y0 + 40);
    const std::vector<SetClip> asked = taken<SetClip>();
    ASSERT_FALSE(asked.empty());
    EXPECT_TRUE(asked.back().final);
    EXPECT_NEAR(asked.back().hi, report->clipHi * 0.5, scene.viewOf("transfer")->x.size() / 40);
    EXPECT_EQ(asked.back().lo, -asked.back().hi);
}

TEST_F(PlotHand, WhatFindsNoRoomIsBehindTabs) {
    show(report);
    const std::vector<std::string> names = {"transfer", "errors", "channels", "map", "values", "size", "how"};
    std::set<std::string> seen;
    for (const std::string& name : names) {
        scene.turnTo(name);
        rig.step();
        EXPECT_GT(scene.placeOf(name).width(), 0) << name;
        EXPECT_GT(scene.placeOf("weights").height(), scene.placeOf(name).height()) << "the histogram stays the largest";
        for (const std::string& other : names)
            if (scene.placeOf(other).width() > 0) seen.insert(other);
    }
    EXPECT_EQ(seen.size(), names.size());
    // A hand on the tabs turns pages too.
    scene.turnTo("transfer");
    rig.step();
    const float y = (scene.placeOf("weights").max.y + scene.placeOf("transfer").min.y) / 2;
    std::set<std::string> fronts;
    for (float x = 4; x < 900; x += 8) {
        rig.click(x, y);
        fronts.insert(scene.front());
    }
    EXPECT_EQ(fronts.size(), names.size());
}

TEST_F(PlotHand, TheExplanationScrollsWhereItsCardIsLow) {
    SceneRig low(420, 160);
    PlotScene words({"how"});
    low.canvas.scene = [&](CanvasFrame& f) { words.draw(f); };
    words.setReport(report, "int4");
    Explanation explanation{"Integer", {}};
    for (int i = 0; i < 5; ++i) explanation.lines.push_back({"Title", "A long line of words that goes on and on and is broken at its spaces, more than once, so that it needs some room."});
    words.setExplanation(explanation);
    low.settle();
    const Picture top = low.picture();
    low.canvas.movePointer(200, 100);
    low.canvas.turnWheel(0, -2);
    low.settle();
    const Picture below = low.picture();
    EXPECT_NE(top, below);
    low.canvas.turnWheel(0, 50);
    low.settle();
    EXPECT_EQ(top, low.picture());
}

}  // namespace
}  // namespace bitlathe
