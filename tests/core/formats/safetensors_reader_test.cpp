#include "core/formats/safetensors/safetensors.h"

#include "core/base/error.h"
#include "tests/core/formats/gguf_sample.h"
#include "tests/core/formats/safetensors_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

Model readBytes(const std::string& bytes) {
    JobContext job;
    return readModel(writeSample("sample.safetensors", bytes), job);
}

void expectRefusal(const std::string& bytes, const std::string& part) {
    JobContext job;
    try {
        safetensors::read(writeSample("damaged.safetensors", bytes), job);
        ADD_FAILURE() << "was read, expected: " << part;
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Input);
        EXPECT_NE(error.message().find(part), std::string::npos) << error.message();
        EXPECT_NE(error.message().find("damaged.safetensors"), std::string::npos) << error.message();
    }
}

fs::path folderOf(const std::string& name) {
    const fs::path folder = writeSample("marker", "").parent_path() / name;
    fs::remove_all(folder);
    fs::create_directories(folder);
    return folder;
}
void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::string floats(std::size_t count) { return bytesOf(std::vector<float>(count, 1.5f)); }

TEST(SafetensorsReader, ReadsTensorsInTheOrderOfComputation) {
    const Model model = readBytes(smallSafetensors());
    EXPECT_EQ(model.format, "safetensors");
    EXPECT_TRUE(model.graph.weightsOnly);
    std::vector<std::string> names;
    for (const Layer& layer : model.layers) names.push_back(layer.name);
    EXPECT_EQ(names, (std::vector<std::string>{"model.embed_tokens", "layers.2.down", "layers.2.gate", "layers.2.norm", "layers.10.up", "counter", "mask", "lm_head"}));
}

TEST(SafetensorsReader, ValuesAreThoseOfTheFile) {
    const Model model = readBytes(smallSafetensors());
    const Layer& head = model.layers.back();
    EXPECT_EQ(head.shape, (Shape{8, 16}));
    EXPECT_EQ(head.layout, (ChannelLayout{1, 8, 16}));
    EXPECT_EQ(head.storedAs, "float32");
    EXPECT_TRUE(head.quantizable);
    const Tensor values = weightOf(model.graph, head);
    for (std::size_t i = 0; i < 128; ++i) ASSERT_EQ(values.as<float>()[i], std::sin(0.1f * float(i)));
    EXPECT_EQ(model.layers[0].kind, LayerKind::Embedding);
    EXPECT_EQ(model.layers[0].storedAs, "float16");
}

TEST(SafetensorsReader, QuantizedTensorsAreOneLayer) {
    const Model model = readBytes(smallSafetensors());
    const Layer &packed = model.layers[1], &eight = model.layers[2], &gptq = model.layers[4];
    EXPECT_EQ(packed.storedAs, "packed-int-2bit g8");
    EXPECT_EQ(eight.storedAs, "float8e4m3fn");
    EXPECT_EQ(gptq.storedAs, "gptq-4bit g8");
    EXPECT_EQ(gptq.bytes, 64 + 8 + 32 + 64);
    for (const Layer* layer : {&packed, &eight, &gptq}) {
        EXPECT_TRUE(layer->quantizable) << layer->name;
        EXPECT_EQ(layer->shape, (Shape{8, 16})) << layer->name;
    }
    EXPECT_EQ(weightOf(model.graph, eight).as<float>()[0], 3.0f);  // 0x3c is 1.5
    const Tensor values = weightOf(model.graph, gptq);  // word 0x76543210 eight times, zero points 1 … 8 by row
    for (std::size_t i = 0; i < 128; ++i) ASSERT_EQ(values.as<float>()[i], float(int(i % 8) - int(i / 16) - 1));
    EXPECT_NE(std::find(model.notes.begin(), model.notes.end(), "1 weight is stored as GPTQ, 4 bits, groups of 8"), model.notes.end());
}

