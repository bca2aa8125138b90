// Damaged safetensors files: a clear error or a model whose every layer can be looked at, never a crash.
#include "core/base/error.h"
#include "core/formats/safetensors/safetensors.h"
#include "core/workflow/weight_source.h"
#include "tests/core/formats/safetensors_sample.h"
#include "tests/fuzz/mutations.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace bitlathe {
namespace {

class SafetensorsFuzz : public testing::Test {
protected:
    bool feed(const std::string& bytes) {
        const std::string path = m_file.write(bytes);
        JobContext job;
        try {
            const Model model = safetensors::read(path, job);
            for (std::size_t i = 0; i < model.layers.size(); ++i) {
                EXPECT_EQ(weightSource(model, i).values.count(), model.layers[i].parameters);
                const ChannelLayout& layout = model.layers[i].layout;
                EXPECT_EQ(layout.outer * layout.channels * layout.inner, model.layers[i].parameters);
            }
            return true;
        } catch (const Error& error) {
            EXPECT_GT(error.message().size(), 20u);
            return false;
        }
    }

    MemoryFile m_file;
};

TEST_F(SafetensorsFuzz, EveryPrefixIsRefused) {
    const std::string sample = smallSafetensors();
    EXPECT_TRUE(feed(sample));
    for (std::size_t length = 0; length < sample.size(); ++length) EXPECT_FALSE(feed(sample.substr(0, length))) << length;
}

TEST_F(SafetensorsFuzz, EveryFlippedByteIsRefusedOrRead) {
    const std::string sample = smallSafetensors();
    for (std::size_t at = 0; at < sample.size(); ++at)
        for (const int flip : {0x01, 0x02, 0x08, 0x40, 0x80, 0xff}) {
            std::string bytes = sample;
            bytes[at] = static_cast<char>(bytes[at] ^ flip);
            feed(bytes);
        }
}

TEST_F(SafetensorsFuzz, MutationsAreRefusedOrRead) {
    const char* text = std::getenv("BITLATHE_FUZZ_ROUNDS");
    const int count = text ? std::atoi(text) : 6000;
    int read = 0;
    for (int i = 0; i < count; ++i) read += feed(mutated(smallSafetensors(), static_cast<std::uint64_t>(i)));
    std::printf("%d of %d mutations were still models\n", read, count);
    EXPECT_GT(read, 0);
}

TEST_F(SafetensorsFuzz, AHeadThatNestsWithoutEndIsRefused) {
    const std::string deep(200'000, '[');
    EXPECT_FALSE(feed(safetensorsFile("{\"a\":" + deep, "")));
    std::string objects = "{\"a\":";
    for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
    EXPECT_FALSE(feed(safetensorsFile(objects, "")));
}

}  // namespace
}  // namespace bitlathe
