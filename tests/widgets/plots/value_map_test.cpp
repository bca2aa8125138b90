#include "widgets/plots/value_map_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "tests/widgets/canvas/scene_fixture.h"
#include "tests/widgets/plots/report_fixture.h"
#include "widgets/plots/plot_scene.h"
#include "widgets/plots/weight_marks.h"

namespace bitlathe {
namespace {

TEST(RequestFor, HasAboutACellPerPixelAndSingleWeightsWhenTheyAreWider) {
    const PatchRequest whole = requestFor(0, 4096, 0, 4096, 500, 300, 4096, 4096);
    EXPECT_EQ(whole.elementsPerColumn, 16);
    EXPECT_EQ(whole.channelsPerRow, 16);
    EXPECT_EQ(whole.channels, 4096);
    const PatchRequest close = requestFor(100.4, 180.2, 50, 99.9, 500, 300, 4096, 4096);
    EXPECT_TRUE(close.singleWeights());
    EXPECT_EQ(close.element, 100);
    EXPECT_EQ(close.element + close.elements, 181);
    EXPECT_EQ(close.channel, 50);
    EXPECT_EQ(close.channels, 50);
    const PatchRequest beyond = requestFor(-1e6, 1e6, -1e6, 1e6, 500, 300, 64, 64);
    EXPECT_EQ(beyond.channels, 64);
    EXPECT_EQ(beyond.elements, 64);
    EXPECT_EQ(requestFor(1e5, 2e5, 0, 10, 500, 300, 64, 64).elements, 0);
}

TEST(RequestFor, ACellBeginsAtAMultipleOfItsSize) {
    const PatchRequest r = requestFor(1000, 3001, 7, 4000, 100, 100, 5000, 5000);
    EXPECT_EQ(r.element % r.elementsPerColumn, 0);
    EXPECT_EQ(r.channel % r.channelsPerRow, 0);
    EXPECT_LE(r.element, 1000);
    EXPECT_GE(r.element + r.elements, 3001);
}

TEST(ValueScale, CodesAndBitsHaveTheScaleOfTheirWidth) {
    const auto report = drawnReport({});
    ValuePatch patch;
    patch.spec = QuantSpec{};
    patch.spec->bits = 4;
    patch.request.what = PatchWhat::Code;
    patch.extreme = {-7, 3};
    EXPECT_EQ(valueScale(*report, patch, CellFigure::RootMeanSquare), (ValueScale{7, true}));
    patch.extreme = {15, 0};
    EXPECT_EQ(valueScale(*report, patch, CellFigure::RootMeanSquare), (ValueScale{15, false}));
    patch.request.what = PatchWhat::BitPlane;
    EXPECT_EQ(valueScale(*report, patch, CellFigure::RootMeanSquare), (ValueScale{1, false}));
}

TEST(ValueScale, ValuesAreCentredAtZeroAndMagnitudesBeginThere) {
    const auto report = drawnReport({});
    ValuePatch patch;
    patch.request.channelsPerRow = 8;
    const ValueScale rms = valueScale(*report, patch, CellFigure::RootMeanSquare), extreme = valueScale(*report, patch, CellFigure::Extreme);
    EXPECT_FALSE(rms.diverging);
    EXPECT_TRUE(extreme.diverging);
    EXPECT_EQ(extreme.of(0), diverging(0));
    EXPECT_EQ(extreme.of(1e9), diverging(1));
    EXPECT_GT(extreme.end, 0.1);
    EXPECT_LE(extreme.end, std::max(-report->statistics.min, report->statistics.max) * 1.01);
    LayerReport none;
    EXPECT_GT(valueScale(none, patch, CellFigure::Extreme).end, 0) << "an empty report still has a scale";
}

TEST(FillTexture, DimsWhatIsNotLitAndShowsWhatIsNoNumber) {
    ValuePatch patch;
    patch.rows = 2;
    patch.columns = 2;
    patch.mean = patch.rms = patch.extreme = {1, 1, std::nanf(""), 0};
    patch.lit = {1, 0, 1, 1};
    CanvasTexture texture;
    const Rgba ground{10, 20, 30}, broken{200, 0, 0};
    fillTexture(texture, patch, CellFigure::RootMeanSquare, {1, true}, ground, broken);
    EXPECT_EQ(texture.pixels[2], diverging(1).packed()) << "the lit one, channel 0 at the bottom";
    EXPECT_EQ(texture.pixels[0], broken.packed());
    const auto red = [](std::uint32_t p) { return int(p & 255u); };
    EXPECT_LT(red(texture.pixels[3]), red(texture.pixels[2]) / 2) << "dimmed";
    EXPECT_NE(texture.pixels[3], ground.packed()) << "but still there";
}

// A scene whose requests are answered as the application would.
class MapHand : public testing::Test {
protected:
    static constexpr int channels = 96, columns = 512;
    MapHand() : rig(420, 700), scene({"weights", "values"}) {
        rig.canvas.scene = [this](CanvasFrame& f) { scene.draw(f); };
        report = drawnReport({.outliers = false});
        scene.setReport(report, "int4 tensor");
        scene.setGroupSize(32);
        answer();
    }
    static double weightAt(std::int64_t channel, std::int64_t element) { return double((channel * 31 + element * 17) % 41 - 20) / 100; }
    // Draws until nothing is asked any more; keeps the hand's intents.
    void answer() {
        for (int turn = 0; turn < 10; ++turn) {
            rig.settle();
            bool any = false;
            for (const PlotIntent& intent : scene.takeIntents()) {
                const auto* wanted = std::get_if<ShowPatch>(&intent);
                if (!wanted) {
                    hand.push_back(intent);
                    continue;
                }
                any = true;
                asked.push_back(wanted->request);
                auto patch = std::make_shared<ValuePatch>();
                const PatchRequest& r = patch->request = wanted->request;
                patch->doneFraction = 1;
                patch->spec = report->scheme.weights;
                patch->rows = int((r.channels + r.channelsPerRow - 1) / r.channelsPerRow);
                patch->columns = int((r.elements + r.elementsPerColumn - 1) / r.elementsPerColumn);
                for (int row = 0; row < patch->rows; ++row)
                    for (int k = 0; k < patch->columns; ++k) {
                        const double v = weightAt(r.channel + row * r.channelsPerRow, r.element + k * r.elementsPerColumn);
                        patch->mean.push_back(float(v));
                        if (r.lit) patch->lit.push_back(r.lit->holds(v));
                    }
                patch->extreme = patch->rms = patch->mean;
                scene.setPatch(patch);
                rig.canvas.invalidate(2);
            }
            if (!any) return;
        }
        FAIL() << "the map never stops asking";
    }
    template <typename T>
    std::vector<T> taken() {
        std::vector<T> out;
        for (const PlotIntent& i : hand)
            if (const T* t = std::get_if<T>(&i)) out.push_back(*t);
        hand.clear();
        return out;
    }
    void zoomIn(int notches) {
        const ImVec2 at = scene.pixelOf("values", 200.5, 40.5);
        rig.canvas.movePointer(at.x, at.y);
        rig.canvas.turnWheel(0, float(notches));
        answer();
    }
    // The colours that are on screen where the map is.
    std::set<std::uint32_t> colorsAt(ImVec2 from, ImVec2 to) {
        const Picture p = rig.picture();
        std::set<std::uint32_t> out;
        for (int y = int(from.y); y < int(to.y); ++y)
            for (int x = int(from.x); x < int(to.x); ++x) out.insert(p.at(x, y));
        return out;
    }
    void pressTool(float x) { rig.click(scene.placeOf("values").min.x + x, scene.placeOf("values").min.y + 38); answer(); }