TEST(SafetensorsReader, RefusesDamagedHeadsAndSaysWhere) {
    const std::string four = R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})";
    expectRefusal("short", "5 bytes");
    expectRefusal(safetensorsFile(four, floats(4)).substr(0, 30), "truncated");
    expectRefusal(safetensorsFile(four, floats(3)), "beyond the file's end");
    expectRefusal(safetensorsFile(four, floats(5)), "last 4 bytes belong to no tensor");
    expectRefusal(safetensorsFile(R"({"a":{"dtype":"F32","shape":[5],"data_offsets":[0,16]}})", floats(4)), "do not fit 5 of F32");
    expectRefusal(safetensorsFile(R"({"a":{"dtype":"F99","shape":[4],"data_offsets":[0,16]}})", floats(4)), "type 'F99'");
    expectRefusal(safetensorsFile(R"({"a":{"dtype":"F32","shape":[4]}})", floats(4)), "lacks dtype, shape or data_offsets");
    expectRefusal(safetensorsFile(R"({"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}})", floats(4)), "negative");
    expectRefusal(safetensorsFile(R"({"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,16]}})", floats(4)), "too large");
    expectRefusal(safetensorsFile(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}})", floats(4)), "no begin and end");
    expectRefusal(safetensorsFile(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"data_offsets":[0,16]}})", floats(4)), "twice");
    expectRefusal(safetensorsFile(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[0],"data_offsets":[16,16]}})", floats(4)), "named twice");
    expectRefusal(safetensorsFile(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}})", floats(6)), "shares bytes");
    expectRefusal(safetensorsFile(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})", floats(3)), "begins 4 bytes after");
    expectRefusal(safetensorsFile(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"more":1}})", floats(4)), "'more'");
    expectRefusal(safetensorsFile(R"({"a":{"shape":{"c":{}}}})", ""), "unexpected");
    expectRefusal(safetensorsFile(four + "x", floats(4)), "no well-formed JSON");
    expectRefusal(safetensorsFile("{}", ""), "holds no tensors");
    std::string huge = safetensorsFile(four, floats(4));
    huge[7] = 1;
    expectRefusal(huge, "100 MB");
}

TEST(SafetensorsReader, ReadsNumbersAtOddAddresses) {
    const std::string head = R"({"f":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"i":{"dtype":"I64","shape":[1],"data_offsets":[16,24]}} )";
    ASSERT_NE(head.size() % 4, 0u);
    const Model model = readBytes(safetensorsFile(head, floats(4) + std::string("\x07\0\0\0\0\0\0\0", 8)));
    EXPECT_EQ(weightOf(model.graph, model.layers[0]), Tensor::of(Shape{2, 2}, std::vector<float>(4, 1.5f)));
    EXPECT_EQ(model.layers[0].storedAs, "float32");
    EXPECT_TRUE(model.layers[0].note.empty()) << model.layers[0].note;
    EXPECT_EQ(weightOf(model.graph, model.layers[1]).as<float>()[0], 7.0f);
}

TEST(SafetensorsReader, FiltersAndConv1dHaveTheirChannelsWhereTheyAre) {
    const fs::path folder = folderOf("gpt2");
    write(folder / "config.json", R"({"model_type": "gpt2"})");
    write(folder / "model.safetensors", SafetensorsSample()
                                            .tensor("stem.conv.weight", "F32", {4, 3, 2, 2}, floats(48))
                                            .tensor("h.0.attn.c_attn.weight", "F32", {2, 6}, floats(12))
                                            .tensor("h.0.experts.weight", "F32", {2, 3, 40}, floats(240))
                                            .bytes());
    JobContext job;
    const Model model = readModel(folder / "model.safetensors", job);
    EXPECT_EQ(model.producer, "gpt2");
    EXPECT_EQ(model.name, "gpt2");
    EXPECT_EQ(model.layers[0].kind, LayerKind::Conv);
    EXPECT_EQ(model.layers[0].layout, (ChannelLayout{1, 4, 12}));
    EXPECT_EQ(model.layers[1].layout, (ChannelLayout{2, 6, 1}));
    EXPECT_EQ(model.layers[1].channelAxis, 1);
    EXPECT_EQ(model.layers[2].layout, (ChannelLayout{1, 6, 40}));
}

TEST(SafetensorsReader, OpensSeveralFilesByIndexByFolderAndByOneOfThem) {
    const fs::path folder = folderOf("parts");
    write(folder / "model-00001-of-00002.safetensors", SafetensorsSample().metadata("format", "pt").tensor("layers.1.up.weight", "F32", {2, 2}, floats(4)).bytes());
    write(folder / "model-00002-of-00002.safetensors", SafetensorsSample().tensor("layers.0.up.weight", "F32", {2, 2}, floats(4)).tensor("stray", "F32", {1}, floats(1)).bytes());
    write(folder / "model.safetensors.index.json",
          R"({"metadata":{"total_size":32},"weight_map":{"layers.0.up.weight":"model-00002-of-00002.safetensors","layers.1.up.weight":"model-00001-of-00002.safetensors"}})");
    write(folder / "tokenizer.json", R"({"model": {}})");
    for (const fs::path& path : {folder, folder / "model.safetensors.index.json", folder / "model-00002-of-00002.safetensors"}) {
        JobContext job;
        const Model model = readModel(path, job);
        ASSERT_EQ(model.layers.size(), 2u) << path;
        EXPECT_EQ(model.layers[0].name, "layers.0.up");
        EXPECT_EQ(model.shards.size(), 2u);
        EXPECT_EQ(model.weightFiles.size(), 2u);
        EXPECT_EQ(model.source, folder / "model.safetensors.index.json");
        EXPECT_EQ(model.metadata, (std::vector<std::pair<std::string, std::string>>{{"format", "pt"}, {"tokenizer.json", R"({"model": {}})"}}));
    }
}

