// Every architecture, with tiny random weights: GGUF's names and keys against llama.cpp's probabilities (BERT: torch's
// hidden states), and Hugging Face's names, orders and config.json against GGUF's. tests/golden/language makes them.
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/engine/run.h"
#include "core/language/architecture.h"
#include "core/workflow/generate.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>
#include <fstream>

namespace bitlathe {
namespace {

using Json = nlohmann::json;

const std::filesystem::path kGolden = std::filesystem::path(BITLATHE_SOURCE_DIR) / "tests/golden/language";
constexpr std::int64_t kVocabulary = 272;
constexpr int kPicked[] = {0, 7, 15, 23};
// llama.cpp holds keys and values in half precision and looks GELU up in a table of halves.
constexpr double kPeerGap = 3e-4, kTorchGap = 1e-5, kOtherOrder = 2e-5;

std::uint64_t splitmix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}
std::uint64_t fnv(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325ull;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    return hash;
}

// As values() of make_models.py.
std::vector<float> valuesOf(const Json& tensor) {
    if (tensor.contains("values")) return tensor["values"].get<std::vector<float>>();
    const auto scale = tensor["scale"].get<float>(), offset = tensor["offset"].get<float>();
    std::int64_t count = 1;
    for (const Json& extent : tensor["shape"]) count *= extent.get<std::int64_t>();
    std::vector<float> values;
    const std::uint64_t seed = fnv(tensor["name"].get<std::string>());
    for (std::int64_t i = 1; i <= count; ++i) {
        const auto u = static_cast<float>(splitmix(static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15ull + seed) >> 40) * 0x1p-23f - 1.0f;
        const float scaled = u * scale;
        values.push_back(scaled + offset);
    }
    return values;
}

void addTensor(Model& model, std::string name, const Shape& shape, const std::vector<float>& values) {
    Value value;
    value.name = std::move(name);
    value.type = ElementType::F32;
    value.constant = Tensor::of(shape, values);
    model.graph.values.push_back(std::move(value));
}

Shape shapeOf(const Json& tensor) { return Shape(tensor["shape"].get<std::vector<std::int64_t>>()); }

std::shared_ptr<Model> emptyModel(std::string format) {
    auto model = std::make_shared<Model>();
    model->name = "tiny";
    model->format = std::move(format);
    model->graph.weightsOnly = true;
    return model;
}

std::shared_ptr<Model> ggufModel(const Json& golden) {
    auto model = emptyModel("gguf");
    for (const Json& entry : golden["metadata"]) model->metadata.emplace_back(entry[0].get<std::string>(), entry[1].get<std::string>());
    for (const Json& tensor : golden["tensors"]) addTensor(*model, tensor["name"], shapeOf(tensor), valuesOf(tensor));
    model->layers = findLayers(model->graph);
    return model;
}

// Rows of each head from pairs of neighbours to halves: what llama.cpp's converter does, backwards.
std::vector<float> toHalves(const std::vector<float>& values, std::int64_t columns, std::int64_t heads) {
    const std::int64_t rows = static_cast<std::int64_t>(values.size()) / columns, size = rows / heads;
    std::vector<float> turned(values.size());
    for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t head = row / size, at = row % size, to = head * size + at % 2 * (size / 2) + at / 2;
        std::copy_n(values.begin() + row * columns, columns, turned.begin() + to * columns);
    }
    return turned;
}

std::shared_ptr<Model> huggingFaceModel(const Json& golden) {
    auto model = emptyModel("safetensors");
    model->metadata.emplace_back("config.json", golden["config"].dump());
    for (const Json& tensor : golden["tensors"]) {
        const std::string name = tensor["name"], stem = name.substr(0, name.rfind('.')), end = name.substr(name.rfind('.'));
        if (!golden["huggingFace"].contains(stem)) continue;  // rope_freqs: config.json says it
        std::vector<float> values = valuesOf(tensor);
        Shape shape = shapeOf(tensor);
        for (const Json& permuted : golden["permuted"])
            if (permuted[0] == stem) values = toHalves(values, shape.rank() == 2 ? shape[1] : 1, permuted[1].get<std::int64_t>());
        if (golden["normsWithoutOne"].get<bool>() && stem.ends_with("norm"))
            for (float& value : values) value -= 1.0f;
        if (golden["transposed"].get<bool>() && stem.starts_with("blk.") && shape.rank() == 2) {
            const std::vector<float> before = values;
            for (std::int64_t r = 0; r < shape[0]; ++r)
                for (std::int64_t c = 0; c < shape[1]; ++c) values[static_cast<std::size_t>(c * shape[0] + r)] = before[static_cast<std::size_t>(r * shape[1] + c)];
            shape = Shape{shape[1], shape[0]};
        }
        addTensor(*model, golden["huggingFace"][stem].get<std::string>() + end, shape, values);
    }
    model->layers = findLayers(model->graph);
    return model;
}

