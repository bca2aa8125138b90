#include "core/workflow/calibration_choice.h"

#include "core/base/error.h"
#include "core/workflow/split_gap.h"
#include "tests/core/project/temporary_folder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <set>

namespace bitlathe {
namespace {

using testing_support::TemporaryFolder;

TEST(CalibrationChoice, DataOfItsOwnIsNotSplit) {
    const CalibrationChoice choice = chooseCalibration("c.npz", "d.npz", 0, 1);
    EXPECT_FALSE(choice.split);
    EXPECT_EQ(choice.data, "c.npz");
    EXPECT_FALSE(calibratingSamples(choice, 100));
    EXPECT_FALSE(measuredSamples(choice, 100, 0));
    EXPECT_EQ(calibratingSamples(chooseCalibration("c.npz", "d.npz", 7, 1), 100)->size(), 7u);
    EXPECT_EQ(measuredSamples(choice, 100, 9)->size(), 9u);
}

TEST(CalibrationChoice, TheDataThatIsMeasuredOnIsSplitUnderEveryName) {
    const TemporaryFolder folder;
    std::ofstream(folder / "d.npz") << "data";
    std::filesystem::create_symlink(folder / "d.npz", folder / "link.npz");
    const std::string data = (folder / "d.npz").string();
    EXPECT_TRUE(chooseCalibration("", data, 0, 1).split);
    EXPECT_TRUE(chooseCalibration(data, data, 0, 1).split);
    EXPECT_TRUE(chooseCalibration((folder / "link.npz").string(), data, 0, 1).split);
    EXPECT_TRUE(chooseCalibration(data + ":x", data, 0, 1).split);
    EXPECT_FALSE(chooseCalibration(data + ":x_train", data + ":x_test", 0, 1).split);
    EXPECT_FALSE(chooseCalibration("", "", 0, 1).split);
}

TEST(CalibrationChoice, NoSampleBothCalibratesAndIsMeasured) {
    for (const std::int64_t count : {2, 3, 10, 777, 6000})
        for (const std::uint64_t seed : {1u, 2u, 99u})
            for (const std::int64_t wanted : {0, 1}) {
                const CalibrationChoice choice{"d.npz", wanted, seed, true};
                const auto calibrates = *calibratingSamples(choice, count);
                const auto measured = *measuredSamples(choice, count, 0), few = *measuredSamples(choice, count, 5);
                std::set<std::int64_t> all(calibrates.begin(), calibrates.end());
                all.insert(measured.begin(), measured.end());
                EXPECT_EQ(calibrates.size() + measured.size(), static_cast<std::size_t>(count));
                EXPECT_EQ(all.size(), static_cast<std::size_t>(count));
                EXPECT_EQ(few.size(), std::min<std::size_t>(5, measured.size()));
                for (const std::int64_t index : few) EXPECT_TRUE(std::binary_search(measured.begin(), measured.end(), index));
            }
}

TEST(CalibrationChoice, ASplitThatLeavesNothingToMeasureIsRefused) {
    EXPECT_THROW(calibratingSamples({"d.npz", 0, 1, true}, 1), Error);
    EXPECT_THROW(calibratingSamples({"d.npz", 10, 1, true}, 10), Error);
    EXPECT_NO_THROW(calibratingSamples({"d.npz", 9, 1, true}, 10));
}

Evaluation measured(std::int64_t samples, double agreement, double db, double error = 0.2) {
    Evaluation e;
    e.mode = EngineMode::Integer;
    e.samples = samples;
    e.agreement = agreement;
    e.outputSqnrDb = db;
    e.outputSqnrErrorDb = error;
    return e;
}

TEST(SplitGap, WhatChanceExplainsIsNoOverfitting) {
    // 1 of 50 against 20 of 1000: the same share.
    EXPECT_FALSE(splitGap(measured(50, 0.98, 30), measured(1000, 0.98, 30)).overfits());
    EXPECT_FALSE(splitGap(measured(50, 1.0, 30), measured(1000, 0.97, 30)).overfits());
    EXPECT_TRUE(splitGap(measured(500, 1.0, 30), measured(1000, 0.97, 30)).overfits());
    EXPECT_FALSE(splitGap(measured(500, 0.97, 30), measured(1000, 1.0, 30)).overfits());  // better is no harm
    const Evaluation harder = measured(500, 0.97, 30), easier = measured(1000, 1.0, 30);
    EXPECT_NE(gapText(splitGap(harder, easier), harder, easier).find("better than the 500 that calibrated, by more than chance"), std::string::npos);
}

TEST(SplitGap, ComparesDecibelsWithTheirOwnSpread) {
    EXPECT_TRUE(splitGap(measured(100, 1, 32), measured(100, 1, 31)).overfits());
    EXPECT_FALSE(splitGap(measured(100, 1, 32, 0.6), measured(100, 1, 31, 0.6)).overfits());
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(splitGap(measured(100, 1, 32, nan), measured(100, 1, 20)).overfits());
}

TEST(SplitGap, SamplesThatFloatWasTrainedOnAreSaidAndDoNotCount) {
    Evaluation calibration = measured(1000, 0.99, 30), heldOut = measured(1000, 0.99, 30);
    calibration.labelled = heldOut.labelled = true;
    calibration.floatTop1 = 1.0, calibration.top1 = 0.99, calibration.lost = 10;
    heldOut.floatTop1 = 0.8, heldOut.top1 = 0.79, heldOut.lost = 10;
    const SplitGap gap = splitGap(calibration, heldOut);
    EXPECT_FALSE(gap.overfits());
    EXPECT_TRUE(gap.floatTop1->beyond());
    EXPECT_NE(gapText(gap, calibration, heldOut).find("trained on them"), std::string::npos);
    heldOut.lost = 60;
    const SplitGap worse = splitGap(calibration, heldOut);
    EXPECT_TRUE(worse.top1Loss->beyond());
    EXPECT_NE(gapText(worse, calibration, heldOut).find("6.0 points of top-1"), std::string::npos);
}

}  // namespace
}  // namespace bitlathe
