// safetensors in, every layout out: what is written reads back as the very values that the recipe gives.
#include "core/base/error.h"
#include "core/formats/format.h"
#include "core/formats/weights_format.h"
#include "core/model/layer.h"
#include "core/quant/quantized_tensor.h"
#include "core/tensor/convert.h"
#include "core/workflow/export.h"
#include "core/workflow/load.h"
#include "tests/core/formats/gguf_sample.h"
#include "tests/core/formats/safetensors_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

std::vector<float> bell(std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.001f, 0.02f);
    std::vector<float> x(count);
    for (float& v : x) v = normal(random);
    return x;
}
std::vector<std::uint16_t> bfloats(const std::vector<float>& x) {
    std::vector<std::uint16_t> out;
    for (const float v : x) out.push_back(floatToBfloat(v));
    return out;
}
std::string textOf(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class ExportSafetensors : public testing::Test {
protected:
    void SetUp() override {
        m_root = writeSample("marker", "").parent_path() / "safetensors";
        fs::remove_all(m_root);
        fs::create_directories(m_root / "source");
        std::ofstream(m_root / "source" / "config.json") << R"({"model_type": "llama", "hidden_size": 64, "quantization_config": {"quant_method": "old"}})";
        std::ofstream(m_root / "source" / "tokenizer.json") << "{\"exactly\":  \"as it is\"}";
        std::ofstream(m_root / "source" / "tokenizer.model") << "bytes";
        std::ofstream(m_root / "source" / "model.safetensors", std::ios::binary)
            << SafetensorsSample()
                   .metadata("format", "pt")
                   .tensor("model.embed_tokens.weight", "F32", {8, 64}, bytesOf(bell(512, 1)))
                   .tensor("model.layers.0.mlp.up_proj.weight", "F32", {96, 64}, bytesOf(bell(96 * 64, 2)))
                   .tensor("model.layers.0.mlp.down_proj.weight", "BF16", {64, 96}, bytesOf(bfloats(bell(96 * 64, 3))))
                   .tensor("model.norm.weight", "F32", {64}, bytesOf(bell(64, 4)))
                   .bytes();
    }
    ExportRequest request(const std::string& target, const QuantSpec& spec) {
        ExportRequest request;
        request.model = loadModel(m_root / "source", Machine::detect(Isa::Reference), job);
        request.recipe.defaults.weights = spec;
        request.target = target;
        request.path = m_root / "out";
        return request;
    }
    static QuantSpec integers(int bits, bool symmetric, Granularity granularity) {
        QuantSpec spec;
        spec.bits = bits, spec.symmetric = symmetric, spec.granularity = granularity;
        return spec;
    }
    // What the file must hold: the layer through the codec, with the scales that the layout has.
    Tensor meant(const Model& model, const Layer& layer, QuantSpec spec, ScaleType scale) {
        spec.scale = scale;
        return dequantize(quantizeWeights(weightOf(model.graph, layer), layer.layout, spec, workers, job), workers);
    }
    static const Layer& layerOf(const Model& model, const std::string& name) {
        return *std::find_if(model.layers.begin(), model.layers.end(), [&](const Layer& layer) { return layer.name == name; });
    }

    fs::path m_root;
    Workers workers{2};
    JobContext job;
};

struct Case {
    const char* target;
    QuantSpec spec;
    bool halfScales;  // float16 whatever the source is
};

TEST_F(ExportSafetensors, EveryLayoutReadsBackBitForBit) {
    std::vector<Case> cases;
    for (const bool symmetric : {true, false})
        for (const Granularity& granularity : {Granularity(PerGroup{32}), Granularity(PerChannel{}), Granularity(PerTensor{})}) {
            for (const int bits : {2, 3, 4, 8}) cases.push_back({"gptq", integers(bits, symmetric, granularity), true});
            cases.push_back({"awq", integers(4, symmetric, granularity), true});
            for (const int bits : {2, 3, 4, 5, 6, 8}) cases.push_back({"compressed-tensors", integers(bits, symmetric, granularity), false});
        }
    QuantSpec float8;
    float8.codec = "fp8e4m3";
    cases.push_back({"compressed-tensors-fp8", float8, false});
    cases.push_back({"compressed-tensors-int8", integers(8, true, PerChannel{}), false});
    cases.push_back({"compressed-tensors-int8", integers(8, true, PerTensor{}), false});
    for (const Case& one : cases) {
        const ExportRequest wanted = request(one.target, one.spec);
        SCOPED_TRACE(std::string(one.target) + " " + shortText({one.spec, {}}));
        const ExportResult result = exportModel(wanted, workers, job);
        EXPECT_GT(result.fileBytes, 0);
        const Model written = readModel(wanted.path, job);
        ASSERT_EQ(written.layers.size(), wanted.model->layers.size());
        for (const char* name : {"model.layers.0.mlp.up_proj", "model.layers.0.mlp.down_proj"}) {
            const Layer &source = layerOf(*wanted.model, name), &got = layerOf(written, name);
            const ScaleType scale = one.halfScales ? ScaleType::F16 : source.storedAs == "bfloat16" ? ScaleType::BF16 : ScaleType::F32;
            EXPECT_EQ(weightOf(written.graph, got), meant(*wanted.model, source, one.spec, scale)) << name << " " << got.storedAs;
            EXPECT_TRUE(written.graph.value(got.weight).packed) << name;
        }
        for (const char* name : {"model.embed_tokens", "model.norm.weight"}) {
            const std::string layer = std::string(name) == "model.norm.weight" ? "model.norm" : name;
            EXPECT_EQ(weightOf(written.graph, layerOf(written, layer)), weightOf(wanted.model->graph, layerOf(*wanted.model, layer)));
        }
    }
}

TEST_F(ExportSafetensors, FloatsAreThoseOfTheRecipeInTheSourcesType) {
    QuantSpec spec;
    spec.codec = "nf4", spec.bits = 4, spec.granularity = PerGroup{64};
    const ExportRequest wanted = request("safetensors", spec);
    exportModel(wanted, workers, job);
    const Model written = readModel(wanted.path, job);
    const Layer& up = layerOf(written, "model.layers.0.mlp.up_proj");
    EXPECT_EQ(weightOf(written.graph, up), meant(*wanted.model, layerOf(*wanted.model, up.name), spec, ScaleType::F32));
    EXPECT_EQ(layerOf(written, "model.layers.0.mlp.down_proj").storedAs, "bfloat16");
    EXPECT_EQ(textOf(wanted.path / "config.json").find("quantization_config"), std::string::npos);
}

TEST_F(ExportSafetensors, TheFolderHasWhatTheSourceHadAndTheRecipe) {
    const ExportRequest wanted = request("gptq", integers(4, true, PerGroup{32}));
    exportModel(wanted, workers, job);
    EXPECT_EQ(textOf(wanted.path / "tokenizer.json"), "{\"exactly\":  \"as it is\"}");
    EXPECT_EQ(textOf(wanted.path / "tokenizer.model"), "bytes");
    const std::string config = textOf(wanted.path / "config.json");
    for (const char* part : {"\"hidden_size\": 64", "\"quant_method\": \"gptq\"", "\"bits\": 4", "\"group_size\": 32", "\"sym\": true", "\"checkpoint_format\": \"gptq\""}) EXPECT_NE(config.find(part), std::string::npos) << part;
    EXPECT_EQ(config.find("old"), std::string::npos);
    EXPECT_NE(textOf(wanted.path / "model.safetensors").find("bitlathe.recipe"), std::string::npos);
    EXPECT_NE(textOf(wanted.path / "model.safetensors").find(std::string(4, 'w')), std::string::npos);  // symmetric zero points: 0x77777777
    EXPECT_TRUE(fs::exists(wanted.path / "quantize_config.json"));
}

TEST_F(ExportSafetensors, AnExportIsReplacedByTheNextAndNothingElseIs) {
    const ExportRequest wanted = request("gptq", integers(4, true, PerGroup{32}));
    exportModel(wanted, workers, job);
    exportModel(wanted, workers, job);
    std::ofstream(wanted.path / "thesis.txt") << "mine";
    EXPECT_THROW(exportModel(wanted, workers, job), Error);
    EXPECT_EQ(textOf(wanted.path / "thesis.txt"), "mine");
    ExportRequest onto = wanted;
    onto.path = m_root / "source";
    EXPECT_THROW(exportModel(onto, workers, job), Error);
    onto.path = m_root / "model.safetensors";
    EXPECT_THROW(exportModel(onto, workers, job), Error);
    std::size_t left = 0;
    for (const auto& entry : fs::directory_iterator(m_root)) left += entry.path() != wanted.path && entry.path().filename() != "source";
    EXPECT_EQ(left, 0u);
}

TEST_F(ExportSafetensors, LayoutsSayWhatTheyCannotHold) {
    QuantSpec nf4;
    nf4.codec = "nf4", nf4.bits = 4;
    const auto errorOf = [&](ExportRequest wanted) -> std::string {
        for (const Issue& issue : planExport(wanted, workers, job).issues)
            if (issue.level == Issue::Level::Error) return issue.message;
        return "";
    };
    EXPECT_NE(errorOf(request("gptq", nf4)).find("GPTQ has no type for nf4"), std::string::npos);
    EXPECT_NE(errorOf(request("awq", integers(8, true, PerGroup{32}))).find("AWQ has no type for int8"), std::string::npos);
    ExportRequest mixed = request("gptq", integers(4, true, PerGroup{32}));
    mixed.recipe.layers["model.layers.0.mlp.up_proj"].weights = integers(8, true, PerGroup{32});
    EXPECT_NE(errorOf(mixed).find("one scheme"), std::string::npos);
    mixed.target = "compressed-tensors";
    EXPECT_EQ(errorOf(mixed), "");
    exportModel(mixed, workers, job);
    const Model written = readModel(mixed.path, job);
    EXPECT_EQ(layerOf(written, "model.layers.0.mlp.up_proj").storedAs, "packed-int-8bit g32");
    EXPECT_EQ(layerOf(written, "model.layers.0.mlp.down_proj").storedAs, "packed-int-4bit g32");
}

TEST_F(ExportSafetensors, GroupsThatDoNotDivideRowsBecomeChannels) {
    ExportRequest wanted = request("compressed-tensors", integers(4, true, PerGroup{64}));
    const ExportResult result = exportModel(wanted, workers, job);
    for (const LayerOutcome& outcome : result.plan.quantized->layers)
        if (wanted.model->layers[outcome.layer].name == "model.layers.0.mlp.down_proj") {
            EXPECT_EQ(outcome.reason, "groups of 64 do not divide rows of 96: one scale per output");
            EXPECT_TRUE(std::holds_alternative<PerChannel>(outcome.got.weights->granularity));
        }
}

TEST_F(ExportSafetensors, LargeModelsAreSeveralFilesWithAnIndex) {
    const ExportRequest wanted = request("compressed-tensors", integers(4, true, PerGroup{32}));
    const ExportPlan plan = planExport(wanted, workers, job);
    WriteOptions options;
    options.cutAbove = 4000;
    weightsFor(*findTarget("compressed-tensors"), *wanted.model)->write({*wanted.model, plan.quantized->layers}, wanted.path, options, workers, job);
    EXPECT_TRUE(fs::exists(wanted.path / "model-00001-of-00003.safetensors"));
    EXPECT_FALSE(fs::exists(wanted.path / "model.safetensors"));
    const Model written = readModel(wanted.path, job);
    EXPECT_EQ(written.shards.size(), 3u);
    for (const char* name : {"model.layers.0.mlp.up_proj", "model.layers.0.mlp.down_proj"}) {
        const Layer& source = layerOf(*wanted.model, name);
        EXPECT_EQ(weightOf(written.graph, layerOf(written, name)), meant(*wanted.model, source, *wanted.recipe.defaults.weights, source.storedAs == "bfloat16" ? ScaleType::BF16 : ScaleType::F32));
    }
}

TEST_F(ExportSafetensors, TheSameBytesForAnyNumberOfThreads) {
    ExportRequest wanted = request("compressed-tensors", integers(4, false, PerGroup{32}));
    exportModel(wanted, workers, job);
    const std::string two = textOf(wanted.path / "model.safetensors");
    Workers one{1};
    exportModel(wanted, one, job);
    EXPECT_EQ(textOf(wanted.path / "model.safetensors"), two);
}

}  // namespace
}  // namespace bitlathe
