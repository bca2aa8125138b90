#include "core/workflow/sample_answer.h"

#include "core/data/dataset.h"
#include "core/workflow/load.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

namespace bitlathe {
namespace {

const std::filesystem::path kDemo = std::filesystem::path(BITLATHE_SOURCE_DIR) / "resources/demo";

TEST(SampleAnswer, LogitsBecomeProbabilitiesOfASoftmax) {
    const float logits[] = {1, 3, 2, -4};
    const auto best = highestClasses(logits, 2);
    const double sum = std::exp(1.0) + std::exp(3.0) + std::exp(2.0) + std::exp(-4.0);
    ASSERT_EQ(best.size(), 2u);
    EXPECT_EQ(best[0].index, 1);
    EXPECT_NEAR(best[0].probability, std::exp(3.0) / sum, 1e-12);
    EXPECT_EQ(best[1].index, 2);
    EXPECT_NEAR(best[1].probability, std::exp(2.0) / sum, 1e-12);
}

TEST(SampleAnswer, ProbabilitiesStayAsTheyAre) {
    const float shares[] = {0.125f, 0.75f, 0.125f};
    const auto best = highestClasses(shares, 5);
    ASSERT_EQ(best.size(), 3u);
    EXPECT_EQ(best[0], (ClassAnswer{1, 0.75}));
    EXPECT_EQ(best[1], (ClassAnswer{0, 0.125})) << "equal ones keep their order";
}

TEST(SampleAnswer, WhatIsNoNumberComesLast) {
    const float logits[] = {std::numeric_limits<float>::quiet_NaN(), 1, 2};
    const auto best = highestClasses(logits, 3);
    EXPECT_EQ(best[0].index, 2);
    EXPECT_EQ(best[2].index, 0);
    EXPECT_NEAR(best[0].probability + best[1].probability, 1, 1e-12);
}

// The same digits as the evaluation of the whole set counts.
TEST(SampleAnswer, TheDemoNamesItsCharactersInFloatAndLosesSomeAtThreeBits) {
    Workers workers(2);
    JobContext job;
    const Machine machine = Machine::detect();
    const auto model = loadModel(kDemo / "glyphs.onnx", machine, job);
    const auto reference = Executable::compile(model, {.machine = machine});
    Recipe recipe;
    recipe.defaults.weights.emplace();
    recipe.defaults.weights->bits = 2;
    const Network network = prepareNetwork(model, &recipe, {}, EngineMode::Integer, true, machine, workers, job);
    const SampleFeed feed(*model, openDataset((kDemo / "glyphs_test.npz").string()));
    int right = 0, same = 0;
    for (std::int64_t i = 0; i < 20; ++i) {
        const SampleAnswer answer = answerSample(*reference, network, feed, i, 5, workers, job);
        ASSERT_EQ(answer.real.size(), 5u);
        ASSERT_EQ(answer.label, feed.label(i));
        right += answer.real[0].index == answer.label;
        same += answer.real[0].index == answer.quantized[0].index;
        EXPECT_LT(answer.outputSqnrDb, 20);
    }
    EXPECT_GE(right, 18);
    EXPECT_LT(same, right);
}

}  // namespace
}  // namespace bitlathe