TEST(SafetensorsReader, RefusesAnIndexThatLies) {
    const fs::path folder = folderOf("lies");
    write(folder / "a.safetensors", SafetensorsSample().tensor("x", "F32", {1}, floats(1)).bytes());
    const auto refusal = [&](const std::string& index) {
        write(folder / "model.safetensors.index.json", index);
        JobContext job;
        try {
            readModel(folder, job);
        } catch (const Error& error) {
            return error.message();
        }
        return std::string("was read");
    };
    EXPECT_NE(refusal(R"({"weight_map":{"y":"a.safetensors"}})").find("does not have it"), std::string::npos);
    EXPECT_NE(refusal(R"({"weight_map":{"x":"../a.safetensors"}})").find("no file of its folder"), std::string::npos);
    EXPECT_NE(refusal(R"({"weight_map":{"x":"gone.safetensors"}})").find("gone.safetensors"), std::string::npos);
    EXPECT_NE(refusal(R"({"weight_map":{}})").find("weight_map"), std::string::npos);
    EXPECT_NE(refusal("[1").find("weight_map"), std::string::npos);
}

TEST(SafetensorsReader, AFolderWithoutAModelIsRefused) {
    JobContext job;
    const fs::path folder = folderOf("empty");
    EXPECT_THROW(readModel(folder, job), Error);
    write(folder / "a.safetensors", SafetensorsSample().tensor("x", "F32", {1}, floats(1)).bytes());
    EXPECT_EQ(readModel(folder, job).layers.size(), 1u);
    write(folder / "b.safetensors", SafetensorsSample().tensor("x", "F32", {1}, floats(1)).bytes());
    EXPECT_THROW(readModel(folder, job), Error);
}

// One test over the checkpoints of the corpus: all of their tensors, with the configuration beside them.
TEST(SafetensorsReader, ReadsTheCorpus) {
    const fs::path corpus = fs::path(BITLATHE_SOURCE_DIR) / "../shared/corpus";
    if (!fs::exists(corpus)) GTEST_SKIP() << corpus << " is not here";
    struct Case {
        const char* path;
        std::size_t layers;
        std::int64_t parameters;
        const char* producer;
    };
    for (const Case& one : {Case{"stories260k-llm/derived/hf", 47, 260'032, "llama"}, Case{"bart-g2p-us/model.safetensors", 50, 751'551, "bart"}, Case{"mnist-onnx-safetensors/mnist.safetensors", 20, 376'940, ""}}) {
        JobContext job;
        const Model model = readModel(corpus / one.path, job);
        EXPECT_EQ(model.layers.size(), one.layers) << one.path;
        EXPECT_EQ(model.producer, one.producer);
        std::int64_t parameters = 0;
        for (const Layer& layer : model.layers) parameters += layer.parameters;
        EXPECT_EQ(parameters, one.parameters) << one.path;
    }
}

TEST(SafetensorsReader, BiasesAndMasksAreNoLayersToQuantize) {
    SafetensorsSample sample;
    sample.tensor("final_logits_bias", "F32", {1, 4}, std::string(16, '\0')).tensor("h.0.attn.bias", "F32", {1, 1, 2, 2}, std::string(16, '\0')).tensor("h.0.attn.c_attn.weight", "F32", {2, 2}, std::string(16, '\0'));
    JobContext job;
    const Model model = readModel(writeSample("biases.safetensors", sample.bytes()), job);
    for (const Layer& layer : model.layers) {
        EXPECT_EQ(layer.quantizable, layer.name == "h.0.attn.c_attn") << layer.name;
        EXPECT_EQ(layer.kind == LayerKind::Other, layer.name != "h.0.attn.c_attn") << layer.name;
    }
}

}  // namespace
}  // namespace bitlathe
