// Networks over packed weights: the demo model as a checkpoint with Hugging Face's names, exported into every quantized
// layout, opened again and run, against the same recipe simulated.
#include "core/base/mapped_file.h"
#include "core/language/architecture.h"
#include "core/tensor/packed_tensor.h"
#include "core/workflow/export.h"
#include "core/workflow/generate.h"
#include "core/workflow/load.h"
#include "core/workflow/load_tokenizer.h"
#include "tests/core/formats/gguf_sample.h"
#include "tests/core/formats/safetensors_sample.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

const fs::path kDemo = fs::path(BITLATHE_SOURCE_DIR) / "resources/demo/tales-3.5m.gguf";
constexpr std::size_t kRead = 160;  // tokens

class PackedRun : public testing::Test {
protected:
    void SetUp() override {
        m_root = writeSample("marker", "").parent_path() / "packed";
        fs::remove_all(m_root);
        fs::create_directories(m_root / "source");
        writeCheckpoint();
        m_source = loadModel(m_root / "source", machine, job);
        const auto file = MappedFile::open(fs::path(BITLATHE_SOURCE_DIR) / "resources/demo/language_test.txt");
        m_tokens = loadTokenizer(kDemo, job).encode(std::string_view(reinterpret_cast<const char*>(file->bytes().data()), 4000));
        ASSERT_GE(m_tokens.size(), kRead);
        m_tokens.resize(kRead);
    }
    // What llama.cpp's converter does, backwards: names, and rows of queries and keys from neighbours to halves.
    void writeCheckpoint() {
        const Model demo = *loadModel(kDemo, machine, job);
        const LanguageSpec spec = *describeLanguage(demo);
        const Architecture& llama = *findArchitecture(TensorNaming::HuggingFace, "llama");
        SafetensorsSample sample;
        std::int64_t inner = 0;
        for (const Layer& layer : demo.layers) {
            const std::string name = demo.graph.value(layer.weight).name;
            const Tensor weight = toFloat32(weightOf(demo.graph, layer));
            std::vector<float> values(weight.as<float>().begin(), weight.as<float>().end());
            if (name.find(".attn_q.") != std::string::npos || name.find(".attn_k.") != std::string::npos) {
                const std::int64_t columns = weight.shape()[1], size = spec.headSize;
                const std::vector<float> before = values;
                for (std::int64_t row = 0; row < weight.shape()[0]; ++row) {
                    const std::int64_t inHead = row % size, to = row - inHead + inHead % 2 * (size / 2) + inHead / 2;
                    std::copy_n(before.begin() + row * columns, columns, values.begin() + to * columns);
                }
            }
            if (name == "blk.0.ffn_up.weight") inner = weight.shape()[0];
            const Shape& shape = weight.shape();
            sample.tensor(*huggingFaceName(llama.names, name, "model."), "F32", shape.rank() == 2 ? std::vector<std::int64_t>{shape[0], shape[1]} : std::vector<std::int64_t>{shape[0]}, bytesOf(values));
        }
        std::ofstream(m_root / "source/model.safetensors", std::ios::binary) << sample.bytes();
        std::ofstream(m_root / "source/config.json") << R"({"model_type": "llama", "hidden_size": )" << spec.width << R"(, "intermediate_size": )" << inner << R"(, "num_hidden_layers": )" << spec.layers
            << R"(, "num_attention_heads": )" << spec.heads << R"(, "num_key_value_heads": )" << spec.kvHeads << R"(, "vocab_size": )" << spec.vocabulary << R"(, "max_position_embeddings": )" << spec.context
            << R"(, "rms_norm_eps": )" << std::to_string(spec.normEpsilon) << R"(, "rope_theta": )" << std::to_string(spec.rope.base) << "}";
    }
    std::vector<float> logitsOf(const LanguageNetwork& network) {
        std::vector<float> all;
        DecodeSession session(network, {.batch = 64}, workers);
        session.feedAll(m_tokens, job, [&](std::int64_t, std::span<const float> logits) { all.insert(all.end(), logits.begin(), logits.end()); });
        return all;
    }
    double perplexityOf(const std::vector<float>& logits) const {
        const std::size_t vocabulary = logits.size() / m_tokens.size();
        double sum = 0;
        for (std::size_t t = 0; t + 1 < m_tokens.size(); ++t) {
            const std::span<const float> row(logits.data() + t * vocabulary, vocabulary);
            const double top = *std::max_element(row.begin(), row.end());
            double all = 0;
            for (const float x : row) all += std::exp(double(x) - top);
            sum += top + std::log(all) - double(row[static_cast<std::size_t>(m_tokens[t + 1])]);
        }
        return std::exp(sum / double(m_tokens.size() - 1));
    }
    fs::path exported(const Recipe& recipe, const std::string& target) {
        ExportRequest request;
        request.model = m_source;
        request.recipe = recipe;
        request.target = target;
        request.path = m_root / ("out-" + target);
        exportModel(request, workers, job);
        return request.path;
    }

