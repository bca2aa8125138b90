// Checkpoints of llama2.c: the three layouts, whatever is wrong with them, and the real one of the corpus.
#include "core/base/error.h"
#include "core/formats/format.h"
#include "core/formats/llama2c/llama2c.h"
#include "core/language/architecture.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <map>

#include <unistd.h>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

constexpr std::int32_t kWidth = 8, kHidden = 12, kLayers = 2, kHeads = 2, kKeyHeads = 1, kTokens = 5, kContext = 6, kKeys = 4;

// A checkpoint written number by number; every float32 tensor counts on where the one before it ended.
class Sample {
public:
    explicit Sample(int version, bool own = false, std::int32_t group = 0) : m_group(group) {
        if (version > 0) put(std::uint32_t(0x616b3432)), put(std::int32_t(version));
        for (const std::int32_t number : {kWidth, kHidden, kLayers, kHeads, kKeyHeads, version == 0 && own ? -kTokens : kTokens, kContext}) put(number);
        if (version > 0) put(std::uint8_t(own ? 0 : 1));
        if (version == 2) put(group);
        if (version > 0) bytes.resize(256);
        if (version == 0) {
            matrix("token_embd", kTokens, kWidth), norms("attn_norm"), attention(), norms("ffn_norm"), feedForward(), floats("output_norm.weight", kWidth);
            floats({}, kContext * kKeys);  // of each position half a head of cosines, and of sines
        } else {
            norms("attn_norm"), norms("ffn_norm"), floats("output_norm.weight", kWidth), matrix("token_embd", kTokens, kWidth), attention(), feedForward();
        }
        if (own) matrix("output", kTokens, kWidth);
    }
    fs::path write(const char* name = "sample.bin") const {
        const fs::path path = fs::path(testing::TempDir()) / ("llama2c_" + std::to_string(::getpid())) / name;
        fs::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }

    std::string bytes;
    std::map<std::string, std::vector<float>> meant;

private:
    template <class T>
    void put(T value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof value); }
    void floats(const std::string& name, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) {
            const float x = 0.5f * static_cast<float>(m_next++);
            put(x);
            if (!name.empty()) meant[name].push_back(x);
        }
    }
    void matrix(const std::string& stem, std::int64_t rows, std::int64_t columns) {
        const std::string name = stem + ".weight";
        if (m_group == 0) return floats(name, rows * columns);
        std::vector<std::int8_t> codes;
        for (std::int64_t i = 0; i < rows * columns; ++i) put(codes.emplace_back(static_cast<std::int8_t>(m_next++ % 255 - 127)));
        for (std::int64_t g = 0; g < rows * columns / m_group; ++g) {
            const float scale = 0.01f * static_cast<float>(g + 1);
            put(scale);
            for (std::int64_t i = 0; i < m_group; ++i) meant[name].push_back(static_cast<float>(codes[static_cast<std::size_t>(g * m_group + i)]) * scale);
        }
    }
    template <class F>
    void layers(const char* name, F one) {
        for (int l = 0; l < kLayers; ++l) one("blk." + std::to_string(l) + "." + name);
    }
    void norms(const char* name) { layers(name, [&](const std::string& stem) { floats(stem + ".weight", kWidth); }); }
    void matrices(const char* name, std::int64_t rows, std::int64_t columns) { layers(name, [&](const std::string& stem) { matrix(stem, rows, columns); }); }
    void attention() { matrices("attn_q", kWidth, kWidth), matrices("attn_k", kKeys, kWidth), matrices("attn_v", kKeys, kWidth), matrices("attn_output", kWidth, kWidth); }
    void feedForward() { matrices("ffn_gate", kHidden, kWidth), matrices("ffn_down", kWidth, kHidden), matrices("ffn_up", kHidden, kWidth); }

    const std::int32_t m_group;
    std::int64_t m_next = 1;
};

void expectMeant(const Sample& sample, const Model& model) {
    ASSERT_EQ(model.layers.size(), sample.meant.size());
    for (const Layer& layer : model.layers) {
        const std::string& name = model.graph.value(layer.weight).name;
        ASSERT_TRUE(sample.meant.contains(name)) << name;
        const Tensor weight = weightOf(model.graph, layer);
        EXPECT_EQ(std::vector<float>(weight.as<float>().begin(), weight.as<float>().end()), sample.meant.at(name)) << name;
    }
}

