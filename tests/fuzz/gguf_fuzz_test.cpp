// Damaged GGUF files: a clear error or a model whose every layer can be looked at, never a crash.
#include "core/base/error.h"
#include "core/formats/gguf/imatrix.h"
#include "core/workflow/load.h"
#include "core/workflow/weight_source.h"
#include "tests/core/formats/gguf_sample.h"
#include "tests/fuzz/mutations.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace bitlathe {
namespace {

class GgufFuzz : public testing::Test {
protected:
    bool feed(const std::string& bytes) {
        const std::string path = m_file.write(bytes);
        JobContext job;
        try {
            const auto model = loadModel(path, m_machine, job);
            missingOperators(*model);
            for (std::size_t i = 0; i < model->layers.size(); ++i) {
                EXPECT_FALSE(isRunnable(*model, model->layers[i]));
                EXPECT_EQ(weightSource(*model, i).values.count(), model->layers[i].parameters);
            }
            return true;
        } catch (const Error& error) {
            EXPECT_GT(error.message().size(), 20u);
            return false;
        }
    }

    MemoryFile m_file;
    Machine m_machine = Machine::detect(Isa::Reference);
};

TEST_F(GgufFuzz, EveryPrefixIsRefusedOrRead) {
    for (const std::uint32_t version : {1u, 3u}) {
        const std::string sample = smallGguf(version);
        EXPECT_TRUE(feed(sample));
        for (std::size_t length = 0; length < sample.size(); ++length) feed(sample.substr(0, length));
    }
}

TEST_F(GgufFuzz, EveryFlippedByteIsRefusedOrRead) {
    for (const std::uint32_t version : {1u, 3u}) {
        const std::string sample = smallGguf(version);
        for (std::size_t at = 0; at < sample.size(); ++at)
            for (const int flip : {0x01, 0x02, 0x08, 0x40, 0x80, 0xff}) {
                std::string bytes = sample;
                bytes[at] = static_cast<char>(bytes[at] ^ flip);
                feed(bytes);
            }
    }
}

TEST_F(GgufFuzz, MutationsAreRefusedOrRead) {
    const char* text = std::getenv("BITLATHE_FUZZ_ROUNDS");
    const int count = text ? std::atoi(text) : 6000;
    int read = 0;
    for (int i = 0; i < count; ++i) read += feed(mutated(smallGguf(i % 2 ? 3 : 1), static_cast<std::uint64_t>(i)));
    std::printf("%d of %d mutations were still models\n", read, count);
    EXPECT_GT(read, 0);
}

// Blocks of every type, filled with anything.
TEST_F(GgufFuzz, AnyBytesInBlocksCanBeLookedAt) {
    for (std::uint32_t type = 0; type < 48; ++type)
        for (std::uint64_t round = 0; round < 4; ++round) {
            std::string data(4096, '\0');
            for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>((i * 2654435761u + round * 97 + type) >> (i % 13));
            feed(GgufSample().tensor("x.weight", {256, 2}, type, data).bytes());
        }
}

TEST_F(GgufFuzz, DamagedImportanceIsRefusedOrRead) {
    const std::vector<float> sums = {2, 4, 6, 8}, counts = {2};
    const auto number = [](std::int32_t n) { return std::string(reinterpret_cast<const char*>(&n), 4); };
    const std::string old = number(1) + number(1) + "a" + number(2) + number(4) + bytesOf(sums) + number(17) + number(4) + "wiki";
    const std::string now = GgufSample().text("general.type", "imatrix").tensor("a.in_sum2", {4, 1}, 0, bytesOf(sums)).tensor("a.counts", {1, 1}, 0, bytesOf(counts)).bytes();
    JobContext job;
    for (const std::string& sample : {old, now})
        for (std::size_t at = 0; at < sample.size(); ++at)
            for (const int flip : {0x01, 0x08, 0x40, 0x80, 0xff}) {
                std::string bytes = sample;
                bytes[at] = static_cast<char>(bytes[at] ^ flip);
                for (const std::string& damaged : {bytes, bytes.substr(0, at)}) {
                    try {
                        const Importance importance = gguf::readImportance(m_file.write(damaged), job);
                        for (const auto& [name, values] : importance.tensors)
                            for (const float v : values) EXPECT_GE(v, 0.0f) << name;
                    } catch (const Error& error) {
                        EXPECT_GT(error.message().size(), 20u);
                    }
                }
            }
}

}  // namespace
}  // namespace bitlathe
