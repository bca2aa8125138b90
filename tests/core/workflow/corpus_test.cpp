// The real networks of ../shared/corpus: float accuracy as their sources give it, and int8 close to it.
#include "core/workflow/calibrate.h"
#include "core/workflow/evaluate.h"
#include "core/workflow/load.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace bitlathe {
namespace {

const std::string kCorpus = BITLATHE_SOURCE_DIR "/../shared/corpus/";

struct Case {
    const char *name, *model, *data, *preprocessing;
    double top1;  // of the source, on this data
};

// Top-1 as each SOURCE.md gives it for exactly these samples.
constexpr Case kCases[] = {
    {"resnet20", "resnet20-cifar10-onnx/resnet20.onnx", "cifar10-data/cifar10_test_exact_342.npz",
     R"({"scale": 0.00392156862745098, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]})", 0.9269},
    {"mnist", "mnist-onnx-safetensors/mnist.onnx", "mnist-data/mnist_test_first2000.npz",
     R"({"scale": 0.00392156862745098, "mean": [0.1307], "std": [0.3081]})", 0.988},
    {"selfattention", "selfattention-mnist-onnx/self-attention-mnist-pgd-medium-sim.onnx", "mnist-data/mnist_test_first2000.npz",
     R"({"scale": 0.00392156862745098})", 0.961},
    {"resnet8", "resnet8-cifar10-keras/pretrainedResnet.h5", "cifar10-data/cifar10_test_exact_342.npz", "", 0.886},
    {"lenet", "lenet-mnist-keras/LeNet.h5", "mnist-data/mnist_test_first2000.npz", R"({"scale": 0.00392156862745098})", 0.9835},
};

class Corpus : public testing::TestWithParam<Case> {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(kCorpus + GetParam().model)) GTEST_SKIP() << "the real networks (../shared/corpus) are not here";
        model = loadModel(kCorpus + GetParam().model, machine, job);
        data = openDataset(kCorpus + GetParam().data);
    }
    Evaluation measure(const Recipe* recipe, EngineMode mode, std::int64_t calibrationSamples = 128, bool layers = false) {
        SampleFeed feed(*model, data, GetParam().preprocessing);
        ActivationRanges ranges;
        CalibrationOptions calibration;
        calibration.mostSamples = calibrationSamples;
        if (recipe && needsCalibration(*model, *recipe)) ranges = calibrate(model, *recipe, feed, calibration, machine, workers, job);
        const Network network = prepareNetwork(model, recipe, ranges, mode, !layers, machine, workers, job);
        EvaluateOptions options;
        options.layers = layers;
        return evaluate(network, feed, options, workers, job);
    }
    Machine machine = Machine::detect();
    Workers workers{2};
    JobContext job;
    std::shared_ptr<const Model> model;
    Dataset data;
};

TEST_P(Corpus, FloatGivesTheReferenceAccuracy) {
    EXPECT_NEAR(measure(nullptr, EngineMode::Float).top1, GetParam().top1, 0.0006);
}

TEST_P(Corpus, Int8PerChannelIsWithinAPointOfFloat) {
    const Recipe& int8 = findPreset("int8")->recipe;
    const Evaluation integer = measure(&int8, EngineMode::Integer);
    EXPECT_GT(integer.top1, GetParam().top1 - 0.01);
    EXPECT_GT(integer.agreement, 0.97);
}

TEST_P(Corpus, SimulatedAndIntegerTellTheSameStory) {
    const Recipe& int8 = findPreset("int8")->recipe;
    const Evaluation simulated = measure(&int8, EngineMode::Simulated, 64), integer = measure(&int8, EngineMode::Integer, 64);
    EXPECT_NEAR(simulated.top1, integer.top1, 0.004);
    EXPECT_NEAR(simulated.outputSqnrDb, integer.outputSqnrDb, 1.5);
}

TEST_P(Corpus, EveryQuantizedLayerHasACarriedError) {
    const Recipe& int8 = findPreset("int8")->recipe;
    const Evaluation integer = measure(&int8, EngineMode::Integer, 32, true);
    int quantized = 0;
    for (const LayerEvaluation& layer : integer.layers) {
        if (!layer.integer) continue;
        ++quantized;
        EXPECT_GT(layer.sqnrDb, 25) << layer.name;
        EXPECT_GT(layer.carriedSqnrDb, 5) << layer.name;
        EXPECT_LT(layer.carriedSqnrDb, 80) << layer.name;
    }
    EXPECT_GT(quantized, 0);
}

INSTANTIATE_TEST_SUITE_P(Models, Corpus, testing::ValuesIn(kCases), [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace bitlathe
