// Keras networks: every kind of layer against outputs of TensorFlow.js (tests/golden/keras/make.mjs), and the
// trained ones of ../shared/corpus.
#include "core/engine/run.h"
#include "core/hdf5/hdf5_file.h"
#include "core/workflow/export.h"
#include "core/workflow/load.h"
#include "core/workflow/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace bitlathe {
namespace {

const std::filesystem::path kGolden = BITLATHE_SOURCE_DIR "/tests/golden/keras";

std::vector<std::string> goldenFiles() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(kGolden))
        if (entry.path().extension() == ".h5") names.push_back(entry.path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}

class KerasNetwork : public testing::TestWithParam<std::string> {
protected:
    std::vector<Tensor> outputs(const std::filesystem::path& path, const std::vector<Tensor>& inputs) {
        const auto model = loadModel(path, machine, job);
        EXPECT_TRUE(missingOperators(*model).empty());
        const Network network = prepareNetwork(model, nullptr, {}, EngineMode::Float, true, machine, workers, job);
        Workspace workspace;
        return run(*network.executable, workspace, workers, inputs, job);
    }
    Machine machine = Machine::detect();
    Workers workers{2};
    JobContext job;
};

TEST_P(KerasNetwork, GivesTheOutputsOfTheReference) {
    const std::filesystem::path path = kGolden / (GetParam() + ".h5");
    const Hdf5File file(path.string());
    const auto golden = [&](char kind) {
        std::vector<Tensor> tensors;
        for (int i = 0; file.contains("/golden/" + std::string(1, kind) + std::to_string(i)); ++i) tensors.push_back(file.read("/golden/" + std::string(1, kind) + std::to_string(i)));
        return tensors;
    };
    const std::vector<Tensor> expected = golden('y'), found = outputs(path, golden('x'));
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        ASSERT_EQ(found[i].shape(), expected[i].shape()) << "output " << i;
        const auto want = expected[i].as<float>(), have = found[i].as<float>();
        constexpr float kRounding = 2e-5f;  // of float32 sums in another order, relative to the largest output
        float largest = 1e-3f;
        for (const float y : want) largest = std::max(largest, std::abs(y));
        for (std::size_t k = 0; k < want.size(); ++k) ASSERT_NEAR(have[k], want[k], kRounding * largest) << "output " << i << ", element " << k;
    }
}

INSTANTIATE_TEST_SUITE_P(Golden, KerasNetwork, testing::ValuesIn(goldenFiles()), [](const auto& info) { return info.param; });

class KerasLayersNobodyKnows : public testing::TestWithParam<const char*> {};

TEST_P(KerasLayersNobodyKnows, AreShownWithTheirWeightsAndNotRunOrExported) {
    const std::filesystem::path path = std::string(BITLATHE_SOURCE_DIR "/tests/golden/keras_opaque/") + GetParam() + ".h5";
    JobContext job;
    Workers workers{1};
    const auto model = loadModel(path, Machine::detect(), job);
    const auto layer = std::find_if(model->layers.begin(), model->layers.end(), [](const Layer& l) { return l.name == "custom/mix"; });
    ASSERT_NE(layer, model->layers.end());
    EXPECT_TRUE(layer->quantizable);
    EXPECT_EQ(layer->shape, (Shape{4, 16}));
    EXPECT_EQ(layer->channelAxis, 1);
    EXPECT_FALSE(missingOperators(*model).empty());
    EXPECT_FALSE(model->notes.empty());
    ExportRequest request;
    request.model = model;
    request.recipe = findPreset("int8-weights")->recipe;
    const ExportPlan plan = planExport(request, workers, job);
    EXPECT_TRUE(std::any_of(plan.issues.begin(), plan.issues.end(), [](const Issue& issue) { return issue.level == Issue::Level::Error; }));
}

INSTANTIATE_TEST_SUITE_P(Files, KerasLayersNobodyKnows, testing::Values("custom_layer", "weights_alone"), [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace bitlathe
