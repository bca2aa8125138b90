// Damaged Keras files: HDF5 may crash on them, but only in its own process; here a model or a refusal comes out.
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/quant/qdq.h"
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
