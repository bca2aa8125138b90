#include "core/workflow/kept_calibration.h"

#include "core/base/error.h"
#include "core/data/dataset.h"
#include "core/project/project_store.h"
#include "core/workflow/evaluation_record.h"
#include "core/workflow/load.h"
#include "core/workflow/project_model.h"
#include "tests/core/project/temporary_folder.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;
using testing_support::TemporaryFolder;

const std::string kDemo = std::string(BITLATHE_SOURCE_DIR) + "/resources/demo/";

struct Bench {
    Machine machine = Machine::detect();
    Workers workers{2};
    JobContext job;
    CalibrationWork work;
    Bench() {
        work.model = loadModel(kDemo + "glyphs.onnx", machine, job);
        work.recipe = findPreset("int8")->recipe;
        work.calibration = {kDemo + "glyphs_calibration.npz", 64};
    }
    SampleFeed feed() const {
        SampleFeed feed(*work.model, openDataset(work.calibration.data));
        feed.select(*calibratingSamples(work.calibration, feed.samples()));
        return feed;
    }
    ActivationRanges plain(RangeRule rule) {
        Recipe recipe = work.recipe;
        recipe.defaults.activations->range = rule;
        return calibrate(work.model, recipe, feed(), {}, machine, workers, job);
    }
};

TEST(KeptCalibration, GoesOnFromEveryRunToTheSameBits) {
    Bench bench;
    for (const RangeRule& rule : {RangeRule(MinMax{}), RangeRule(MovingAverage{0.1}), RangeRule(Percentile{99.9}), RangeRule(Entropy{}), RangeRule(Aciq{}), RangeRule(LeastError{})}) {
        bench.work.recipe.defaults.activations->range = rule;
        const ActivationRanges expected = bench.plain(rule);
        std::vector<std::vector<Hdf5Node>> kept;  // as the project keeps them
        std::vector<CalibrationProgress> at;
        CalibrationOptions options;
        options.progress = [&](const CalibrationProgress& now) {
            kept.emplace_back();
            for (const auto& [name, observer] : now.observers) kept.back().push_back(toNode(name, observer));
            at.push_back({now.run, now.batch, now.seen, {}});
        };
        EXPECT_EQ(calibrate(bench.work.model, bench.work.recipe, bench.feed(), options, bench.machine, bench.workers, bench.job), expected);
        ASSERT_GE(kept.size(), 8u);
        for (std::size_t i = 0; i < kept.size(); i += 3) {
            CalibrationProgress from = at[i];
            from.observers = calibrationObservers(*bench.work.model, bench.work.recipe);
            std::size_t index = 0;
            for (auto& [name, observer] : from.observers) {
                std::string value;
                ASSERT_TRUE(readInto(unpackNode(pack(kept[i][index++]), "record"), value, observer)) << name;
                ASSERT_EQ(value, name);
            }
            CalibrationOptions later;
            later.from = &from;
            EXPECT_EQ(calibrate(bench.work.model, bench.work.recipe, bench.feed(), later, bench.machine, bench.workers, bench.job), expected) << "from run " << i;
        }
    }
}

TEST(KeptCalibration, WhatWasInterruptedGoesOnAndWhatIsKnownIsNotLearnedAgain) {
    const TemporaryFolder folder;
    Bench bench;
    bench.work.keepEveryMs = 0;
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    store->save();
    std::stop_source stop;
    JobContext interrupted(stop.get_token(), [&](double, std::string_view what) { if (what.starts_with("calibrating: sample 32")) stop.request_stop(); });
    EXPECT_THROW(calibrateKept(bench.work, store.get(), bench.machine, bench.workers, interrupted), Cancelled);

    const auto again = ProjectStore::open(folder / "p.bitlathe", ProjectStore::Access::Look);  // as after a crash
    const auto left = interruptedCalibration(*again);
    ASSERT_TRUE(left);
    EXPECT_GT(left->samples, 0);
    EXPECT_LT(left->samples, 64);
    EXPECT_EQ(left->of, 64);
    EXPECT_EQ(left->data, bench.work.calibration.data);

    const KeptCalibration resumed = calibrateKept(bench.work, store.get(), bench.machine, bench.workers, bench.job);
    EXPECT_EQ(resumed.resumedAt, left->samples);
    EXPECT_FALSE(resumed.fromProject);
    EXPECT_EQ(resumed.ranges, bench.plain(bench.work.recipe.defaults.activations->range));
    EXPECT_FALSE(interruptedCalibration(*store));

    const KeptCalibration known = calibrateKept(bench.work, store.get(), bench.machine, bench.workers, bench.job);
    EXPECT_TRUE(known.fromProject);
    EXPECT_EQ(known.ranges, resumed.ranges);
    EXPECT_EQ(known.dataSha256, resumed.dataSha256);
    store->save();
    EXPECT_EQ(calibrateKept(bench.work, store.get(), bench.machine, bench.workers, bench.job).ranges, resumed.ranges);

    // Anything else that was asked for is learned anew.
    CalibrationWork other = bench.work;
    other.recipe.defaults.activations->range = Percentile{99};
    EXPECT_FALSE(calibrateKept(other, store.get(), bench.machine, bench.workers, bench.job).fromProject);
    other = bench.work;
    other.calibration.samples = 40;
    EXPECT_FALSE(calibrateKept(other, store.get(), bench.machine, bench.workers, bench.job).fromProject);
    other = bench.work;
    other.calibration.seed = 2;
    EXPECT_FALSE(calibrateKept(other, store.get(), bench.machine, bench.workers, bench.job).fromProject);
    other = bench.work;
    other.calibration.data = kDemo + "glyphs_test.npz";
    EXPECT_FALSE(calibrateKept(other, store.get(), bench.machine, bench.workers, bench.job).fromProject);
}

