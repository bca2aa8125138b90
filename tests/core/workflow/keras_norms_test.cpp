// Batch normalisations that were folded into quantized weights, on their way back into a Keras file.
#include "core/engine/run.h"
#include "core/hdf5/hdf5_file.h"
#include "core/hdf5/hdf5_writer.h"
#include "core/workflow/export.h"
#include "core/workflow/load.h"
#include "core/workflow/network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <random>

#include <unistd.h>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

class KerasNorms : public testing::Test {
protected:
    void SetUp() override {
        m_folder = fs::temp_directory_path() / ("bitlathe_keras_norms_" + std::to_string(::getpid()));
        fs::create_directories(m_folder);
    }
    void TearDown() override { fs::remove_all(m_folder); }

    Tensor random(const Shape& shape, float centre = 0) {
        std::vector<float> values(static_cast<std::size_t>(shape.count()));
        std::uniform_real_distribution<float> spread(-0.5f, 0.5f);
        for (float& x : values) x = centre + spread(m_random);
        return Tensor::of(shape, values);
    }
    // Layers with their weights: name → parameters.
    using Weights = std::vector<std::pair<std::string, std::vector<std::pair<std::string, Tensor>>>>;
    fs::path file(const std::string& config, const Weights& weights) {
        const fs::path path = m_folder / "source.h5";
        Hdf5Writer writer(path);
        writer.attribute("/", "model_config", config);
        writer.attribute("/", "keras_version", std::string("2.15.0"));
        writer.group("model_weights");
        std::vector<std::string> layers;
        for (const auto& [layer, parameters] : weights) {
            layers.push_back(layer);
            std::vector<std::string> names;
            writer.group("model_weights/" + layer);
            for (const auto& [name, values] : parameters) {
                names.push_back(layer + "/" + name + ":0");
                writer.array("model_weights/" + layer + "/" + names.back(), values);
            }
            writer.attribute("model_weights/" + layer, "weight_names", names);
        }
        writer.attribute("model_weights", "layer_names", layers);
        writer.close();
        return path;
    }
    ExportResult exported(const fs::path& source, const std::string& target = "keras") {
        ExportRequest request;
        request.model = loadModel(source, machine, job);
        request.recipe.defaults.weights = QuantSpec{.bits = 4};
        request.target = target;
        request.path = m_folder / "out.h5";
        return exportModel(request, workers, job);
    }
    Tensor output(const fs::path& path, bool simulated) {
        Recipe recipe;
        recipe.defaults.weights = QuantSpec{.bits = 4};
        const auto model = loadModel(path, machine, job);
        const Network network = prepareNetwork(model, simulated ? &recipe : nullptr, {}, simulated ? EngineMode::Simulated : EngineMode::Float, true, machine, workers, job);
        std::vector<float> x(2 * 4 * 4 * 2);
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
        const std::vector<Tensor> inputs(network.source->graph.inputs.size(), Tensor::of(Shape{2, 4, 4, 2}, x));
        Workspace workspace;
        return run(*network.executable, workspace, workers, inputs, job).front();
    }

    Machine machine = Machine::detect();
    Workers workers{1};
    JobContext job;
    fs::path m_folder;
    std::mt19937 m_random{5};
};

std::string text(bool value) { return value ? "true" : "false"; }

