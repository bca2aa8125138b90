// Files of every version that ever was open for ever: one of each lies in tests/golden/project.
#include "core/project/calibration_record.h"
#include "core/project/project_state.h"
#include "core/project/project_store.h"
#include "core/project/report_record.h"
#include "core/quant/recipe_json.h"
#include "tests/core/project/temporary_folder.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;
using Access = ProjectStore::Access;

const fs::path kGolden = BITLATHE_SOURCE_DIR "/tests/golden/project";
const ReportSubject kReport{std::string(64, 'e'), "conv1", "int 4 symmetric"};
const CalibrationSubject kCalibration{std::string(64, 'e'), std::string(64, 'd'), "{}", "asked", 32, "calibration.npz"};

ProjectState stateOfVersion1() {
    ProjectState state;
    state.model = {"/models/net.onnx", std::string(64, 'e'), "onnx", 1234};
    Recipe recipe;
    recipe.name = "of version 1";
    recipe.defaults.weights.emplace();
    recipe.defaults.weights->range = MinMax{};
    state.first = std::make_shared<const Recipe>(recipe);
    for (const int bits : {4, 3}) {
        Scheme scheme = recipe.defaults;
        scheme.weights->bits = bits;
        scheme.weights->granularity = PerGroup{32};
        recipe.layers["größe/conv" + std::to_string(bits)] = scheme;
        state.steps.push_back({std::to_string(bits) + " bits for a layer", std::make_shared<const Recipe>(recipe)});
    }
    state.position = 1;
    state.snapshots = {{"before", state.first}};
    state.aside = state.steps[1].recipe;
    state.evaluationData = "/data/test.npz";
    state.calibrationData = "/data/calibration.npz";
    state.output = "/out/net.quantized.onnx";
    state.selected = {"größe/conv4"};
    state.layout = {std::byte(1), std::byte(2)};
    return state;
}

LayerReport reportOfVersion1() {
    LayerReport report;
    report.doneFraction = 1;
    report.statistics = {100, 1, 2, -1.5, 2.5, 0.25, 0.75};
    report.error = {0.01, 0.1, 0.5, 31.5, 0.999, 0.002, 0.03};
    report.weights = {-1.5, 2.5, {1, 2, 3, 94}, 0, 0};
    report.channels = {{-1, 1, 0.5f, 0.25f, -1, 1, 30}, {-2, 2, 0, 1, -2, 2, 33}};
    report.map = {1, 2, 2, 50, {0.1f, 0.2f}};
    report.note = "1 NaN weight is coded as 0";
    return report;
}

ActivationRanges rangesOfVersion1() {
    return {{"x", {{-1, 1}, -1.25f, 1.5f, 320, 0, 4, {-1.5, 1.5, {100, 200, 20}, 0, 0}}}, {"y", {{0, 6}, 0, 7, 640, 1, 4, {0, 7, {}, 0, 0}}}};
}

// Written once, with the program of that version; run with --gtest_also_run_disabled_tests into an empty folder.
TEST(ProjectGolden, DISABLED_WriteVersion1) {
    fs::create_directories(kGolden);
    ASSERT_FALSE(fs::exists(kGolden / "version1.bitlathe")) << "it stays as it was written";
    {
        const auto store = ProjectStore::create(kGolden / "version1.bitlathe");
        putState(*store, stateOfVersion1());
        store->put(keyOf(kReport), toNode(reportOfVersion1(), kReport));
        store->save();
        store->put("calibrations/" + idOf(kCalibration), toNode(rangesOfVersion1(), kCalibration));
        ProjectState later = stateOfVersion1();
        later.position = 2;
        putState(*store, later);
        store->flush();  // stays in the journal
    }
}

void expectVersion1(const ProjectStore& store, std::size_t position, bool calibrated) {
    const ProjectState state = stateOf(store), expected = stateOfVersion1();
    EXPECT_EQ(state.model, expected.model);
    EXPECT_EQ(toJson(*state.first), toJson(*expected.first));
    ASSERT_EQ(state.steps.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(state.steps[i].label, expected.steps[i].label);
        EXPECT_EQ(*state.steps[i].recipe, *expected.steps[i].recipe);
    }
    EXPECT_EQ(state.position, position);
    ASSERT_EQ(state.snapshots.size(), 1u);
    EXPECT_EQ(*state.snapshots[0].recipe, *expected.first);
    EXPECT_EQ(*state.aside, *expected.aside);
    EXPECT_EQ(state.evaluationData, expected.evaluationData);
    EXPECT_EQ(state.calibrationData, expected.calibrationData);
    EXPECT_EQ(state.output, expected.output);
    EXPECT_EQ(state.selected, expected.selected);
    EXPECT_EQ(state.layout, expected.layout);
    const auto ranges = store.find("calibrations/" + idOf(kCalibration));
    ASSERT_EQ(bool(ranges), calibrated);
    if (ranges) { EXPECT_EQ(rangesFrom(*ranges, kCalibration), rangesOfVersion1()); }
    const auto report = store.find(keyOf(kReport));
    ASSERT_TRUE(report);
    // Figures of an older reckoning may be made again, but never come out other than they were.
    if (const auto read = reportFrom(*report, kReport)) { EXPECT_TRUE(*read == reportOfVersion1()); }
}

TEST(ProjectGolden, Version1OpensWithAndWithoutItsJournal) {
    const testing_support::TemporaryFolder folder;
    fs::copy_file(kGolden / "version1.bitlathe", folder / "saved.bitlathe");
    expectVersion1(*ProjectStore::open(folder / "saved.bitlathe", Access::Edit), 1, false);
    fs::copy_file(kGolden / "version1.bitlathe", folder / "p.bitlathe");
    fs::copy_file(kGolden / "version1.bitlathe-journal", folder / "p.bitlathe-journal");
    {
        const auto store = ProjectStore::open(folder / "p.bitlathe", Access::Edit);
        EXPECT_TRUE(store->recovered());
        expectVersion1(*store, 2, true);
        store->save();
    }
    expectVersion1(*ProjectStore::open(folder / "p.bitlathe", Access::Look), 2, true);
}

}  // namespace
}  // namespace bitlathe