TEST(ProjectModel, IsFoundAgainAndAChangeIsSaid) {
    const TemporaryFolder folder;
    Bench bench;
    fs::copy_file(kDemo + "glyphs.onnx", folder / "net.onnx");
    const auto model = loadModel(folder / "net.onnx", bench.machine, bench.job);
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    ModelReference reference = referenceTo(*model);
    EXPECT_EQ(reference.bytes, std::int64_t(fs::file_size(folder / "net.onnx")));
    EXPECT_TRUE(loadModelOf(*store, reference, folder / "cache", {}, bench.machine, bench.job).note.empty());
    embedModel(*store, folder / "net.onnx");
    fs::remove(folder / "net.onnx");
    const ProjectModel embedded = loadModelOf(*store, reference, folder / "cache", {}, bench.machine, bench.job);
    EXPECT_EQ(embedded.model->sha256, model->sha256);
    EXPECT_NE(embedded.note.find("is gone"), std::string::npos);
    forgetEmbeddedModel(*store);
    try {
        loadModelOf(*store, reference, folder / "cache", {}, bench.machine, bench.job);
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("net.onnx' (SHA-256"), std::string::npos) << error.message();
    }
    reference.sha256 = std::string(64, '0');
    EXPECT_NE(loadModelOf(*store, reference, folder / "cache", kDemo + "glyphs.onnx", bench.machine, bench.job).note.find("another SHA-256"), std::string::npos);
}

TEST(EvaluationRecord, ComesBack) {
    KeptEvaluation kept;
    kept.model = "m";
    kept.recipe = findPreset("int8")->recipe;
    kept.data = "d.npz";
    kept.evaluation.mode = EngineMode::Integer;
    kept.evaluation.samples = 100;
    kept.evaluation.labelled = true;
    kept.evaluation.top1 = 0.91;
    kept.evaluation.outputSqnrDb = 30.5;
    kept.evaluation.flipped = {3, 17};
    kept.evaluation.note = "größer";
    kept.evaluation.layers = {{"conv1", 31.0, std::nan(""), 0.25, "igemm avx2", true, ""}, {"fc", 40.0, 20.0, 0.5, "", false, "no integer kernel"}};
    const auto back = evaluationFrom(unpackNode(pack(toNode(kept)), "record"));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->recipe, kept.recipe);
    EXPECT_EQ(back->evaluation.mode, EngineMode::Integer);
    EXPECT_EQ(back->evaluation.top1, 0.91);
    EXPECT_EQ(back->evaluation.flipped, kept.evaluation.flipped);
    ASSERT_EQ(back->evaluation.layers.size(), 2u);
    EXPECT_TRUE(std::isnan(back->evaluation.layers[0].carriedSqnrDb));
    EXPECT_TRUE(back->evaluation.layers[0].integer);
    EXPECT_EQ(back->evaluation.layers[1].reason, "no integer kernel");
    Hdf5Node without = toNode(kept);
    std::erase_if(without.items, [](const Hdf5Item& item) { return item.name == "top1"; });
    EXPECT_FALSE(evaluationFrom(without));
}

}  // namespace
}  // namespace bitlathe
