// A scene of plots with a hand on it: a report, the pointer, and what it asked for.
#pragma once

#include "tests/widgets/canvas/scene_fixture.h"
#include "tests/widgets/plots/report_fixture.h"
#include "widgets/plots/plot_scene.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace bitlathe {

class PlotHand : public testing::Test {
protected:
    PlotHand() : rig(900, 700) {
        rig.canvas.scene = [this](CanvasFrame& f) { scene.draw(f); };
        report = drawnReport({.clip = 0.6, .outliers = false});
    }
    void show(std::shared_ptr<const LayerReport> r) {
        report = std::move(r);
        scene.setReport(report, "int4 tensor");
        rig.settle();
    }
    struct Area {
        float x0, x1, y0, y1;
    };
    Area areaOf(const std::string& name) {
        const PlotRect& a = scene.viewOf(name)->area;
        return {a.min.x, a.max.x, a.min.y, a.max.y};
    }
    float pixelX(const std::string& name, double x) { return scene.pixelOf(name, x, 0).x; }
    template <typename T>
    std::vector<T> taken() {
        std::vector<T> out;
        for (const PlotIntent& i : scene.takeIntents())
            if (const T* t = std::get_if<T>(&i)) out.push_back(*t);
        return out;
    }

    SceneRig rig;
    PlotScene scene;
    std::shared_ptr<const LayerReport> report;
};

}  // namespace bitlathe
