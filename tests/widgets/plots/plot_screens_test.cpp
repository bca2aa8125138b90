// Pictures of the plots for people to look at: written to screens/ in the build tree. The test itself
// only holds that every plot draws something in every theme and scale, and the same twice.
#include <gtest/gtest.h>

#include <QDir>
#include <QImage>

#include "tests/widgets/canvas/scene_fixture.h"
#include "tests/widgets/plots/report_fixture.h"
#include "widgets/plots/plot_scene.h"

namespace bitlathe {
namespace {

struct Screen {
    const char* name;
    bool dark;
    float scale;
    int width, height;
};

void save(const Picture& picture, const std::string& name) {
    QDir().mkpath(BITLATHE_SCREENS_DIR);
    const QImage image(reinterpret_cast<const uchar*>(picture.pixels.data()), picture.width, picture.height, QImage::Format_RGB32);
    ASSERT_TRUE(image.save(QStringLiteral(BITLATHE_SCREENS_DIR "/%1.png").arg(QString::fromStdString(name))));
}

int colorsIn(const Picture& p) {
    std::vector<std::uint32_t> all(p.pixels);
    std::sort(all.begin(), all.end());
    return int(std::unique(all.begin(), all.end()) - all.begin());
}

std::vector<SizeCurve> curves() {
    SizeCurve one{"one scale", {}}, group{"group 128", {}};
    for (int bits = 2; bits <= 8; ++bits) {
        one.points.push_back({bits, double(bits), bits * 16384, 6.02 * bits - 8.5});
        group.points.push_back({bits, bits + 0.125, bits * 16384 + 2048, 6.02 * bits - 3.2});
    }
    return {group, one};
}

Explanation explanation() {
    return {"Integer: channel 23, element 290",
            {{"Formula", "x\u0302 = 0.03867 \u00B7 code, code \u22127 \u2026 7"},
             {"This weight", "w[23, 290] = 0.1265; w / 0.03867 = 3.271 \u2192 code 3 \u2192 x\u0302 = 0.1160; error x \u2212 x\u0302 = +0.0105"},
             {"Its group", "Channel 23: 576 weights from \u22120.271 to 0.214, deviation 0.0801. 15 levels from \u22120.271 to 0.271; 14 are in use."},
             {"Bytes", "576 codes of 4 bits and 32 bits for the scale: 292 B a group. The layer: 4.06 bits/weight, 18.2 KiB where float32 takes 144 KiB."},
             {"What breaks it", "It breaks on a few large weights: they stretch the steps, and the many small ones fall on 0. Here no weight stands out, the farthest is at 3.3 \u03C3."}}};
}

std::vector<SizePoint> formats() { return {{4, 4.25, 69000, 18.1, "MXFP4", "mxfp4"}, {4, 4.5, 74000, 21.9, "NVFP4", "nvfp4"}, {4, 4.13, 70000, 22.2, "NF4", "nf4"}, {4, 4.5, 74000, 23.0, "GGUF Q4_K", "q4_k"}}; }

class Screens : public testing::TestWithParam<Screen> {};

TEST_P(Screens, Layer) {
    const Screen s = GetParam();
    SceneRig rig(int(float(s.width) * s.scale), int(float(s.height) * s.scale), s.scale);
    rig.canvas.colors = s.dark ? darkColors() : lightColors();
    PlotScene scene;
    rig.canvas.scene = [&](CanvasFrame& f) { scene.draw(f); };
    const std::string base = std::string("plots-") + s.name;

    const Picture empty = rig.picture();
    save(empty, base + "-empty");
    scene.setReport(drawnReport({.tail = 0.002}), "int4, one scale");
    scene.setSelection({.channel = 30});
    rig.settle();
    const Picture full = rig.picture();
    EXPECT_GT(colorsIn(full), colorsIn(empty) + 50);
    EXPECT_EQ(full, rig.picture());
    save(full, base);

    const PlotRect place = scene.placeOf("weights");
    rig.canvas.movePointer(place.min.x + place.width() * 0.56f, place.min.y + place.height() * 0.6f);
    rig.settle();
    save(rig.picture(), base + "-hover");

    scene.setReport(drawnReport({.group = 128, .tail = 0.002}), "int4 group 128");
    rig.step();
    scene.setLogCounts(true);
    save(rig.picture(), base + "-log-ghost");
}

TEST_P(Screens, GroupsWithTheClipInSight) {
    const Screen s = GetParam();
    SceneRig rig(int(float(s.width) * s.scale), int(float(s.height) * s.scale), s.scale);
    rig.canvas.colors = s.dark ? darkColors() : lightColors();
    PlotScene scene;
    rig.canvas.scene = [&](CanvasFrame& f) { scene.draw(f); };
    scene.setReport(drawnReport({.channels = 256, .columns = 1024, .group = 128, .clip = 0.55, .outliers = false}), "int4 group 128");
    rig.canvas.setFocused(true, true);
    rig.canvas.pressKey({CanvasKey::Right});
    rig.settle();
    const PlotRect area = scene.viewOf("channels")->area;
    rig.canvas.movePointer((area.min.x + area.max.x) / 2, area.min.y + area.height() * 0.4f);
    rig.settle();
    const Picture picture = rig.picture();
    EXPECT_GT(colorsIn(picture), 100);
    save(picture, std::string("plots-") + s.name + "-groups");
}

TEST_P(Screens, EightBitsAndPreview) {
    const Screen s = GetParam();
    SceneRig rig(int(float(s.width) * s.scale), int(float(s.height) * s.scale), s.scale);
    rig.canvas.colors = s.dark ? darkColors() : lightColors();
    PlotScene scene({"weights", "errors", "channels", "size"});
    rig.canvas.scene = [&](CanvasFrame& f) { scene.draw(f); };
    auto report = std::make_shared<LayerReport>(*drawnReport({.channels = 900, .columns = 96, .bits = 8, .clip = 0.6, .outliers = false}));
    scene.setReport(report, "int8 tensor");
    scene.setSizeCurves(curves(), 4, formats());
    rig.settle();
    const Picture exact = rig.picture();
    save(exact, std::string("plots-") + s.name + "-int8");
    auto preview = std::make_shared<LayerReport>(*report);
    preview->doneFraction = 0.12;
    preview->note = "3 NaN weights are coded as 0";
    scene.setReport(preview, "int8 tensor");
    rig.settle();
    const Picture dimmed = rig.picture();
    EXPECT_NE(exact, dimmed);
    save(dimmed, std::string("plots-") + s.name + "-preview");
}

TEST_P(Screens, SizesAndWords) {
    const Screen s = GetParam();
    SceneRig rig(int(float(s.width) * s.scale), int(float(s.height) * s.scale), s.scale);
    rig.canvas.colors = s.dark ? darkColors() : lightColors();
    PlotScene scene({"transfer", "size", "how"});
    rig.canvas.scene = [&](CanvasFrame& f) { scene.draw(f); };
    scene.setReport(drawnReport({.clip = 0.6, .outliers = false}), "int4 tensor");
    scene.setSizeCurves(curves(), 4, formats());
    const Picture waiting = rig.picture();
    scene.setExplanation(explanation());
    scene.turnTo("how");
    rig.step();
    EXPECT_EQ(scene.front(), "how");
    const PlotRect place = scene.placeOf("transfer");
    rig.canvas.movePointer(place.min.x + place.width() * 0.6f, place.min.y + place.height() * 0.3f);
    rig.settle();
    const Picture words = rig.picture();
    EXPECT_NE(waiting, words);
    save(words, std::string("plots-") + s.name + "-how");
}

INSTANTIATE_TEST_SUITE_P(All, Screens,
                         testing::Values(Screen{"dark", true, 1, 760, 800}, Screen{"light", false, 1, 760, 800},
                                         Screen{"dark-150", true, 1.5, 760, 800}, Screen{"light-200", false, 2, 620, 600},
                                         Screen{"narrow", true, 1, 330, 480}),
                         [](const auto& info) {
                             std::string name = info.param.name;
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace bitlathe
