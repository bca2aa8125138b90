#include "tests/widgets/plots/plot_hand.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bitlathe {
namespace {

TEST(SizeAgainstError, ClickingAPointAsksForThatWidth) {
    SceneRig rig(400, 300);
    PlotScene scene({"size"});
    rig.canvas.scene = [&](CanvasFrame& f) { scene.draw(f); };
    SizeCurve curve{"int", {}};
    for (int bits = 2; bits <= 8; ++bits) curve.points.push_back({bits, double(bits), bits * 1000, 6.0 * bits - 3});
    scene.setSizeCurves({curve}, 4);
    rig.settle();
    const PlotView& v = *scene.viewOf("size");
    const PlotRect card = scene.placeOf("size");
    // Walk along the card until every width has been hit.
    std::vector<int> hit;
    for (float x = card.min.x; x < card.max.x; x += 6)
        for (float y = card.min.y + 30; y < card.max.y; y += 6) {
            rig.click(x, y);
            for (const PlotIntent& i : scene.takeIntents())
                if (const SelectBits* b = std::get_if<SelectBits>(&i); b && (hit.empty() || hit.back() != b->bits)) hit.push_back(b->bits);
        }
    EXPECT_EQ(hit, (std::vector<int>{2, 3, 4, 5, 6, 7, 8}));
    EXPECT_LT(v.x.lo, 2);
    EXPECT_GT(v.x.hi, 8);
}

TEST(SizeAgainstError, ClickingAnotherFormatAsksForIt) {
    SceneRig rig(500, 400);
    PlotScene scene({"size"});
    rig.canvas.scene = [&](CanvasFrame& f) { scene.draw(f); };
    SizeCurve curve{"int", {}};
    for (int bits = 2; bits <= 8; ++bits) curve.points.push_back({bits, double(bits), bits * 1000, 6.0 * bits - 3});
    scene.setSizeCurves({curve}, 4, {{4, 5.5, 5500, 10, "NF4", "nf4"}});
    rig.settle();
    const ImVec2 at = scene.pixelOf("size", 5.5, 10);
    rig.click(at.x, at.y);
    std::vector<SelectFormat> asked;
    for (const PlotIntent& i : scene.takeIntents())
        if (const SelectFormat* f = std::get_if<SelectFormat>(&i)) asked.push_back(*f);
    EXPECT_EQ(asked, (std::vector<SelectFormat>{{"nf4", 4}}));
}

}  // namespace
}  // namespace bitlathe
