// Small checkpoints with Hugging Face's names, layouts and config.json (tests/golden/checkpoints): what they compute here
// against logits that torch computed apart, before and after they became GGUF, and coded into a quantized layout.
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/engine/run.h"
#include "core/language/architecture.h"
#include "core/workflow/export.h"
#include "core/workflow/generate.h"
#include "core/workflow/load.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>

#include <unistd.h>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(BITLATHE_SOURCE_DIR) / "tests/golden/checkpoints";
const std::vector<std::int32_t> kTokens = {1, 17, 42, 5, 90, 33, 8, 61, 2, 77, 17, 50, 3, 29, 88, 12};
constexpr double kGap = 2e-5;  // float32 against float64

double apart(const std::vector<float>& a, const std::vector<float>& b) {
    EXPECT_EQ(a.size(), b.size());
    double error = 0, size = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) error += std::pow(double(a[i]) - double(b[i]), 2), size += double(b[i]) * double(b[i]);
    return std::sqrt(error / size);
}

class CheckpointTest : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        m_work = fs::path(testing::TempDir()) / ("checkpoints_" + std::to_string(::getpid())) / GetParam();
        fs::create_directories(m_work);
    }
    std::vector<float> expected() const {
        const auto file = MappedFile::open(kGolden / GetParam() / "expected.f32.bin");
        std::vector<float> values(file->bytes().size() / sizeof(float));
        std::memcpy(values.data(), file->bytes().data(), values.size() * sizeof(float));
        return values;
    }
    // Logits after every token; of encoders the hidden states.
    std::vector<float> results(const fs::path& path) {
        const auto model = loadModel(path, machine, job);
        const LanguageNetwork network = prepareLanguage(model, EngineMode::Float, machine);
        std::vector<float> all;
        if (network.spec.encoder) {
            std::vector<std::int64_t> ids(kTokens.begin(), kTokens.end()), positions;
            for (std::size_t i = 0; i < ids.size(); ++i) positions.push_back(static_cast<std::int64_t>(i));
            const Shape shape{1, static_cast<std::int64_t>(ids.size())};
            Workspace workspace;
            const Tensor hidden = run(*network.executable, workspace, workers, std::vector<Tensor>{Tensor::of(shape, ids), Tensor::of(shape, positions)}, job)[0];
            return {hidden.as<float>().begin(), hidden.as<float>().end()};
        }
        DecodeSession session(network, {.batch = 256}, workers);
        session.feedAll(kTokens, job, [&](std::int64_t, std::span<const float> logits) { all.insert(all.end(), logits.begin(), logits.end()); });
        return all;
    }
    fs::path exported(const std::string& target, const std::string& name) {
        ExportRequest request;
        request.model = loadModel(kGolden / GetParam(), machine, job);
        request.target = target;
        request.path = m_work / name;
        exportModel(request, workers, job);
        return request.path;
    }
    fs::path m_work;
    Machine machine = Machine::detect();
    Workers workers{2};
    JobContext job;
};

TEST_P(CheckpointTest, GivesTorchsLogits) { EXPECT_LT(apart(results(kGolden / GetParam()), expected()), kGap); }

TEST_P(CheckpointTest, BecomesAGgufFileThatGivesTheSame) {
    const fs::path file = exported("llama.cpp", "out.gguf");
    EXPECT_LT(apart(results(file), expected()), kGap);
    // What the file says of the network is what config.json says, as far as GGUF has words for it.
    const auto before = describeLanguage(*loadModel(kGolden / GetParam(), machine, job)), after = describeLanguage(*loadModel(file, machine, job));
    ASSERT_TRUE(before && after);
    EXPECT_EQ(after->whyNot, "");
    EXPECT_EQ(after->context, before->context);
    EXPECT_EQ(after->vocabulary, before->vocabulary);
    EXPECT_EQ(after->rope.dims, before->rope.dims);
}

TEST_P(CheckpointTest, AnotherConfigIsRefusedBeforeAnythingIsWritten) {
    const fs::path folder = m_work / "other";
    fs::create_directories(folder);
    for (const auto& entry : fs::directory_iterator(kGolden / GetParam())) fs::copy_file(entry.path(), folder / entry.path().filename(), fs::copy_options::overwrite_existing);
    const auto file = MappedFile::open(folder / "config.json");
    const std::string config(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
    // Widths and numbers of heads that are not the file's.
    for (const std::string key : {"hidden_size", "n_embd", "num_attention_heads", "num_key_value_heads", "intermediate_size", "head_dim"}) {
        const std::size_t at = config.find("\"" + key + "\": ");
        if (key == "num_attention_heads" && config.find("\"num_key_value_heads\": null") != std::string::npos) continue;  // heads of any size fit the matrices
        if (key == "num_attention_heads" && config.find("num_key_value_heads") == std::string::npos) continue;
        if (at == std::string::npos || config.compare(at + key.size() + 4, 4, "null") == 0) continue;
        std::string other = config;
        const std::size_t digits = at + key.size() + 4, end = config.find_first_not_of("0123456789", digits);
        other.replace(digits, end - digits, std::to_string(2 * std::stoi(config.substr(digits, end - digits))));
        fs::remove(folder / "config.json");
        std::ofstream(folder / "config.json") << other;
        ExportRequest request;
        request.target = "llama.cpp";
        request.path = m_work / "refused.gguf";
        EXPECT_THROW({
            request.model = loadModel(folder, machine, job);
            exportModel(request, workers, job);
        }, Error) << key;
        EXPECT_FALSE(fs::exists(request.path)) << key;
    }
}

INSTANTIATE_TEST_SUITE_P(All, CheckpointTest, testing::Values("llama", "llama_tied", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "phi2", "phi3", "gpt2", "bert"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace bitlathe