    SceneRig rig;
    PlotScene scene;
    std::shared_ptr<const LayerReport> report;
    std::vector<PlotIntent> hand;
    std::vector<PatchRequest> asked;
};

TEST_F(MapHand, AsksOnceForTheWholeLayerAndAgainWhenTheHandHasZoomed) {
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(asked[0].layer, report->layer);
    EXPECT_EQ(asked[0].channels, channels);
    EXPECT_EQ(asked[0].elements, columns);
    EXPECT_EQ(scene.data().wholePatch, scene.data().patch);
    rig.canvas.invalidate(3);
    answer();
    EXPECT_EQ(asked.size(), 1u) << "another frame of the same picture asks for nothing";
    zoomIn(8);
    ASSERT_GE(asked.size(), 2u);
    EXPECT_TRUE(asked.back().singleWeights());
    EXPECT_LT(asked.back().elements, columns);
    EXPECT_NE(scene.data().wholePatch, scene.data().patch) << "the whole layer stays behind the detail";
}

TEST_F(MapHand, ASmallMoveIsServedByTheMargin) {
    zoomIn(8);
    const std::size_t before = asked.size();
    const ImVec2 at = scene.pixelOf("values", 200.5, 40.5);
    rig.drag(at.x, at.y, at.x + 12, at.y + 8, CanvasButton::Right);
    answer();
    EXPECT_EQ(asked.size(), before);
    rig.drag(at.x, at.y, at.x + 300, at.y, CanvasButton::Right);
    answer();
    EXPECT_GT(asked.size(), before);
}

TEST_F(MapHand, ClickingAWeightSelectsItAndClickingManySelectsTheChannel) {
    zoomIn(10);
    const ImVec2 at = scene.pixelOf("values", 200.5, 40.5);
    rig.click(at.x, at.y);
    answer();
    EXPECT_EQ(taken<SelectWeight>(), (std::vector<SelectWeight>{{40, 200}}));
    rig.wait(1);
    scene.fitAll();
    SceneRig small(260, 420);
    PlotScene map({"weights", "values"});
    small.canvas.scene = [&](CanvasFrame& f) { map.draw(f); };
    map.setReport(report, "int4 tensor");
    small.settle();
    map.takeIntents();
    const ImVec2 far = map.pixelOf("values", 256, 50.5);
    small.click(far.x, far.y);
    bool channel = false;
    for (const PlotIntent& i : map.takeIntents()) {
        EXPECT_FALSE(std::holds_alternative<SelectWeight>(i)) << "cells of several weights select no weight";
        if (const auto* c = std::get_if<SelectChannel>(&i)) channel = c->channel >= 49 && c->channel <= 51;
    }
    EXPECT_TRUE(channel);
}

TEST_F(MapHand, ButtonsChooseWhatIsShownAndWhichBit) {
    pressTool(75);
    EXPECT_EQ(asked.back().what, PatchWhat::Quantized);
    pressTool(140);
    EXPECT_EQ(asked.back().what, PatchWhat::Difference);
    pressTool(195);
    EXPECT_EQ(asked.back().what, PatchWhat::Code);
    pressTool(232);
    EXPECT_EQ(asked.back().what, PatchWhat::BitPlane);
    EXPECT_EQ(asked.back().bit, 0);
    pressTool(266);
    EXPECT_EQ(asked.back().what, PatchWhat::BitPlane);
    EXPECT_GT(asked.back().bit, 0);
    auto real = std::make_shared<LayerReport>(*report);
    real->scheme.weights.reset();
    report = real;
    scene.setReport(real, "float32");
    rig.canvas.invalidate(2);
    answer();
    EXPECT_EQ(asked.back().what, PatchWhat::Float) << "a float layer has no codes";
}

TEST_F(MapHand, SingleWeightsShowTheirNumbersWhenThereIsRoom) {
    zoomIn(22);
    const ImVec2 at = scene.pixelOf("values", 200.5, 40.5);
    rig.canvas.leavePointer();
    rig.settle();
    const float width = scene.viewOf("values")->area.width() / float(scene.viewOf("values")->x.size());
    ASSERT_GT(width, 60);
    EXPECT_GT(colorsAt({at.x - 20, at.y - 7}, {at.x + 20, at.y + 7}).size(), 4u) << "a text is more than one colour";
    zoomIn(-14);
    const ImVec2 now = scene.pixelOf("values", 200.5, 40.5);
    const float narrow = scene.viewOf("values")->area.width() / float(scene.viewOf("values")->x.size());
    ASSERT_GT(narrow, 4);
    rig.canvas.leavePointer();
    rig.settle();
    EXPECT_EQ(colorsAt({now.x - 1, now.y - 1}, {now.x + 1, now.y + 1}).size(), 1u);
}

TEST_F(MapHand, ClickingTheHistogramLightsABinUpAndEscapeLetsItGo) {
    const PlotRect area = scene.viewOf("weights")->area;
    rig.click(scene.pixelOf("weights", 0.02, 0).x, area.min.y + 40);
    answer();
    const auto bins = taken<SelectBin>();
    ASSERT_EQ(bins.size(), 1u);
    EXPECT_TRUE(bins[0].interval.holds(0.02));
    EXPECT_GT(litCount(*report, bins[0].interval), 0);
    rig.wait(1);
    const Picture before = rig.picture();
    scene.setSelection({.interval = bins[0].interval});
    rig.canvas.invalidate(2);
    answer();
    EXPECT_EQ(asked.back().lit, bins[0].interval);
    EXPECT_NE(before, rig.picture());
    rig.canvas.setFocused(true);
    rig.canvas.pressKey({CanvasKey::Escape});
    answer();
    EXPECT_EQ(taken<SetSelection>(), std::vector<SetSelection>{{}});
}

TEST_F(MapHand, ADoubleClickThatFitsLeavesTheSelectionAsItWas) {
    const WeightSelection before{.channel = 7};
    scene.setSelection(before);
    const PlotRect area = scene.viewOf("weights")->area;
    const ImVec2 at{scene.pixelOf("weights", 0.03, 0).x, area.min.y + 40};
    rig.click(at.x, at.y);
    answer();
    const auto bins = taken<SelectBin>();
    ASSERT_EQ(bins.size(), 1u);
    scene.setSelection({.interval = bins[0].interval, .channel = 7});
    rig.doubleClick(at.x, at.y);
    answer();
    const auto restored = taken<SetSelection>();
    ASSERT_FALSE(restored.empty());
    EXPECT_EQ(restored.front().selection, before);
}

TEST_F(MapHand, ArrowsWalkFromWeightToWeight) {
    rig.canvas.setFocused(true);
    rig.canvas.pressKey({CanvasKey::PageDown});
    scene.setSelection({.channel = 40, .weight = WeightAddress{40, 200}});
    rig.canvas.pressKey({CanvasKey::Right});
    answer();
    EXPECT_EQ(taken<SelectWeight>(), (std::vector<SelectWeight>{{40, 201}}));
    scene.setSelection({.channel = 95, .weight = WeightAddress{95, 511}});
    rig.canvas.pressKey({CanvasKey::Up});
    answer();
    EXPECT_TRUE(taken<SelectWeight>().empty()) << "there is nothing above the last channel";
}

TEST_F(MapHand, TheSelectedWeightIsExplainedInItsPictures) {
    const Picture plain = rig.picture();
    scene.setSelection({.channel = 40, .weight = WeightAddress{40, 200}});
    WeightPoint point{.layer = report->layer, .channel = 40, .element = 200, .value = 0.03f, .spec = report->scheme.weights, .code = 2, .decoded = 0.04f, .scale = 0.02f, .group = 0, .groupLength = 64};
    scene.setPoint(std::make_shared<const WeightPoint>(point));
    EXPECT_NE(plain, rig.picture());
    std::string words;
    for (const auto& [name, value] : pointLines(scene.data())) words += name + "=" + value + ";";
    EXPECT_NE(words.find("code=2;"), std::string::npos) << words;
    EXPECT_NE(words.find("error=\u22120.01"), std::string::npos) << words;
    EXPECT_NE(words.find("element 200"), std::string::npos) << words;
    scene.setSelection({.channel = 41, .weight = WeightAddress{41, 200}});
    EXPECT_EQ(scene.data().point, nullptr) << "the answer about another weight is not shown";
}

TEST_F(MapHand, AChannelsOwnHistogramGoesOverTheLayers) {
    scene.setSelection({.channel = 40});
    const Picture marked = rig.picture();
    ChannelView view{.layer = report->layer, .channel = 40, .count = columns, .min = -0.1, .max = 0.1, .mean = 0, .deviation = 0.02, .weights = report->weights};
    for (std::size_t i = 0; i < view.weights.counts.size(); ++i) view.weights.counts[i] = i == 255 ? columns : 0;
    scene.setChannelView(std::make_shared<const ChannelView>(view));
    EXPECT_NE(marked, rig.picture());
    ASSERT_TRUE(channelCurve(scene.data()));
    scene.setSelection({});
    EXPECT_FALSE(channelCurve(scene.data()));
}

TEST_F(MapHand, SurvivesStrangePatchesAndSizes) {
    for (const auto& [w, h] : {std::pair{1, 1}, {60, 900}, {900, 60}, {330, 340}}) {
        SceneRig other(w, h);
        PlotScene small({"values"});
        other.canvas.scene = [&](CanvasFrame& f) { small.draw(f); };
        small.setReport(report, "int4");
        auto empty = std::make_shared<ValuePatch>();
        empty->request.layer = report->layer;
        small.setPatch(empty);
        other.canvas.movePointer(float(w) / 2, float(h) / 2);
        EXPECT_LT(other.settle(), 100);
        other.canvas.turnWheel(0, 60);
        other.settle();
        other.canvas.turnWheel(0, -300);
        other.settle();
        other.picture();
    }
}

}  // namespace
}  // namespace bitlathe
