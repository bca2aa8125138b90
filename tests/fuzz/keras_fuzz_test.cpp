// Damaged Keras files: HDF5 may crash on them, but only in its own process; here a model or a refusal comes out.
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/quant/qdq.h"
#include "core/workflow/export.h"
#include "core/workflow/load.h"
#include "tests/fuzz/mutations.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <unistd.h>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

int rounds(int standard) {
    const char* text = std::getenv("BITLATHE_FUZZ_ROUNDS");
    return text ? std::atoi(text) : standard;
}

class KerasFuzz : public testing::Test {
protected:
    ~KerasFuzz() override { fs::remove(m_path); }

    static std::string sample(const char* name) {
        std::ifstream file(std::string(BITLATHE_SOURCE_DIR "/tests/golden/keras/") + name + ".h5", std::ios::binary);
        std::stringstream bytes;
        bytes << file.rdbuf();
        return bytes.str();
    }

    bool feed(const std::string& bytes) {
        std::ofstream(m_path, std::ios::binary) << bytes;
        JobContext job;
        try {
            const auto model = loadModel(m_path, m_machine, job);
            missingOperators(*model);
            quantizeModel(*model, findPreset("int4-g32")->recipe, {}, {}, m_workers, job);
            return true;
        } catch (const Error& error) {
            EXPECT_GT(error.message().size(), 20u);
            return false;
        }
    }

    fs::path m_path = fs::temp_directory_path() / ("bitlathe-keras-fuzz-" + std::to_string(::getpid()) + ".h5");
    Machine m_machine = Machine::detect(Isa::Reference);
    Workers m_workers{1};
};

TEST_F(KerasFuzz, DamagedFilesAreRefusedOrRead) {
    for (const char* name : {"branches", "lstm", "keras3_mlp"}) {
        const std::string bytes = sample(name);
        ASSERT_TRUE(feed(bytes)) << name;
        for (int i = 0; i < rounds(120); ++i) feed(mutated(bytes, static_cast<std::uint64_t>(i)));
    }
}

// Codes in the place of floats: every length and every place in a table is the file's word.
TEST_F(KerasFuzz, DamagedCodesAreRefusedOrRead) {
    for (const char* codec : {"int", "nf4", "q4_k", "kmeans"}) {
        ExportRequest request;
        JobContext job;
        request.model = loadModel(BITLATHE_SOURCE_DIR "/tests/golden/keras/conv2d_same.h5", m_machine, job);
        request.recipe.defaults.weights = QuantSpec{.codec = codec, .bits = 4};
        request.target = "keras-codes";
        request.path = m_path;
        exportModel(request, m_workers, job);
        std::ifstream file(m_path, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        ASSERT_TRUE(feed(bytes)) << codec;
        for (int i = 0; i < rounds(30); ++i) {
            feed(mutated(bytes, static_cast<std::uint64_t>(i)));
            std::string changed = bytes;  // a single bit
            const std::size_t at = static_cast<std::size_t>(i) * 7919 % bytes.size();
            changed[at] = static_cast<char>(changed[at] ^ (1 << (i % 8)));
            feed(changed);
        }
    }
}

TEST_F(KerasFuzz, DamagedFilesAreCopiedOrRefused) {
    const std::string bytes = sample("lstm");
    const fs::path out = m_path.string() + ".out.h5";
    int written = 0;
    for (int i = 0; i < rounds(120); ++i) {
        std::ofstream(m_path, std::ios::binary) << mutated(bytes, static_cast<std::uint64_t>(i));
        JobContext job;
        try {
            ExportRequest request;
            request.model = loadModel(m_path, m_machine, job);
            request.recipe.defaults.weights = QuantSpec{};
            request.target = "keras";
            request.path = out;
            exportModel(request, m_workers, job);
            ++written;
            loadModel(out, m_machine, job);
        } catch (const Error& error) {
            EXPECT_GT(error.message().size(), 20u);
        }
    }
    EXPECT_GT(written, 0);
    fs::remove(out);
}

TEST_F(KerasFuzz, EveryPrefixIsRefused) {
    const std::string bytes = sample("shared");
    constexpr std::size_t kStep = 211;
    for (std::size_t length = 0; length < bytes.size(); length += kStep) EXPECT_FALSE(feed(bytes.substr(0, length))) << length;
}

// The settings of layers with other values: numbers that do not fit, lists that are too short, links that lead nowhere.
TEST_F(KerasFuzz, ImpossibleSettingsAreRefusedOrShown) {
    const std::string bytes = sample("branches");
    const std::size_t begin = bytes.find("{\"class_name\""), end = bytes.find("tensor_flow.js", begin);
    ASSERT_NE(begin, std::string::npos);
    ASSERT_NE(end, std::string::npos);
    int changed = 0;
    for (std::size_t at = begin; at < end && changed < rounds(250); ++at) {
        if (bytes[at] < '0' || bytes[at] > '9') continue;
        for (const char digit : {'0', '9', '-', '}'}) {
            std::string other = bytes;
            other[at] = digit;
            feed(other);
            ++changed;
        }
    }
    EXPECT_GT(changed, 100);
}

}  // namespace
}  // namespace bitlathe
