#include "core/workflow/export.h"

#include "core/base/error.h"
#include "core/engine/run.h"
#include "core/formats/format.h"
#include "core/workflow/load.h"
#include "core/workflow/network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

// x [N,8] → MatMul → Relu → y, with a weight that may hold anything.
std::shared_ptr<const Model> smallModel(std::vector<float> weights, std::int64_t outputs) {
    auto model = std::make_shared<Model>();
    model->name = "small";
    model->opsets[""] = 21;
    Graph& graph = model->graph;
    const ValueId x = graph.addValue("x"), m = graph.addValue("m"), y = graph.addValue("y");
    const ValueId w = graph.addConstant("fc.weight", Tensor::of<float>({8, outputs}, weights));
    for (const ValueId id : {x, y}) graph.values[static_cast<std::size_t>(id)].type = ElementType::F32;
    graph.values[static_cast<std::size_t>(x)].shape = {{-1, "N"}, {8, ""}};
    graph.nodes.push_back({.name = "fc", .op = "MatMul", .inputs = {x, w}, .outputs = {m}});
    graph.nodes.push_back({.name = "relu", .op = "Relu", .inputs = {m}, .outputs = {y}});
    graph.inputs = {x};
    graph.outputs = {y};
    model->layers = findLayers(graph);
    return model;
}

class Export : public testing::Test {
protected:
    void SetUp() override {
        folder = fs::path(testing::TempDir()) / (std::string("export_") + testing::UnitTest::GetInstance()->current_test_info()->name());
        fs::remove_all(folder);
        fs::create_directories(folder);
    }
    ExportRequest request(std::shared_ptr<const Model> model, std::string_view preset) {
        ExportRequest request;
        request.model = std::move(model);
        request.recipe = findPreset(preset)->recipe;
        request.path = folder / "out.onnx";
        return request;
    }
    Workers workers{2};
    JobContext job;
    fs::path folder;
};

TEST_F(Export, TheFileCarriesItsRecipeAndWhereItCameFrom) {
    ExportRequest wanted = request(smallModel(std::vector<float>(32, 0.5f), 4), "int8-weights");
    const ExportResult result = exportModel(wanted, workers, job);
    EXPECT_EQ(result.fileBytes, static_cast<std::int64_t>(fs::file_size(wanted.path)));
    const Model written = readModel(wanted.path, job);
    std::map<std::string, std::string> metadata(written.metadata.begin(), written.metadata.end());
    EXPECT_NE(metadata["bitlathe.recipe"].find("\"weights\""), std::string::npos);
    EXPECT_TRUE(metadata.contains("bitlathe.version"));
    EXPECT_EQ(written.layers.at(0).storedAs, "int8");
}

TEST_F(Export, BrokenWeightsAreNamedByLayer) {
    std::vector<float> weights(32, 0.5f);
    weights[3] = std::nanf("");
    weights[9] = std::numeric_limits<float>::infinity();
    const auto model = smallModel(weights, 4);
    EXPECT_EQ(notFiniteWeights(*model, model->layers[0]), 2);
    const ExportPlan plan = planExport(request(model, "int8-weights"), workers, job);
    bool named = false;
    for (const Issue& issue : plan.issues) named |= issue.layer == "fc" && issue.message.find("2 weights are NaN or infinite") != std::string::npos;
    EXPECT_TRUE(named);
}

TEST_F(Export, AMissingRangeIsRefusedAndNothingIsWritten) {
    EXPECT_THROW(exportModel(request(smallModel(std::vector<float>(32, 0.5f), 4), "int8"), workers, job), Error);
    EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(Export, AnExtensionOfAnotherFormatIsRefusedAndNothingIsWritten) {
    ExportRequest wanted = request(smallModel(std::vector<float>(32, 0.5f), 4), "int8-weights");
    for (const char* name : {"out.h5", "out.keras.h5", "out.gguf", "out.GGUF"}) {
        wanted.path = folder / name;
        try {
            exportModel(wanted, workers, job);
            ADD_FAILURE() << name;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::Usage) << name;
            EXPECT_NE(error.message().find(".onnx"), std::string::npos) << error.message();
        }
    }
    EXPECT_TRUE(fs::is_empty(folder));
    for (const char* name : {"out.ONNX", "out", "out.bin"}) {
        wanted.path = folder / name;
        EXPECT_NO_THROW(exportModel(wanted, workers, job)) << name;
    }
}

TEST_F(Export, AnUnknownTargetIsNamed) {
    ExportRequest wanted = request(smallModel(std::vector<float>(32, 0.5f), 4), "int8-weights");
    wanted.target = "toaster";
    try {
        planExport(wanted, workers, job);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Usage);
        EXPECT_NE(error.message().find("onnxruntime"), std::string::npos);
    }
}

// "the matrices 1 × 96 and 45 × 96 do not fit": the weight stayed as it was, but its transB was gone.
TEST_F(Export, FormatsWithoutAnOnnxFormRunBehindAGemmWithTransposedWeights) {
    auto model = std::make_shared<Model>(*smallModel(std::vector<float>(24, 0.5f), 3));
    model->graph.nodes[0].op = "Gemm";
    model->graph.nodes[0].attributes["transB"] = std::int64_t(1);
    const ValueId w = model->graph.nodes[0].inputs[1];
    model->graph.values[static_cast<std::size_t>(w)].constant = model->graph.constant(w)->reshaped({3, 8});
    model->layers = findLayers(model->graph);
    Recipe recipe;
    recipe.defaults.weights = QuantSpec{.codec = "nf4", .bits = 4};
    const Machine machine = Machine::detect();
    const Network network = prepareNetwork(model, &recipe, {}, EngineMode::Simulated, true, machine, workers, job);
    Workspace workspace;
    const std::vector<Tensor> inputs = {Tensor::of<float>({1, 8}, std::vector<float>(8, 1.0f))};
    const auto outputs = run(*network.executable, workspace, workers, inputs, job);
    EXPECT_EQ(outputs[0].shape(), (Shape{1, 3}));
    EXPECT_FLOAT_EQ(outputs[0].as<float>()[2], 4.0f);
}

TEST_F(Export, WeightsOfZerosAndOfOneValueHaveADefinedForm) {
    for (const float value : {0.0f, 0.5f, -0.25f})
        for (const char* preset : {"int8-weights", "int4-channel", "int4-g128"}) {
            ExportRequest wanted = request(smallModel(std::vector<float>(32, value), 4), preset);
            exportModel(wanted, workers, job);
            const Model written = readModel(wanted.path, job);
            const Tensor back = weightOf(written.graph, written.layers.at(0));
            for (const float x : back.as<float>()) EXPECT_NEAR(x, value, std::fabs(value) * 1e-6f) << preset;
        }
}

}  // namespace
}  // namespace bitlathe
