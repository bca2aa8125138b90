#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/formats/gguf/container.h"
#include "core/formats/gguf/gguf.h"
#include "tests/core/formats/gguf_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

Model readBytes(const std::string& bytes) {
    JobContext job;
    return readModel(writeSample("sample.gguf", bytes), job);
}
std::string refusalOf(const std::string& bytes) {
    JobContext job;
    try {
        gguf::read(writeSample("damaged.gguf", bytes), job);
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Input);
        return error.message();
    }
    return "";
}
void expectRefusal(const std::string& bytes, const std::string& part) {
    const std::string message = refusalOf(bytes);
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_NE(message.find("damaged.gguf"), std::string::npos) << message;
}

TEST(GgufReader, ReadsTensorsOfEveryVersion) {
    for (const std::uint32_t version : {1u, 2u, 3u}) {
        const Model model = readBytes(smallGguf(version));
        ASSERT_EQ(model.layers.size(), 4u) << version;
        EXPECT_EQ(model.format, "gguf");
        EXPECT_TRUE(model.graph.weightsOnly);
        EXPECT_EQ(model.producer, "llama");
        const Layer& matrix = model.layers[1];
        EXPECT_EQ(matrix.name, "blk.0.attn_q");
        EXPECT_EQ(matrix.shape, (Shape{8, 64}));
        EXPECT_EQ(matrix.layout, (ChannelLayout{1, 8, 64}));
        EXPECT_EQ(matrix.storedAs, "float32");
        EXPECT_TRUE(matrix.quantizable);
        const auto x = weightOf(model.graph, matrix);
        for (std::size_t i = 0; i < 512; ++i) ASSERT_EQ(x.as<float>()[i], std::sin(0.1f * float(i)));
        EXPECT_FALSE(model.layers[0].quantizable);
        EXPECT_EQ(model.layers[0].kind, LayerKind::Norm);
        EXPECT_EQ(model.layers[2].storedAs, "float16");
    }
}

TEST(GgufReader, DecodesBlocksWhenSomebodyLooks) {
    const Model model = readBytes(smallGguf());
    const Layer& layer = model.layers[3];
    EXPECT_EQ(layer.name, "token_embd");
    EXPECT_EQ(layer.kind, LayerKind::Embedding);
    EXPECT_EQ(layer.storedAs, "q8_0");
    EXPECT_EQ(layer.bytes, 4 * 34);
    EXPECT_TRUE(layer.quantizable);
    const auto x = weightOf(model.graph, layer);
    EXPECT_EQ(x.shape(), (Shape{2, 64}));
    for (std::size_t i = 0; i < 128; ++i) ASSERT_EQ(x.as<float>()[i], float(i / 32 + 1));
}

TEST(GgufReader, KeepsKeysForPeople) {
    const Model model = readBytes(smallGguf(1));
    ASSERT_EQ(model.metadata.size(), 5u);
    EXPECT_EQ(model.metadata[0], (std::pair<std::string, std::string>("general.architecture", "llama")));
    EXPECT_EQ(model.metadata[1].second, "32");
    EXPECT_EQ(model.metadata[2].second, "3 entries: '<unk>', 'a', 'b c'");
    EXPECT_EQ(model.metadata[3].second, "10000");
    EXPECT_EQ(model.metadata[4].second, "true");
}

TEST(GgufReader, WidensTheLengthsOfVersionOne) {
    JobContext job;
    const std::string one = smallGguf(1), three = smallGguf(3);
    const auto asBytes = [](const std::string& text) { return std::as_bytes(std::span(text.data(), text.size())); };
    const auto first = gguf::parse(asBytes(one), "one", job), third = gguf::parse(asBytes(three), "three", job);
    ASSERT_EQ(first.keys.size(), third.keys.size());
    for (std::size_t i = 0; i < first.keys.size(); ++i) EXPECT_EQ(gguf::withLongLengths(first.keys[i], 4), gguf::withLongLengths(third.keys[i], 8)) << first.keys[i].key;
}

TEST(GgufReader, StacksOfMatricesAreLayers) {
    const Model model = readBytes(GgufSample().tensor("blk.0.ffn_up_exps.weight", {32, 4, 3}, 0, std::string(32 * 4 * 3 * 4, '\0')).bytes());
    EXPECT_EQ(model.layers[0].shape, (Shape{3, 4, 32}));
    EXPECT_EQ(model.layers[0].layout, (ChannelLayout{1, 12, 32}));
    EXPECT_TRUE(model.layers[0].quantizable);
}

TEST(GgufReader, NamesOfLayersAreUnique) {
    const std::string data(64 * 4, '\0');
    const Model model = readBytes(GgufSample().tensor("a.weight", {64}, 0, data).tensor("a", {64}, 0, data).tensor("b.weight", {64}, 0, data).bytes());
    EXPECT_EQ(model.layers[0].name, "a.weight");
    EXPECT_EQ(model.layers[1].name, "a");
    EXPECT_EQ(model.layers[2].name, "b");
}