std::string refusal(const std::string& bytes) {
    Sample sample(0);
    sample.bytes = bytes;
    JobContext job;
    try {
        readModel(sample.write("refused.bin"), job);
    } catch (const Error& error) {
        return error.message();
    }
    return "read";
}

TEST(Llama2c, ReadsEveryTensorOfAllThreeLayouts) {
    JobContext job;
    for (const int version : {0, 1, 2})
        for (const bool own : {false, true}) {
            SCOPED_TRACE(testing::Message() << version << own);
            const Sample sample(version, own, version == 2 ? 4 : 0);
            const Model model = readModel(sample.write(), job);
            EXPECT_EQ(model.format, "llama2c");
            expectMeant(sample, model);
            const auto spec = describeLanguage(model);
            ASSERT_TRUE(spec && spec->runs());
            EXPECT_EQ(spec->layers, kLayers);
            EXPECT_EQ(spec->kvHeads, kKeyHeads);
            EXPECT_EQ(spec->vocabulary, kTokens);
            EXPECT_EQ(spec->context, kContext);
            EXPECT_TRUE(spec->rope.interleaved);
        }
}

// 8 divides the width and not the 12 columns of the last matrix: groups begin in one row and end in the next.
TEST(Llama2c, GroupsReachOverTheEndsOfRows) {
    JobContext job;
    const Sample sample(2, false, 8);
    expectMeant(sample, readModel(sample.write(), job));
}

TEST(Llama2c, RefusesWhatDoesNotFitItsHead) {
    const std::string whole = Sample(0).bytes;
    EXPECT_NE(refusal(whole.substr(0, whole.size() - 4)).find("truncated"), std::string::npos);
    EXPECT_NE(refusal(whole + "more").find("truncated, damaged or something else"), std::string::npos);
    EXPECT_NE(refusal(std::string("PK\x03\x04") + whole.substr(4)).find("PyTorch"), std::string::npos);
    EXPECT_NE(refusal("short").find("too short"), std::string::npos);
    std::string three = Sample(1).bytes;
    three[4] = 3;
    EXPECT_NE(refusal(three).find("version 3"), std::string::npos);
    std::string heads = Sample(1).bytes;
    heads[8 + 12] = 3;
    EXPECT_NE(refusal(heads).find("3 heads in a width of 8"), std::string::npos);
    std::string group = Sample(2, false, 4).bytes;
    group[8 + 28 + 1] = 0;
    EXPECT_NE(refusal(group).find("groups of 0"), std::string::npos);
}

TEST(Llama2c, EveryFlippedByteOfTheHeadIsReadOrRefused) {
    for (const int version : {0, 1, 2}) {
        const std::string whole = Sample(version, false, version == 2 ? 4 : 0).bytes;
        for (std::size_t at = 0; at < 64; ++at)
            for (const int bit : {0, 6, 7}) {
                std::string flipped = whole;
                flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
                EXPECT_FALSE(refusal(flipped).empty());
            }
    }
}

TEST(Llama2c, TheStoriesAreThoseOfTheGgufFile) {
    const fs::path corpus = fs::path(BITLATHE_SOURCE_DIR) / "../shared/corpus/stories260k-llm";
    if (!fs::exists(corpus)) GTEST_SKIP() << corpus << " is not here";
    JobContext job;
    const Model got = readModel(corpus / "stories260K.bin", job), meant = readModel(corpus / "derived/stories260K-f32-GGUFv3.gguf", job);
    ASSERT_EQ(got.layers.size(), meant.layers.size());
    for (const Layer& layer : meant.layers) {
        const ValueId own = got.graph.find(meant.graph.value(layer.weight).name);
        ASSERT_NE(own, kNoValue) << layer.name;
        EXPECT_EQ(*got.graph.value(own).constant, weightOf(meant.graph, layer)) << layer.name;
    }
    EXPECT_EQ(*describeLanguage(got), *describeLanguage(meant));
    EXPECT_TRUE(llama2c::vocabularyBeside(got.source, 512));
    EXPECT_FALSE(llama2c::vocabularyBeside(got.source, 511));
}

}  // namespace
}  // namespace bitlathe