TEST_F(KerasNorms, PassValuesOnWhereverTheShiftFindsRoom) {
    for (const bool bias : {true, false})
        for (const bool scale : {true, false})
            for (const bool center : {true, false})
                for (const double epsilon : {1e-3, 1.1e-5, 0.3}) {
                    const std::string what = std::string(bias ? "bias " : "") + (scale ? "gamma " : "") + (center ? "beta " : "") + std::to_string(epsilon);
                    Weights weights = {{"conv", {{"kernel", random(Shape{3, 3, 2, 3})}}}, {"norm", {}}};
                    if (bias) weights[0].second.emplace_back("bias", random(Shape{3}));
                    if (scale) weights[1].second.emplace_back("gamma", random(Shape{3}, 1));
                    if (center) weights[1].second.emplace_back("beta", random(Shape{3}));
                    weights[1].second.emplace_back("moving_mean", random(Shape{3}));
                    weights[1].second.emplace_back("moving_variance", random(Shape{3}, 1));
                    const fs::path source = file(R"({"class_name":"Sequential","config":{"name":"s","layers":[
                        {"class_name":"InputLayer","config":{"name":"x","batch_input_shape":[null,4,4,2]}},
                        {"class_name":"Conv2D","config":{"name":"conv","filters":3,"kernel_size":[3,3],"padding":"same","use_bias":)" + text(bias) + R"(}},
                        {"class_name":"BatchNormalization","config":{"name":"norm","scale":)" + text(scale) + R"(,"center":)" + text(center) + R"(,"epsilon":)" + std::to_string(epsilon) + "}}]}}", weights);
                    const auto made = exported(source);
                    for (const LayerOutcome& outcome : made.plan.quantized->layers) EXPECT_EQ(outcome.asked, outcome.got) << what << outcome.reason;
                    EXPECT_EQ(output(m_folder / "out.h5", false), output(source, true)) << what;
                    const Hdf5File out((m_folder / "out.h5").string());
                    const Tensor variance = out.read("model_weights/norm/norm/moving_variance:0");
                    // As Keras computes it, in float32.
                    EXPECT_EQ(variance.as<float>()[0] + static_cast<float>(std::stod(std::to_string(epsilon))), 1.0f) << what;
                    if (scale) {
                        EXPECT_EQ(out.read("model_weights/norm/norm/gamma:0").as<float>()[2], 1.0f) << what;
                    }
                    EXPECT_EQ(out.read("model_weights/norm/norm/moving_mean:0").as<float>()[1] == 0.0f, bias || center) << what;
                    exported(source, "keras-codes");
                    EXPECT_EQ(output(m_folder / "out.h5", false), output(source, true)) << what << " of codes alone";
                }
}

const char* const kNorm = R"({"class_name":"BatchNormalization","name":"NAME","config":{"name":"NAME","epsilon":0.001},"inbound_nodes":[CALLS]})";

std::string norm(const std::string& name, const std::string& calls) {
    std::string text = kNorm;
    for (std::size_t at; (at = text.find("NAME")) != std::string::npos;) text.replace(at, 4, name);
    return text.replace(text.find("CALLS"), 5, calls);
}
std::string functional(const std::string& layers, const std::string& outputs) {
    return R"({"class_name":"Functional","config":{"name":"f","layers":[{"class_name":"InputLayer","name":"x","config":{"name":"x","batch_input_shape":[null,4,4,2]},"inbound_nodes":[]},)" + layers +
           R"(],"input_layers":[["x",0,0]],"output_layers":[)" + outputs + "]}}";
}
const std::string kConv = R"({"class_name":"Conv2D","name":"NAME","config":{"name":"NAME","filters":2,"kernel_size":[3,3],"padding":"same","use_bias":false},"inbound_nodes":[CALLS]})";
std::string conv(const std::string& name, const std::string& calls) {
    std::string text = kConv;
    for (std::size_t at; (at = text.find("NAME")) != std::string::npos;) text.replace(at, 4, name);
    return text.replace(text.find("CALLS"), 5, calls);
}