Json read(const std::filesystem::path& path) {
    std::ifstream stream(path);
    return Json::parse(stream);
}

std::vector<float> expectedOf(const std::string& name) {
    const auto file = MappedFile::open(kGolden / (name + ".expected.f32.bin"));
    std::vector<float> values(file->bytes().size() / sizeof(float));
    std::memcpy(values.data(), file->bytes().data(), values.size() * sizeof(float));
    return values;
}

double apart(const std::vector<float>& a, const std::vector<float>& b) {
    EXPECT_EQ(a.size(), b.size());
    double error = 0, size = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) error += std::pow(double(a[i]) - double(b[i]), 2), size += double(b[i]) * double(b[i]);
    return std::sqrt(error / size);
}

class ArchitectureTest : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        golden = read(kGolden / (GetParam() + ".json"));
        tokens = golden["tokens"].get<std::vector<std::int32_t>>();
    }
    // Log probabilities after the picked tokens, by token or all at once; of encoders the hidden states there.
    std::vector<float> results(const std::shared_ptr<const Model>& model, std::int64_t batch = 256) {
        const LanguageNetwork network = prepareLanguage(model, EngineMode::Float, machine);
        std::vector<float> picked;
        const auto wanted = [](std::int64_t token) { return std::find(std::begin(kPicked), std::end(kPicked), token) != std::end(kPicked); };
        if (network.spec.encoder) {
            std::vector<std::int64_t> ids(tokens.begin(), tokens.end()), positions;
            for (std::size_t i = 0; i < ids.size(); ++i) positions.push_back(static_cast<std::int64_t>(i));
            const Shape shape{1, static_cast<std::int64_t>(ids.size())};
            Workspace workspace;
            const Tensor hidden = run(*network.executable, workspace, workers, std::vector<Tensor>{Tensor::of(shape, ids), Tensor::of(shape, positions)}, job)[0];
            for (const int token : kPicked) {
                const auto row = hidden.as<float>().subspan(static_cast<std::size_t>(token * network.spec.width), static_cast<std::size_t>(network.spec.width));
                picked.insert(picked.end(), row.begin(), row.end());
            }
            return picked;
        }
        DecodeSession session(network, {.batch = batch}, workers);
        session.feedAll(tokens, job, [&](std::int64_t token, std::span<const float> logits) {
            if (!wanted(token)) return;
            double sum = 0;
            const double top = *std::max_element(logits.begin(), logits.end());
            for (const float logit : logits) sum += std::exp(double(logit) - top);
            for (const float logit : logits) picked.push_back(static_cast<float>(double(logit) - top - std::log(sum)));
        });
        return picked;
    }
    Json golden;
    std::vector<std::int32_t> tokens;
    Machine machine = Machine::detect();
    Workers workers{2};
    JobContext job;
};

TEST_P(ArchitectureTest, GivesTheReferencesProbabilities) {
    const auto model = ggufModel(golden);
    const auto spec = describeLanguage(*model);
    ASSERT_TRUE(spec && spec->runs()) << (spec ? spec->whyNot : "");
    EXPECT_EQ(spec->vocabulary, kVocabulary);
    EXPECT_LT(apart(results(model), expectedOf(GetParam())), spec->encoder ? kTorchGap : kPeerGap);
}

TEST_P(ArchitectureTest, GivesTheSameTokenByToken) {
    const auto model = ggufModel(golden);
    if (describeLanguage(*model)->encoder) GTEST_SKIP() << "an encoder reads all tokens at once";
    EXPECT_LT(apart(results(model, 1), results(model)), kOtherOrder);
}

TEST_P(ArchitectureTest, HuggingFacesFilesGiveWhatGgufsGive) {
    const auto model = huggingFaceModel(golden);
    const auto spec = describeLanguage(*model);
    ASSERT_TRUE(spec && spec->runs()) << (spec ? spec->whyNot : "");
    EXPECT_LT(apart(results(model), results(ggufModel(golden))), kOtherOrder);
}

