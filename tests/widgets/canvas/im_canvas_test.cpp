#include "widgets/canvas/im_canvas.h"

#include <gtest/gtest.h>
#include <imgui.h>

#include "tests/widgets/canvas/scene_fixture.h"

namespace bitlathe {
namespace {

TEST(ImCanvas, SeesAClickShorterThanAFrame) {
    SceneRig rig;
    int presses = 0, releases = 0;
    rig.canvas.scene = [&](CanvasFrame&) {
        presses += ImGui::IsMouseClicked(0);
        releases += ImGui::IsMouseReleased(0);
    };
    rig.settle();
    rig.canvas.movePointer(10, 10);
    for (int i = 0; i < 3; ++i) {
        rig.canvas.pressButton(CanvasButton::Left);
        rig.canvas.releaseButton(CanvasButton::Left);
    }
    rig.settle();
    EXPECT_EQ(presses, 3);
    EXPECT_EQ(releases, 3);
}

TEST(ImCanvas, LetsNothingOvertakeAButton) {
    SceneRig rig;
    std::vector<float> pressedAt, releasedAt;
    rig.canvas.scene = [&](CanvasFrame&) {
        if (ImGui::IsMouseClicked(0)) pressedAt.push_back(ImGui::GetIO().MousePos.x);
        if (ImGui::IsMouseReleased(0)) releasedAt.push_back(ImGui::GetIO().MousePos.x);
    };
    rig.canvas.movePointer(10, 5);
    rig.canvas.pressButton(CanvasButton::Left);
    rig.canvas.movePointer(50, 5);
    rig.canvas.movePointer(90, 5);
    rig.canvas.releaseButton(CanvasButton::Left);
    rig.canvas.movePointer(200, 5);
    rig.settle();
    EXPECT_EQ(pressedAt, std::vector<float>{10});
    EXPECT_EQ(releasedAt, std::vector<float>{90});
}

TEST(ImCanvas, CarriesADoubleClickHoweverSlowTheFrames) {
    SceneRig rig;
    int doubles = 0;
    rig.canvas.scene = [&](CanvasFrame& f) { doubles += f.doubleClicked; };
    rig.settle();
    rig.wait(30);
    rig.doubleClick(10, 10);
    EXPECT_EQ(doubles, 1);
}

TEST(ImCanvas, OwesNothingWhenIdle) {
    SceneRig rig;
    rig.canvas.scene = [](CanvasFrame&) {};
    EXPECT_LE(rig.settle(), 3);
    EXPECT_FALSE(rig.canvas.wantsFrame(rig.now() + 100));
    rig.canvas.movePointer(5, 5);
    EXPECT_TRUE(rig.canvas.wantsFrame(rig.now()));
    EXPECT_LE(rig.settle(), 4);
}

TEST(ImCanvas, KeepsPaintingForAnAnimationAndThenStops) {
    SceneRig rig;
    const double end = 1.0;
    rig.canvas.scene = [&](CanvasFrame& f) {
        if (f.seconds < end) f.paintUntil = end;
    };
    const int frames = rig.settle();
    EXPECT_NEAR(frames, 60, 3);
    EXPECT_FALSE(rig.canvas.wantsFrame(rig.now()));
}

TEST(ImCanvas, HandsKeysAndFocusToTheScene) {
    SceneRig rig;
    std::vector<KeyPress> seen;
    bool focused = false;
    rig.canvas.scene = [&](CanvasFrame& f) {
        seen.insert(seen.end(), f.keys.begin(), f.keys.end());
        focused = f.focused;
    };
    rig.canvas.setFocused(true);
    rig.canvas.pressKey({CanvasKey::Left, false, false});
    rig.canvas.pressKey({CanvasKey::Left, true, false});
    rig.settle();
    EXPECT_EQ(seen, (std::vector<KeyPress>{{CanvasKey::Left, false, false}, {CanvasKey::Left, true, false}}));
    EXPECT_TRUE(focused);
}

TEST(ImCanvas, BakesFontsForTheScale) {
    for (const float scale : {1.0f, 1.25f, 1.5f, 2.0f}) {
        SceneRig rig(300, 200, scale);
        float height = 0, width = 0;
        rig.canvas.scene = [&](CanvasFrame& f) {
            height = f.fonts.body->FontSize;
            width = f.fonts.body->CalcTextSizeA(height, 1e9f, 0, "−0.310 ± σ").x;
            EXPECT_NE(f.fonts.body->FindGlyphNoFallback(0x2212), nullptr) << "minus sign";
            EXPECT_NE(f.fonts.body->FindGlyphNoFallback(0x03C3), nullptr) << "sigma";
            EXPECT_NE(f.fonts.body->FindGlyphNoFallback(0x2192), nullptr) << "arrow";
        };
        rig.step();
        EXPECT_NEAR(height, 12 * 1.21f * scale, 0.6f);
        EXPECT_NEAR(width / scale, 61, 9);
    }
}

TEST(ImCanvas, TwoCanvasesDoNotDisturbEachOther) {
    SceneRig a, b(320, 200, 2);
    float seenA = 0, seenB = 0;
    a.canvas.scene = [&](CanvasFrame&) { seenA = ImGui::GetIO().MousePos.x; };
    b.canvas.scene = [&](CanvasFrame&) { seenB = ImGui::GetIO().MousePos.x; };
    a.canvas.movePointer(11, 1);
    b.canvas.movePointer(22, 2);
    a.step();
    b.step();
    a.step();
    EXPECT_EQ(seenA, 11);
    EXPECT_EQ(seenB, 22);
    EXPECT_EQ(ImGui::GetCurrentContext(), nullptr);
}

}  // namespace
}  // namespace bitlathe
