#include "widgets/canvas/soft_raster.h"

#include <gtest/gtest.h>
#include <imgui.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "tests/widgets/canvas/scene_fixture.h"
#include "widgets/canvas/blend.h"

namespace bitlathe {
namespace {

constexpr int side = 64;

struct Drawing {
    ImDrawList list{nullptr};
    std::array<ImDrawList*, 1> lists{&list};
    ImVec4 clip{0, 0, side, side};
    CanvasTexture* texture = nullptr;

    void vertex(float x, float y, ImU32 color, float u = 0, float v = 0) {
        ImDrawVert out;
        out.pos = ImVec2(x, y);
        out.uv = ImVec2(u, v);
        out.col = color;
        list.VtxBuffer.push_back(out);
    }
    void indices(std::initializer_list<int> all) {
        for (const int i : all) list.IdxBuffer.push_back(ImDrawIdx(i));
    }
    Picture draw(std::uint32_t background = 0xFF000000u) {
        list.CmdBuffer.resize(1);
        ImDrawCmd command;
        command.ClipRect = clip;
        command.TextureId = texture;
        command.ElemCount = unsigned(list.IdxBuffer.Size);
        list.CmdBuffer[0] = command;
        ImDrawData data;
        data.Valid = true;
        data.CmdLists = lists.data();
        data.CmdListsCount = 1;
        data.DisplaySize = ImVec2(side, side);
        Picture out(side, side);
        rasterize(data, out.buffer(), background);
        return out;
    }
};

// The definition, slowly: a pixel belongs to the triangle when its centre is inside, or on a top or
// left side; corners lie on a grid of 1/256 px.
bool covered(const std::array<std::array<double, 2>, 3>& corner, int x, int y) {
    std::array<std::array<double, 2>, 3> k;
    for (int i = 0; i < 3; ++i)
        for (int d = 0; d < 2; ++d) k[i][d] = std::floor(corner[i][d] * 256 + 0.5);
    const double area = (k[1][0] - k[0][0]) * (k[2][1] - k[0][1]) - (k[2][0] - k[0][0]) * (k[1][1] - k[0][1]);
    if (area == 0) return false;
    if (area < 0) std::swap(k[1], k[2]);
    const double px = x * 256 + 128, py = y * 256 + 128;
    for (int i = 0; i < 3; ++i) {
        const auto &a = k[i], &b = k[(i + 1) % 3];
        const double dx = b[0] - a[0], dy = b[1] - a[1];
        const double e = dx * (py - a[1]) - dy * (px - a[0]);
        const bool topLeft = dy < 0 || (dy == 0 && dx > 0);
        if (e < 0 || (e == 0 && !topLeft)) return false;
    }
    return true;
}

TEST(SoftRaster, CoversExactlyThePixelsWhoseCentresAreInside) {
    std::mt19937 random(7);
    // Quarter pixels make centres fall on sides; a wide range makes long thin triangles.
    std::uniform_int_distribution<int> grid(-80, 4 * side + 80);
    for (int round = 0; round < 400; ++round) {
        Drawing d;
        std::array<std::array<double, 2>, 3> corner;
        for (auto& c : corner) {
            c = {grid(random) / 4.0, grid(random) / 4.0};
            d.vertex(float(c[0]), float(c[1]), 0xFFFFFFFFu);
        }
        d.indices({0, 1, 2});
        const Picture got = d.draw();
        for (int y = 0; y < side; ++y)
            for (int x = 0; x < side; ++x)
                ASSERT_EQ(got.at(x, y) == 0xFFFFFFFFu, covered(corner, x, y)) << "round " << round << " at " << x << ", " << y;
    }
}

TEST(SoftRaster, TouchingTrianglesLeaveNoGapAndNoOverlap) {
    std::mt19937 random(11);
    std::uniform_real_distribution<float> place(4, side - 4);
    for (int round = 0; round < 50; ++round) {
        // A fan around a point inside: half transparent, so that an overlap would show.
        Drawing d;
        const ImU32 half = 0x80FFFFFFu;
        d.vertex(place(random), place(random), half);
        d.vertex(0, 0, half);
        d.vertex(side, 0, half);
        d.vertex(side, side, half);
        d.vertex(0, side, half);
        d.indices({0, 1, 2, 0, 2, 3, 0, 3, 4, 0, 4, 1});
        const Picture got = d.draw();
        for (const std::uint32_t p : got.pixels) ASSERT_EQ(p, 0xFF808080u) << "round " << round;
    }
}

TEST(SoftRaster, ARectangleCoversWhatItsTwoTrianglesWould) {
    std::mt19937 random(3);
    std::uniform_int_distribution<int> grid(-40, 8 * side + 40);
    for (int round = 0; round < 200; ++round) {
        const float x0 = float(grid(random)) / 8, y0 = float(grid(random)) / 8;
        const float x1 = x0 + float(grid(random) + 41) / 16, y1 = y0 + float(grid(random) + 41) / 16;
        Drawing rect, apart;
        for (Drawing* d : {&rect, &apart}) {
            d->vertex(x0, y0, 0x90204060u);
            d->vertex(x1, y0, 0x90204060u);
            d->vertex(x1, y1, 0x90204060u);
            d->vertex(x0, y1, 0x90204060u);
        }
        rect.indices({0, 1, 2, 0, 2, 3});
        apart.indices({1, 2, 0, 2, 3, 0});  // another order: the fast path does not know it
        ASSERT_EQ(rect.draw(0xFFAABBCCu), apart.draw(0xFFAABBCCu)) << round;
    }
}

TEST(SoftRaster, StaysInsideTheClipRectangle) {
    Drawing d;
    d.clip = ImVec4(10, 20, 30, 25);
    d.vertex(-500, -500, 0xFF0000FFu);
    d.vertex(500, -500, 0xFF0000FFu);
    d.vertex(0, 700, 0xFF0000FFu);
    d.indices({0, 1, 2});
    const Picture got = d.draw();
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x)
            ASSERT_EQ(got.at(x, y), x >= 10 && x < 30 && y >= 20 && y < 25 ? 0xFFFF0000u : 0xFF000000u) << x << ", " << y;
}

TEST(SoftRaster, BlendsToTheNearestOfTheExactMix) {
    for (std::uint32_t alpha = 0; alpha <= 255; ++alpha)
        for (const std::uint32_t under : {0u, 1u, 77u, 128u, 254u, 255u})
            for (const std::uint32_t over : {0u, 3u, 127u, 200u, 255u}) {
                const double exact = (under * (255.0 - alpha) + double(over) * alpha) / 255.0;
                const std::uint32_t color = alpha << 24 | over << 16 | over << 8 | over;
                const std::uint32_t pixel = 0xFF000000u | under << 16 | under << 8 | under;
                const std::uint32_t one = blendPixel(pixel, color);
                EXPECT_EQ(one & 255u, std::uint32_t(std::lround(exact)));
                std::array<std::uint32_t, 7> row;
                row.fill(pixel);
                SolidBlend(color).span(row.data(), int(row.size()));
                for (const std::uint32_t p : row) EXPECT_EQ(p, one);
            }
}

TEST(SoftRaster, SwapsRedAndBlueForTheTarget) {
    Drawing d;
    d.vertex(0, 0, IM_COL32(10, 20, 30, 255));
    d.vertex(side * 2, 0, IM_COL32(10, 20, 30, 255));
    d.vertex(0, side * 2, IM_COL32(10, 20, 30, 255));
    d.indices({0, 1, 2});
    EXPECT_EQ(d.draw().at(5, 5), 0xFF0A141Eu);
}

TEST(SoftRaster, FadesLinearlyAcrossATriangle) {
    Drawing d;
    d.vertex(0, 0, 0xFFFFFFFFu);
    d.vertex(0, side, 0xFFFFFFFFu);
    d.vertex(side, 0, 0x00FFFFFFu);
    d.vertex(side, side, 0x00FFFFFFu);
    d.indices({0, 1, 2, 2, 1, 3});
    const Picture got = d.draw();
    for (int x = 0; x < side; ++x) {
        const double wanted = 255.0 * (1 - (x + 0.5) / side);
        for (const int y : {1, 30, 62}) EXPECT_NEAR(double(got.at(x, y) & 255u), wanted, 1.01) << x;
    }
}

TEST(SoftRaster, ReadsTheNearestTexelOrBlendsSmoothly) {
    CanvasTexture t;
    t.width = t.height = 2;
    t.pixels = {IM_COL32(255, 0, 0, 255), IM_COL32(0, 255, 0, 255), IM_COL32(0, 0, 255, 255), IM_COL32(255, 255, 255, 255)};
    const auto drawn = [&](std::initializer_list<int> order) {
        Drawing d;
        d.texture = &t;
        d.vertex(0, 0, 0xFFFFFFFFu, 0, 0);
        d.vertex(side, 0, 0xFFFFFFFFu, 1, 0);
        d.vertex(side, side, 0xFFFFFFFFu, 1, 1);
        d.vertex(0, side, 0xFFFFFFFFu, 0, 1);
        d.indices(order);
        return d.draw();
    };
    for (const auto& order : {std::initializer_list<int>{0, 1, 2, 0, 2, 3}, std::initializer_list<int>{1, 2, 0, 2, 3, 0}}) {
        t.smooth = false;
        const Picture crisp = drawn(order);
        EXPECT_EQ(crisp.at(31, 31), 0xFFFF0000u);
        EXPECT_EQ(crisp.at(32, 31), 0xFF00FF00u);
        EXPECT_EQ(crisp.at(31, 32), 0xFF0000FFu);
        EXPECT_EQ(crisp.at(32, 32), 0xFFFFFFFFu);
        t.smooth = true;
        const Picture soft = drawn(order);
        EXPECT_EQ(soft.at(2, 2), 0xFFFF0000u);
        EXPECT_NEAR(double(soft.at(31, 2) >> 16 & 255u), 128, 5);
        EXPECT_NEAR(double(soft.at(31, 2) >> 8 & 255u), 127, 5);
    }
}

TEST(SoftRaster, SurvivesCornersAtTheEndOfTheWorld) {
    const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    for (const float far : {1e5f, 1e9f, 1e30f, inf, nan}) {
        Drawing d;
        d.vertex(-far, 10, 0xFFFFFFFFu);
        d.vertex(far, 10, 0x40FFFFFFu);
        d.vertex(0, far, 0xFF00FFFFu);
        d.indices({0, 1, 2});
        d.draw();
    }
    Drawing d;
    d.vertex(-1e6f, 20, 0xFFFFFFFFu);
    d.vertex(1e6f, 20, 0xFFFFFFFFu);
    d.vertex(0, 1e6f, 0xFFFFFFFFu);
    d.indices({0, 1, 2});
    const Picture got = d.draw();
    EXPECT_EQ(got.at(32, 10), 0xFF000000u);
    EXPECT_EQ(got.at(32, 40), 0xFFFFFFFFu);
}

TEST(SoftRaster, DrawsAQuarterOfAMillionVertices) {
    SceneRig rig(400, 300);
    rig.canvas.scene = [](CanvasFrame&) {
        ImDrawList* list = ImGui::GetWindowDrawList();
        for (int i = 0; i < 60000; ++i) {
            const float x = float(i % 400), y = float(i / 400 % 300);
            list->AddRectFilled(ImVec2(x, y), ImVec2(x + 1, y + 1), i % 400 == 399 ? 0xFF0000FFu : 0xFF00FF00u);
        }
    };
    const Picture got = rig.picture();
    EXPECT_GE(ImGui::GetCurrentContext() ? 0 : rig.step()->TotalVtxCount, 240000);
    EXPECT_EQ(got.at(0, 0), 0xFF00FF00u);
    EXPECT_EQ(got.at(399, 149), 0xFFFF0000u);
    EXPECT_EQ(got.at(200, 149), 0xFF00FF00u);
}

TEST(SoftRaster, DrawsTheSamePictureTwice) {
    SceneRig rig;
    rig.canvas.scene = [](CanvasFrame& f) {
        ImDrawList* list = ImGui::GetWindowDrawList();
        list->AddCircleFilled(ImVec2(200.3f, 120.7f), 80, 0xC0FF8040u, 40);
        list->AddBezierCubic(ImVec2(5, 5), ImVec2(300, 10), ImVec2(10, 300), ImVec2(600, 390), 0xFF40C0FFu, 2.5f);
        list->AddText(f.fonts.strong, f.fonts.strong->FontSize, ImVec2(40, 40), 0xFFFFFFFFu, "Weight distribution −0.310");
    };
    const Picture first = rig.picture();
    EXPECT_EQ(first, rig.picture());
    int lit = 0;
    for (int y = 40; y < 60; ++y)
        for (int x = 40; x < 190; ++x) lit += (first.at(x, y) & 255u) > 200;
    EXPECT_GT(lit, 150) << "the text is there";
}

}  // namespace
}  // namespace bitlathe