TEST_P(ArchitectureTest, NamesGoOverAndBack) {
    const auto model = huggingFaceModel(golden);
    const Architecture* architecture = findArchitecture(TensorNaming::HuggingFace, golden["config"]["model_type"].get<std::string>());
    ASSERT_NE(architecture, nullptr);
    for (const auto& [gguf, other] : golden["huggingFace"].items()) {
        EXPECT_EQ(ggufName(architecture->names, other.get<std::string>() + ".weight"), gguf + ".weight");
        bool found = false;
        for (const std::string_view prefix : architecture->names.prefixes) found = found || huggingFaceName(architecture->names, gguf + ".weight", prefix) == other.get<std::string>() + ".weight";
        EXPECT_TRUE(found) << gguf;
    }
}

TEST_P(ArchitectureTest, EveryMissingOrMisshapenTensorIsASentence) {
    const Json all = golden["tensors"];
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string name = all[i]["name"];
        if (name.ends_with(".bias") || name == "output.weight" || name == "rope_freqs.weight") continue;
        golden["tensors"].erase(i);
        const bool free = name == "token_types.weight" || name == "token_embd.weight" || name == "position_embd.weight";  // their rows are what the file says
        if (name != "token_types.weight") {
            EXPECT_THROW(prepareLanguage(ggufModel(golden), EngineMode::Float, machine), Error) << name;
        }
        golden["tensors"] = all;
        golden["tensors"][i]["shape"][0] = all[i]["shape"][0].get<std::int64_t>() + 1;
        if (!free) {
            EXPECT_THROW(prepareLanguage(ggufModel(golden), EngineMode::Float, machine), Error) << name;
        }
        golden["tensors"] = all;
    }
}

INSTANTIATE_TEST_SUITE_P(All, ArchitectureTest,
                         testing::Values("llama", "llama_stretched", "llama_linear", "qwen2", "qwen2_yarn", "qwen3", "gemma", "gemma2", "gemma3", "gpt2", "phi2", "phi3", "bert"),
                         [](const auto& info) { return info.param; });

class SpecTest : public testing::Test {
protected:
    Json golden = read(kGolden / "llama.json");
    void set(const std::string& key, const std::string& value) {
        for (Json& entry : golden["metadata"])
            if (entry[0] == key) entry[1] = value;
    }
    std::string sentence() {
        try {
            prepareLanguage(ggufModel(golden), EngineMode::Float, Machine::detect());
        } catch (const Error& error) {
            return error.message();
        }
        return {};
    }
};

TEST_F(SpecTest, NumbersThatAreImpossibleAreSentences) {
    const Json before = golden;
    for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
             {"attention.head_count", "0"}, {"attention.head_count", "3"}, {"attention.head_count", "99999999999"}, {"attention.head_count_kv", "3"}, {"attention.head_count_kv", "8 entries: 1, 2"},
             {"embedding_length", "63"}, {"embedding_length", "18446744073709551615"}, {"block_count", "0"}, {"block_count", "3"}, {"block_count", "4000000000"}, {"context_length", "0"},
             {"rope.dimension_count", "17"}, {"rope.dimension_count", "64"}, {"rope.freq_base", "-1"}, {"rope.freq_base", "nan"}, {"attention.layer_norm_rms_epsilon", "-1"}}) {
        set("llama." + key, value);
        EXPECT_NE(sentence().size(), 0u) << key << " " << value;
        golden = before;
    }
    EXPECT_EQ(sentence(), "");
}

TEST_F(SpecTest, AnUnknownArchitectureIsWeightsAloneAndSaysWhy) {
    set("general.architecture", "mamba");
    const auto spec = describeLanguage(*ggufModel(golden));
    ASSERT_TRUE(spec);
    EXPECT_FALSE(spec->runs());
    EXPECT_NE(sentence().find("'mamba'"), std::string::npos);
}

TEST_F(SpecTest, ATensorWithoutAPlaceStopsTheNetwork) {
    golden["tensors"].push_back({{"name", "blk.0.ffn_gate_inp.weight"}, {"shape", {4, 64}}, {"scale", 1.0}, {"offset", 0.0}});
    EXPECT_NE(sentence().find("ffn_gate_inp"), std::string::npos);
}

TEST_F(SpecTest, AModelWithoutKeysIsNoLanguageModel) {
    golden["metadata"] = Json::array();
    EXPECT_FALSE(describeLanguage(*ggufModel(golden)));
    Model model;
    model.format = "safetensors";
    EXPECT_FALSE(describeLanguage(model));
    model.metadata.emplace_back("config.json", "[1, 2");
    EXPECT_THROW(describeLanguage(model), Error);
}

}  // namespace
}  // namespace bitlathe