TEST_F(KerasNorms, ThatStandBehindSeveralLayersLeaveTheseInFloatAndSaySo) {
    const auto parameters = [&] {
        return std::vector<std::pair<std::string, Tensor>>{{"gamma", random(Shape{2}, 1)}, {"beta", random(Shape{2})}, {"moving_mean", random(Shape{2})}, {"moving_variance", random(Shape{2}, 1)}};
    };
    const std::string x = R"(["x",0,0,{}])";
    {  // one normalisation behind two convolutions
        const fs::path source = file(functional(conv("a", "[" + x + "]") + "," + conv("b", "[" + x + "]") + "," + norm("n", R"([["a",0,0,{}]],[["b",0,0,{}]])"), R"(["n",0,0],["n",1,0])"),
                                     {{"a", {{"kernel", random(Shape{3, 3, 2, 2})}}}, {"b", {{"kernel", random(Shape{3, 3, 2, 2})}}}, {"n", parameters()}});
        const ExportResult result = exported(source);
        ASSERT_EQ(result.plan.quantized->layers.size(), 2u);
        for (const LayerOutcome& outcome : result.plan.quantized->layers) {
            EXPECT_FALSE(outcome.got.weights);
            EXPECT_NE(outcome.reason.find("stands in other places"), std::string::npos) << outcome.reason;
        }
        EXPECT_EQ(result.plan.issues.size(), 3u);  // one of them: the file does not shrink
        EXPECT_EQ(output(m_folder / "out.h5", false), output(source, false));
    }
    {  // one convolution in front of two normalisations
        const fs::path source = file(functional(conv("a", "[" + x + "],[" + x + "]") + "," + norm("m", R"([["a",0,0,{}]])") + "," + norm("n", R"([["a",1,0,{}]])"), R"(["m",0,0],["n",0,0])"),
                                     {{"a", {{"kernel", random(Shape{3, 3, 2, 2})}}}, {"m", parameters()}, {"n", parameters()}});
        const ExportResult result = exported(source);
        for (const LayerOutcome& outcome : result.plan.quantized->layers) {
            EXPECT_FALSE(outcome.got.weights);
            EXPECT_NE(outcome.reason.find("stand once in the file"), std::string::npos) << outcome.reason;
        }
        EXPECT_EQ(output(m_folder / "out.h5", false), output(source, false));
    }
    {  // one convolution called twice, without normalisations: its weights are written once
        const fs::path source = file(functional(conv("a", "[" + x + R"(],[["a",0,0,{}]])"), R"(["a",1,0])"), {{"a", {{"kernel", random(Shape{3, 3, 2, 2})}}}});
        const auto made = exported(source);
        for (const LayerOutcome& outcome : made.plan.quantized->layers) EXPECT_EQ(outcome.asked, outcome.got);
        EXPECT_EQ(output(m_folder / "out.h5", false), output(source, true));
    }
}

TEST_F(KerasNorms, LongNamesInPartsAndALongNetworkGoThrough) {
    std::string layers = R"({"class_name":"InputLayer","config":{"name":"x","batch_input_shape":[null,4,4,2]}})";
    Weights weights;
    for (int i = 0; i < 400; ++i) {
        const std::string name = "a_convolution_with_a_name_that_is_as_long_as_people_like_to_make_them_where_nobody_has_to_type_them_by_hand_" + std::to_string(i) + std::string(60, 'x');
        layers += R"(,{"class_name":"Conv2D","config":{"name":")" + name + R"(","filters":2,"kernel_size":[1,1],"use_bias":false}})";
        weights.push_back({name, {{"kernel", random(Shape{1, 1, 2, 2})}}});
    }
    const fs::path source = file(R"({"class_name":"Sequential","config":{"name":"s","layers":[)" + layers + "]}}", weights);
    EXPECT_TRUE(Hdf5File(source.string()).textsAttribute("/model_weights", "layer_names1"));
    const ExportResult result = exported(source);
    EXPECT_EQ(result.plan.quantized->layers.size(), 400u);
    EXPECT_EQ(output(m_folder / "out.h5", false), output(source, true));
    EXPECT_EQ(Hdf5File((m_folder / "out.h5").string()).textAttribute("/", "model_config"), Hdf5File(source.string()).textAttribute("/", "model_config"));
}

}  // namespace
}  // namespace bitlathe
