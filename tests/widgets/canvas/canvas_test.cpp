#include "widgets/canvas/canvas.h"

#include <gtest/gtest.h>
#include <imgui.h>

#include <QAccessible>
#include <QApplication>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

#include "widgets/canvas/im_canvas.h"
#include "widgets/canvas/theme.h"

namespace bitlathe {
namespace {

// Waits until the canvas has stopped painting; a fixed time would be a guess.
void settle(Canvas& canvas) {
    quint64 before = 0;
    do {
        before = canvas.paintCount();
        QTest::qWait(70);
    } while (canvas.paintCount() != before);
}

class CanvasWidget : public testing::Test {
protected:
    CanvasWidget() : canvas("Test picture", CanvasRenderer::Cpu) { canvas.resize(320, 200); }
    void show() {
        canvas.show();
        ASSERT_TRUE(QTest::qWaitForWindowExposed(&canvas));
        settle(canvas);
    }
    Canvas canvas;
};

TEST_F(CanvasWidget, PaintsNothingWhileIdle) {
    canvas.setScene([](CanvasFrame&) {});
    show();
    const quint64 before = canvas.paintCount();
    EXPECT_GE(before, 1u);
    QTest::qWait(300);
    EXPECT_EQ(canvas.paintCount(), before);
}

TEST_F(CanvasWidget, PaintsAFloodOfNewDataAtMostAboutSixtyTimesASecond) {
    canvas.setScene([](CanvasFrame&) {});
    show();
    const quint64 before = canvas.paintCount();
    QElapsedTimer clock;
    clock.start();
    int asked = 0;
    while (clock.elapsed() < 300) {
        canvas.refresh();
        ++asked;
        QCoreApplication::processEvents();
    }
    const quint64 painted = canvas.paintCount() - before;
    EXPECT_GE(painted, 1u);
    EXPECT_LE(painted, quint64(clock.elapsed() / 15 + 2));
    EXPECT_GT(quint64(asked), painted);
}

TEST_F(CanvasWidget, FeedsClicksWheelAndHoverInDevicePixels) {
    ImVec2 pressed(-1, -1), hovered(-1, -1);
    float wheel = 0;
    bool inside = false;
    canvas.setScene([&](CanvasFrame& f) {
        if (ImGui::IsMouseClicked(0)) pressed = ImGui::GetIO().MousePos;
        hovered = ImGui::GetIO().MousePos;
        wheel += ImGui::GetIO().MouseWheel;
        inside = f.hovered;
    });
    show();
    const float scale = float(canvas.devicePixelRatioF());
    QTest::mouseClick(&canvas, Qt::LeftButton, {}, QPoint(40, 30));
    settle(canvas);
    EXPECT_EQ(pressed.x, 40 * scale);
    EXPECT_EQ(pressed.y, 30 * scale);
    QWheelEvent turn(QPointF(100, 50), canvas.mapToGlobal(QPointF(100, 50)), {}, QPoint(0, 240), Qt::NoButton, {}, Qt::NoScrollPhase, false);
    QApplication::sendEvent(&canvas, &turn);
    settle(canvas);
    EXPECT_EQ(wheel, 2);
    EXPECT_EQ(hovered.x, 100 * scale);
    EXPECT_TRUE(inside);
    QEvent leave(QEvent::Leave);
    QApplication::sendEvent(&canvas, &leave);
    settle(canvas);
    EXPECT_FALSE(inside);
}

TEST_F(CanvasWidget, CountsEveryFastClickAndDoubleClick) {
    int presses = 0, doubles = 0;
    canvas.setScene([&](CanvasFrame& f) {
        presses += ImGui::IsMouseClicked(0);
        doubles += f.doubleClicked;
    });
    show();
    for (int i = 0; i < 3; ++i) {
        QMouseEvent down(QEvent::MouseButtonPress, QPointF(20, 20), canvas.mapToGlobal(QPointF(20, 20)), Qt::LeftButton, Qt::LeftButton, {});
        QMouseEvent up(QEvent::MouseButtonRelease, QPointF(20, 20), canvas.mapToGlobal(QPointF(20, 20)), Qt::LeftButton, Qt::NoButton, {});
        QApplication::sendEvent(&canvas, &down);
        QApplication::sendEvent(&canvas, &up);
    }
    settle(canvas);
    EXPECT_EQ(presses, 3);
    EXPECT_EQ(doubles, 0);
    QTest::mouseDClick(&canvas, Qt::LeftButton, {}, QPoint(20, 20));
    settle(canvas);
    EXPECT_EQ(doubles, 1);
}

TEST_F(CanvasWidget, TakesArrowsButLeavesTabAndLettersToQt) {
    std::vector<KeyPress> keys;
    canvas.setScene([&](CanvasFrame& f) { keys.insert(keys.end(), f.keys.begin(), f.keys.end()); });
    show();
    for (const int key : {Qt::Key_Left, Qt::Key_Tab, Qt::Key_Z}) {
        QKeyEvent press(QEvent::KeyPress, key, Qt::ShiftModifier);
        press.ignore();
        QApplication::sendEvent(&canvas, &press);
        if (key == Qt::Key_Z) {
            EXPECT_FALSE(press.isAccepted());
        }
    }
    settle(canvas);
    EXPECT_EQ(keys, (std::vector<KeyPress>{{CanvasKey::Left, true, false}}));
}

TEST_F(CanvasWidget, TellsItsOwnerAfterAFrame) {
    int wish = 0, got = 0;
    canvas.setScene([&](CanvasFrame&) {
        if (ImGui::IsMouseClicked(0)) wish = 7;
    });
    QObject::connect(&canvas, &Canvas::framed, &canvas, [&] { got = wish; });
    show();
    QTest::mouseClick(&canvas, Qt::LeftButton, {}, QPoint(10, 10));
    settle(canvas);
    EXPECT_EQ(got, 7);
}

TEST_F(CanvasWidget, IsAGraphicWithANameToAScreenReader) {
    canvas.setAccessibleDescription("int4, 20.8 dB");
    QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(&canvas);
    ASSERT_NE(interface, nullptr);
    EXPECT_EQ(interface->role(), QAccessible::Graphic);
    EXPECT_EQ(interface->text(QAccessible::Name), "Test picture");
    EXPECT_EQ(interface->text(QAccessible::Description), "int4, 20.8 dB");
}

TEST_F(CanvasWidget, GrabShowsTheSceneOnTheThemesBackground) {
    canvas.setScene([](CanvasFrame& f) {
        ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(0, 0), ImVec2(50 * f.scale, 50 * f.scale), f.colors.quantized.packed());
    });
    show();
    const auto at = [&](int x, int y) {
        const QImage image = canvas.grab().toImage();
        return image.pixelColor(QPoint(x, y) * image.devicePixelRatio()).rgb();
    };
    EXPECT_EQ(at(20, 20), toQColor(darkColors().quantized).rgb());
    EXPECT_EQ(at(200, 150), toQColor(darkColors().window).rgb());
    applyTheme(*qApp, ThemeChoice::Light);
    settle(canvas);
    EXPECT_EQ(at(20, 20), toQColor(lightColors().quantized).rgb());
    EXPECT_EQ(at(200, 150), toQColor(lightColors().window).rgb());
    applyTheme(*qApp, ThemeChoice::Dark);
}

TEST_F(CanvasWidget, FallsBackToTheCpuWhereThereIsNoOpenGl) {
    if (QGuiApplication::platformName() != "offscreen") GTEST_SKIP() << "only the offscreen platform has surely no OpenGL";
    Canvas asked("GL wanted", CanvasRenderer::Gl);
    EXPECT_EQ(asked.renderer(), CanvasRenderer::Cpu);
    EXPECT_EQ(asked.rendererName(), "CPU rasteriser");
}

// Under a display with OpenGL (xvfb-run), both renderers must agree; without one this says so.
TEST_F(CanvasWidget, OpenGlShowsWhatTheCpuShows) {
    Canvas gl("GL picture", CanvasRenderer::Gl);
    if (gl.renderer() != CanvasRenderer::Gl) GTEST_SKIP() << "no OpenGL on the platform " << QGuiApplication::platformName().toStdString();
    CanvasTexture cells;
    cells.width = cells.height = 2;
    cells.pixels = {0xFF0000FFu, 0xFF00FF00u, 0xFFFF0000u, 0xFFFFFFFFu};
    const auto scene = [&](CanvasFrame& f) {
        ImDrawList* list = ImGui::GetWindowDrawList();
        list->AddImage(&cells, ImVec2(10, 10), ImVec2(90, 90));
        list->AddCircleFilled(ImVec2(200, 100), 60, 0x8000A0FFu);
        list->AddText(f.fonts.strong, f.fonts.strong->FontSize, ImVec2(100, 20), 0xFFFFFFFFu, "Weight −0.3");
        for (int i = 0; i < 20000; ++i)  // past 65,536 vertices: needs the vertex offset
            list->AddRectFilled(ImVec2(float(i % 200), 120), ImVec2(float(i % 200) + 1, 121), 0xFF20FF20u);
        list->AddRectFilled(ImVec2(10, 150), ImVec2(60, 190), 0xFF3060F0u);
    };
    canvas.setScene(scene);
    gl.setScene(scene);
    gl.resize(canvas.size());
    show();
    gl.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&gl));
    settle(gl);
    const QImage a = canvas.grab().toImage().convertToFormat(QImage::Format_RGB32);
    const QImage b = gl.grab().toImage().convertToFormat(QImage::Format_RGB32);
    ASSERT_EQ(a.size(), b.size());
    int far = 0;
    for (int y = 0; y < a.height(); ++y)
        for (int x = 0; x < a.width(); ++x) {
            const QColor p = a.pixelColor(x, y), q = b.pixelColor(x, y);
            far += std::abs(p.red() - q.red()) + std::abs(p.green() - q.green()) + std::abs(p.blue() - q.blue()) > 24;
        }
    EXPECT_LT(far, a.width() * a.height() / 200);
}

}  // namespace
}  // namespace bitlathe