TEST(GgufReader, RefusesWhatIsNoGguf) {
    expectRefusal("", "empty");
    expectRefusal("PK\x03\x04 and more of it", "does not begin with 'GGUF'");
    std::string bytes = smallGguf();
    bytes[4] = 4;
    expectRefusal(bytes, "version 4");
    bytes[4] = 0;
    expectRefusal(bytes, "version 0");
    bytes[7] = 3;
    expectRefusal(bytes, "big-endian");
    expectRefusal(GgufSample().text("general.architecture", "gpt2").bytes(), "holds no tensors");
}

TEST(GgufReader, RefusesCountsThatNoFileHolds) {
    const std::string sample = smallGguf();
    for (const std::size_t at : {8u, 16u}) {  // tensors, keys
        std::string bytes = sample;
        bytes[at + 6] = 1;
        expectRefusal(bytes, "more than the file could hold");
    }
    const std::string much("\x04\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f", 12);
    expectRefusal(GgufSample().raw("a", 9, much).bytes(), "more than the file could hold");
    expectRefusal(GgufSample().raw("a", 8, std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8)).bytes(), "ends at byte");
    std::string deep;
    for (int i = 0; i < 20; ++i) deep += std::string("\x09\0\0\0\x01\0\0\0\0\0\0\0", 12);
    expectRefusal(GgufSample().raw("a", 9, deep + std::string(64, '\0')).bytes(), "arrays in arrays");
    expectRefusal(GgufSample().raw("a", 77, "x").bytes(), "unknown type 77");
}

TEST(GgufReader, RefusesTensorsThatCannotBe) {
    const std::string data(4096, '\0');
    expectRefusal(GgufSample().tensor("x", {64}, 0, data).tensor("x", {64}, 0, data).bytes(), "there twice");
    expectRefusal(GgufSample().text("k", "v").text("k", "w").tensor("x", {64}, 0, data).bytes(), "the key 'k' is there twice");
    expectRefusal(GgufSample().tensor("x", {64}, 4, data).bytes(), "type 4");
    expectRefusal(GgufSample().tensor("x", {48, 2}, 2, data).bytes(), "rows of 48 values");
    expectRefusal(GgufSample().tensor("x", {1, 1, 1, 1, 1}, 0, data).bytes(), "5 dimensions");
    expectRefusal(GgufSample().tensor("x", {std::uint64_t(1) << 40, std::uint64_t(1) << 40}, 0, data).bytes(), "impossible dimensions");
    expectRefusal(GgufSample().tensor("x", {~std::uint64_t(0)}, 0, data).bytes(), "impossible dimensions");
    expectRefusal(GgufSample().tensorAt("x", {64}, 0, 16).tensor("y", {64}, 0, data).bytes(), "no multiple of 32");
    expectRefusal(GgufSample().tensorAt("x", {64}, 0, ~std::uint64_t(31)).tensor("y", {64}, 0, data).bytes(), "truncated");
    expectRefusal(GgufSample().tensor("x", {1 << 20, 1 << 10}, 1, data).bytes(), "truncated");
    expectRefusal(GgufSample().number("general.alignment", 24).tensor("x", {64}, 0, data).bytes(), "general.alignment is 24");
    expectRefusal(GgufSample().text("general.alignment", "x").tensor("x", {64}, 0, data).bytes(), "general.alignment is x");
    expectRefusal(GgufSample().tensor(std::string("\xff\x01", 2), {64}, 0, data).bytes(), "is no text");
}

TEST(GgufReader, OpensTheFilesOfTheCorpus) {
    const fs::path corpus = std::string(BITLATHE_SOURCE_DIR) + "/../shared/corpus/stories260k-llm";
    if (!fs::exists(corpus)) GTEST_SKIP() << "the corpus is not here";
    JobContext job;
    const Model one = readModel(corpus / "stories260K-f32-GGUFv1.gguf", job), three = readModel(corpus / "derived/stories260K-f32-GGUFv3.gguf", job);
    EXPECT_EQ(one.layers.size(), 48u);  // the output is written out, in the other file it is the embedding
    EXPECT_EQ(three.layers.size(), 47u);
    for (const Layer& layer : three.layers) {
        const auto other = std::find_if(one.layers.begin(), one.layers.end(), [&](const Layer& l) { return l.name == layer.name; });
        ASSERT_NE(other, one.layers.end()) << layer.name;
        EXPECT_EQ(weightOf(three.graph, layer), weightOf(one.graph, *other)) << layer.name;
    }
}

TEST(GgufReader, AVocabularyAloneCanBeLookedAt) {
    JobContext job;
    const auto alone = gguf::vocabularyAlone(writeSample("alone.gguf", GgufSample().text("general.architecture", "gpt2").texts("tokenizer.ggml.tokens", {"a", "b"}).bytes()), job);
    ASSERT_TRUE(alone);
    EXPECT_TRUE(alone->layers.empty());
    ASSERT_EQ(alone->metadata.size(), 2u);
    EXPECT_EQ(alone->metadata[1].first, "tokenizer.ggml.tokens");
    EXPECT_FALSE(gguf::vocabularyAlone(writeSample("whole.gguf", smallGguf()), job));
    EXPECT_FALSE(gguf::vocabularyAlone(writeSample("other.bin", "something else"), job));
}

}  // namespace
}  // namespace bitlathe
