#include "core/workflow/collect_importance.h"

#include "core/base/mapped_file.h"
#include "core/formats/gguf/imatrix.h"
#include "core/workflow/load.h"
#include "core/workflow/load_tokenizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

const fs::path kVectors = fs::path(BITLATHE_SOURCE_DIR) / ".." / "shared" / "vectors/gguf";

struct Rig {
    JobContext job;
    Workers workers{2};
    Machine machine = Machine::detect();
    std::vector<TextWindow> windows;
    Importance collect(std::int64_t context, const ImportanceOptions& options = {}, int threads = 2) {
        const fs::path model = kVectors / "tiny-f16.gguf";
        const auto text = MappedFile::open(kVectors / "eval.txt");
        windows = windowsOf({reinterpret_cast<const char*>(text->bytes().data()), text->bytes().size()}, loadTokenizer(model, job), {.context = context}, job);
        Workers crew(threads);
        return collectImportance(prepareLanguage(loadModel(model, machine, job), EngineMode::Float, machine), windows, options, crew, job);
    }
};

TEST(CollectImportance, IsThatOfLlamaImatrix) {
    if (!fs::exists(kVectors)) GTEST_SKIP() << "no " << kVectors;
    Rig rig;
    const Importance theirs = gguf::readImportance(kVectors / "tiny-imatrix.dat", rig.job), ours = rig.collect(64, {.mostWindows = 8});
    EXPECT_EQ(ours.chunks, theirs.chunks);
    ASSERT_EQ(ours.tensors.size(), theirs.tensors.size());
    for (const auto& [name, means] : theirs.tensors) {
        const auto mine = ours.of(name);
        ASSERT_EQ(mine.size(), means.size()) << name;
        double error = 0, size = 0;
        for (std::size_t i = 0; i < means.size(); ++i) error += std::pow(double(mine[i]) - double(means[i]), 2), size += double(means[i]) * double(means[i]);
        EXPECT_LT(std::sqrt(error / size), 1e-3) << name << ": theirs ran with activations in float16";
    }
}

TEST(CollectImportance, ComesBackFromBothForms) {
    if (!fs::exists(kVectors)) GTEST_SKIP() << "no " << kVectors;
    Rig rig;
    Importance made = rig.collect(64, {.mostWindows = 3, .output = true});
    made.dataset = "eval.txt";
    EXPECT_EQ(made.chunks, 3);
    EXPECT_EQ(made.chunkTokens, 64);
    EXPECT_EQ(made.tensors.size(), 8u) << "the logits' weight too";
    for (const char* name : {"importance_test.dat", "importance_test.gguf"}) {
        const fs::path path = fs::temp_directory_path() / (std::to_string(::testing::UnitTest::GetInstance()->random_seed()) + name);
        gguf::writeImportance(path, made);
        const Importance back = gguf::readImportance(path, rig.job);
        fs::remove(path);
        EXPECT_EQ(back.chunks, 3);
        EXPECT_NE(back.dataset.find("eval.txt"), std::string::npos);
        ASSERT_EQ(back.tensors.size(), made.tensors.size());
        for (const auto& [tensor, means] : made.tensors)
            for (std::size_t i = 0; i < means.size(); ++i) EXPECT_NEAR(back.tensors.at(tensor)[i], means[i], 1e-6f * means[i]) << name << " " << tensor;
    }
}

TEST(CollectImportance, IsTheSameForEveryNumberOfThreads) {
    if (!fs::exists(kVectors)) GTEST_SKIP() << "no " << kVectors;
    Rig rig;
    EXPECT_EQ(rig.collect(64, {.mostWindows = 2}, 1).tensors, rig.collect(64, {.mostWindows = 2}, 3).tensors);
}

}  // namespace
}  // namespace bitlathe