    fs::path m_root;
    std::shared_ptr<const Model> m_source;
    std::vector<std::int32_t> m_tokens;
    Machine machine = Machine::detect();
    Workers workers{2};
    JobContext job;
};

Recipe fourBits(bool symmetric, ScaleType scale) {
    Recipe recipe;
    QuantSpec& spec = recipe.defaults.weights.emplace();
    spec.codec = "int";
    spec.bits = 4;
    spec.symmetric = symmetric;
    spec.granularity = PerGroup{64};
    spec.scale = scale;
    return recipe;
}

TEST_F(PackedRun, TheCheckpointIsTheDemo) {
    const auto ours = logitsOf(prepareLanguage(m_source, EngineMode::Float, machine)), demos = logitsOf(prepareLanguage(loadModel(kDemo, machine, job), EngineMode::Float, machine));
    EXPECT_NEAR(perplexityOf(ours), perplexityOf(demos), 1e-5 * perplexityOf(demos));
}

TEST_F(PackedRun, EveryLayoutGivesThePerplexityOfTheSimulatedRecipe) {
    const LanguageNetwork whole = prepareLanguage(m_source, EngineMode::Float, machine);
    for (const auto& [target, symmetric] : {std::pair("gptq", true), std::pair("gptq", false), std::pair("awq", false), std::pair("compressed-tensors", true)}) {
        SCOPED_TRACE(testing::Message() << target << " " << symmetric);
        // Scales are halves in GPTQ's and AWQ's files, and of the source's type in the others.
        const ScaleType scale = std::string_view(target) == "compressed-tensors" ? ScaleType::F32 : ScaleType::F16;
        const fs::path folder = exported(fourBits(symmetric, scale), target);
        const auto packed = loadModel(folder, machine, job);
        const LanguageNetwork network = prepareLanguage(packed, EngineMode::Float, machine);
        // Only the weights that the layout leaves alone (the embedding) are as wide as before.
        std::int64_t codes = 0, left = 0;
        for (const Layer& layer : packed->layers) {
            const Value& value = packed->graph.value(layer.weight);
            if (value.packed && value.packed->parts.size() > 1) codes += layer.parameters;
            else left += layer.parameters;
        }
        EXPECT_GT(codes, 2 * left);
        EXPECT_LT(network.weightBytes, 4 * left + codes * 5 / 8);
        EXPECT_LT(network.weightBytes, whole.weightBytes / 2);

        Recipe recipe = fourBits(symmetric, scale);
        for (const Layer& layer : m_source->layers) {
            const ValueId same = packed->graph.find(m_source->graph.value(layer.weight).name);
            if (same == kNoValue || !packed->graph.value(same).packed) recipe.layers[layer.name] = Scheme{};
        }
        const double got = perplexityOf(logitsOf(network)), meant = perplexityOf(logitsOf(prepareLanguage(m_source, recipe, nullptr, EngineMode::Simulated, machine, workers, job)));
        EXPECT_NEAR(got, meant, 1e-5 * meant);
        EXPECT_NE(got, perplexityOf(logitsOf(whole)));
    }
}

}  // namespace
}  // namespace bitlathe
