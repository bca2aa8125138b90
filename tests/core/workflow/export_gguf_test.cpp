// GGUF in, GGUF out: what is written, what is kept, and how much memory it takes.
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/formats/format.h"
#include "core/formats/gguf/container.h"
#include "core/formats/gguf/imatrix.h"
#include "core/language/mixture.h"
#include "core/quant/codec_gguf.h"
#include "core/quant/ggml_types.h"
#include "core/tensor/convert.h"
#include "core/workflow/export.h"
#include "core/workflow/load.h"
#include "core/workflow/weight_source.h"
#include "tests/core/formats/gguf_sample.h"
#include "tests/core/workflow/peak_memory.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kColumns = 512, kRows = 24;

std::vector<float> bell(std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, 0.02f);
    std::vector<float> x(count);
    for (float& v : x) v = normal(random);
    return x;
}
std::vector<std::uint16_t> halves(const std::vector<float>& x) {
    std::vector<std::uint16_t> out;
    for (const float v : x) out.push_back(floatToHalf(v));
    return out;
}
std::vector<std::uint16_t> bfloats(const std::vector<float>& x) {
    std::vector<std::uint16_t> out;
    for (const float v : x) out.push_back(floatToBfloat(v));
    return out;
}
// By the definition of blocks alone.
std::string packed(const GgufForm& form, const std::vector<float>& x) {
    std::string out(x.size() / std::size_t(form.values) * std::size_t(form.bytes), '\0');
    for (std::size_t b = 0; b * std::size_t(form.values) < x.size(); ++b)
        packGguf(form, std::span(x).subspan(b * std::size_t(form.values), std::size_t(form.values)), {}, -1,
                 {reinterpret_cast<std::byte*>(out.data()) + b * std::size_t(form.bytes), std::size_t(form.bytes)});
    return out;
}

std::string textOf(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class ExportGguf : public testing::Test {
protected:
    std::shared_ptr<const Model> open(const std::string& bytes) { return loadModel(writeSample("source.gguf", bytes), Machine::detect(Isa::Reference), job); }
    ExportRequest request(std::shared_ptr<const Model> model, const std::string& codec) {
        ExportRequest request;
        request.model = std::move(model);
        request.recipe.defaults.weights = QuantSpec{};
        request.recipe.defaults.weights->codec = codec;
        request.recipe.defaults.weights->bits = findCodec(codec)->minBits;
        request.path = request.model->source.parent_path() / "out.gguf";
        return request;
    }
    // The bytes of one tensor of a file.
    std::string tensorOf(const fs::path& path, const std::string& name) {
        const auto file = MappedFile::open(path);
        const auto head = gguf::parse(file->bytes(), path.string(), job);
        for (const auto& tensor : head.tensors)
            if (tensor.name == name) return {reinterpret_cast<const char*>(file->bytes().data()) + tensor.offset, tensor.bytes};
        return {};
    }
    // Matrices of every float type, one in blocks, a stack of matrices and a vector.
    std::string mixedFile() {
        std::vector<float> x = bell(kColumns * kRows, 1);
        GgufSample sample;
        sample.text("general.architecture", "llama").number("general.file_type", 1).texts("tokenizer.ggml.tokens", {"a", "b"}).text("note", "kept");
        sample.tensor("token_embd.weight", {kColumns, kRows}, 0, bytesOf(x)).tensor("output_norm.weight", {kColumns}, 0, bytesOf(bell(kColumns, 2)));
        sample.tensor("blk.0.attn_q.weight", {kColumns, kRows}, 1, bytesOf(halves(x))).tensor("blk.0.attn_k.weight", {kColumns, kRows}, 30, bytesOf(bfloats(x)));
        sample.tensor("blk.0.attn_v.weight", {kColumns, kRows}, 8, packed(ggufForm(GgufType::Q8_0), x));
        sample.tensor("blk.0.ffn_up_exps.weight", {kColumns, 4, 6}, 1, bytesOf(halves(x)));
        return sample.bytes();
    }

    Workers workers{2};
    JobContext job;
};

TEST_F(ExportGguf, EveryFormatOfGgufIsWrittenAsItsBlocksAreDefined) {
    const std::string source = mixedFile();
    const auto model = open(source);
    int formats = 0;
    for (const Codec& codec : codecs()) {
        const GgufForm* form = codec.name == "mxfp4" ? &ggufForm(GgufType::MXFP4) : ggufFormOf(codec.name);
        if (!form) continue;
        ++formats;
        const ExportRequest wanted = request(model, std::string(codec.name));
        const ExportResult result = exportModel(wanted, workers, job);
        const Model written = readModel(wanted.path, job);
        ASSERT_EQ(written.layers.size(), model->layers.size());
        for (std::size_t i = 0; i < model->layers.size(); ++i) {
            const Layer& layer = model->layers[i];
            const std::string name = model->graph.value(layer.weight).name, got = tensorOf(wanted.path, name);
            SCOPED_TRACE(std::string(codec.name) + " " + name);
            EXPECT_EQ(written.layers[i].name, layer.name);
            EXPECT_EQ(written.layers[i].shape, layer.shape);
            if (!layer.quantizable || layer.storedAs == form->name) {
                EXPECT_EQ(got, tensorOf(model->source, name));
                continue;
            }
            EXPECT_EQ(written.layers[i].storedAs, form->name);
            const Tensor x = weightOf(model->graph, layer);
            EXPECT_EQ(got, packed(*form, {x.as<float>().begin(), x.as<float>().end()}));
        }
        EXPECT_EQ(result.fileBytes, static_cast<std::int64_t>(fs::file_size(wanted.path)));
        EXPECT_NEAR(result.plan.storedBitsPerWeight, 8.0 * form->bytes / form->values, 1e-9);
    }
    EXPECT_EQ(formats, 22);
}

TEST_F(ExportGguf, KeysAreCopiedAsTheyAre) {
    const auto model = open(mixedFile());
    const ExportRequest wanted = request(model, "q4_k");
    exportModel(wanted, workers, job);
    const auto before = MappedFile::open(model->source), after = MappedFile::open(wanted.path);
    const auto source = gguf::parse(before->bytes(), "source", job), written = gguf::parse(after->bytes(), "written", job);
    for (std::size_t i = 0; i < source.keys.size(); ++i) {
        EXPECT_EQ(written.keys[i].key, source.keys[i].key);
        if (source.keys[i].key != "general.file_type") {
            EXPECT_EQ(gguf::withLongLengths(written.keys[i], 8), gguf::withLongLengths(source.keys[i], 8));
        }
    }
    EXPECT_EQ(written.find("general.file_type")->integer(), 14u);
    EXPECT_EQ(written.find("general.quantization_version")->integer(), 2u);
    EXPECT_NE(written.text("bitlathe.recipe").find("q4_k"), std::string::npos);
    EXPECT_EQ(written.text("bitlathe.source.name"), "source.gguf");
    for (const auto& tensor : written.tensors) EXPECT_EQ(tensor.offset % 32, 0u);
}

TEST_F(ExportGguf, TheFileNamesTheMixtureThatItIs) {
    GgufSample sample;
    sample.text("general.architecture", "llama").texts("tokenizer.ggml.tokens", {"a", "b"}).tensor("token_embd.weight", {256, 4}, 0, bytesOf(bell(1024, 1)));
    constexpr int kBlocks = 8;
    for (int block = 0; block < kBlocks; ++block)
        for (const char* part : {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"})
            sample.tensor("blk." + std::to_string(block) + "." + part + ".weight", {256, 2}, 0, bytesOf(bell(512, unsigned(block))));
    const auto model = open(sample.bytes());
    const auto fileType = [&](const Recipe& recipe) {
        ExportRequest wanted = request(model, "q4_k");
        wanted.recipe = recipe;
        exportModel(wanted, workers, job);
        const auto file = MappedFile::open(wanted.path);
        return gguf::parse(file->bytes(), "written", job).find("general.file_type")->integer();
    };
    const std::pair<const char*, unsigned> numbers[] = {{"Q4_K_M", 15}, {"Q4_K_S", 14}, {"Q5_K_M", 17}, {"Q3_K_L", 13}, {"Q2_K", 10}, {"IQ3_XS", 22}, {"IQ3_M", 27}, {"IQ2_M", 29}, {"IQ2_S", 28}, {"IQ1_S", 24}, {"Q8_0", 7}, {"Q4_0", 2}};
    for (const auto& [name, number] : numbers) EXPECT_EQ(fileType(mixtureRecipe(*findMixture(name), *model)), number) << name;
    Recipe own = mixtureRecipe(*findMixture("Q4_K_M"), *model);
    own.layers["blk.4.ffn_up"].weights = own.defaults.weights;
    own.layers["blk.4.ffn_up"].weights->codec = "q8_0";
    own.layers["blk.4.ffn_up"].weights->bits = 8;
    EXPECT_EQ(fileType(own), 14u);  // no mixture: mostly Q4_K
}

TEST_F(ExportGguf, TheSameRequestGivesTheSameBytes) {
    const auto model = open(mixedFile());
    ExportRequest wanted = request(model, "q5_k");
    exportModel(wanted, workers, job);
    const std::string two = textOf(wanted.path);
    Workers one{1};
    exportModel(wanted, one, job);
    EXPECT_EQ(textOf(wanted.path), two);
}

TEST_F(ExportGguf, MixturesFollowTheRecipe) {
    const auto model = open(mixedFile());
    ExportRequest wanted = request(model, "q4_0");
    Rule rule;
    rule.name = "blk.*.attn_*";
    rule.scheme = wanted.recipe.defaults;
    rule.scheme.weights->codec = "q6_k", rule.scheme.weights->bits = 6;
    wanted.recipe.rules = {rule};
    wanted.recipe.layers["token_embd"] = Scheme{};
    exportModel(wanted, workers, job);
    const Model written = readModel(wanted.path, job);
    std::map<std::string, std::string> types;
    for (const Layer& layer : written.layers) types[layer.name] = layer.storedAs;
    EXPECT_EQ(types["token_embd"], "float32");
    EXPECT_EQ(types["blk.0.attn_q"], "q6_K");
    EXPECT_EQ(types["blk.0.ffn_up_exps"], "q4_0");
    EXPECT_EQ(types["output_norm"], "float32");
}

// Q4_K_M of llama-quantize, every tensor.
TEST_F(ExportGguf, AMixtureHasTheBytesOfLlamaQuantize) {
    const fs::path folder = std::string(BITLATHE_SOURCE_DIR) + "/../shared/vectors/gguf";
    if (!fs::exists(folder)) GTEST_SKIP() << "the reference vectors are not here";
    ExportRequest wanted = request(loadModel(folder / "tiny-f16.gguf", Machine::detect(), job), "q4_k");
    for (const char* name : {"token_embd", "blk.*.attn_v", "blk.*.ffn_down"}) {
        Rule rule;
        rule.name = name;
        rule.scheme = wanted.recipe.defaults;
        rule.scheme.weights->codec = "q6_k", rule.scheme.weights->bits = 6;
        wanted.recipe.rules.push_back(rule);
    }
    wanted.path = writeSample("mixture.gguf", "");
    exportModel(wanted, workers, job);
    const Model theirs = readModel(folder / "tiny-Q4_K_M.gguf", job);
    for (const Layer& layer : theirs.layers) {
        const std::string name = theirs.graph.value(layer.weight).name;
        EXPECT_TRUE(tensorOf(wanted.path, name) == tensorOf(theirs.source, name)) << name;
    }
}

TEST_F(ExportGguf, OldVersionsAreWrittenAnew) {
    const auto model = open(smallGguf(1));
    const ExportRequest wanted = request(model, "q8_0");
    exportModel(wanted, workers, job);
    const auto file = MappedFile::open(wanted.path);
    const auto head = gguf::parse(file->bytes(), "new", job);
    EXPECT_EQ(head.version, 3u);
    EXPECT_EQ(gguf::toText(*head.find("tokenizer.ggml.tokens"), 8), "3 entries: '<unk>', 'a', 'b c'");
}

TEST_F(ExportGguf, RowsThatFitNoBlockFallBackAndAreNamed) {
    const auto model = open(GgufSample().tensor("blk.0.attn_q.weight", {160, 4}, 0, bytesOf(bell(640, 3))).tensor("blk.0.odd.weight", {100, 4}, 0, bytesOf(bell(400, 4))).bytes());
    for (const auto& [codec, instead] : {std::pair("q4_k", "q5_0"), std::pair("q5_k", "q5_1"), std::pair("q6_k", "q8_0"), std::pair("q3_k", "iq4_nl"), std::pair("tq2_0", "q4_0")}) {
        const ExportPlan plan = planExport(request(model, codec), workers, job);
        ASSERT_TRUE(plan.quantized) << codec;
        EXPECT_EQ(plan.quantized->layers[0].got.weights->codec, instead);
        EXPECT_NE(plan.quantized->layers[0].reason.find("rows of 160"), std::string::npos);
        EXPECT_TRUE(std::any_of(plan.issues.begin(), plan.issues.end(), [](const Issue& issue) { return issue.layer == "blk.0.odd" && issue.message.find("rows of 100") != std::string::npos; }));
        EXPECT_NO_THROW(exportModel(request(model, codec), workers, job));
    }
}

TEST_F(ExportGguf, WhatGgufCannotHoldIsRefusedWithWhatIsNear) {
    const auto model = open(mixedFile());
    ExportRequest wanted = request(model, "int");
    wanted.recipe.defaults.weights->bits = 5;
    try {
        exportModel(wanted, workers, job);
        FAIL() << "was written";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Recipe);
        EXPECT_NE(error.message().find("q5_k"), std::string::npos) << error.message();
    }
    wanted = request(model, "q4_0");
    wanted.target = "onnxruntime";
    EXPECT_THROW(exportModel(wanted, workers, job), Error);
    wanted.target.clear();
    wanted.path = model->source;
    EXPECT_THROW(exportModel(wanted, workers, job), Error);
}

TEST_F(ExportGguf, CodingAnewWhatIsCodedIsNamed) {
    const auto model = open(mixedFile());
    const ExportPlan plan = planExport(request(model, "q4_0"), workers, job);
    EXPECT_TRUE(std::any_of(plan.issues.begin(), plan.issues.end(), [](const Issue& issue) { return issue.layer == "blk.0.attn_v" && issue.message.find("already") != std::string::npos; }));
}

TEST_F(ExportGguf, BrokenWeightsAreCounted) {
    auto x = bell(512, 5);
    x[7] = std::nanf(""), x[300] = INFINITY;
    const auto model = open(GgufSample().tensor("a.weight", {256, 2}, 0, bytesOf(x)).bytes());
    const ExportResult result = exportModel(request(model, "q8_0"), workers, job);
    EXPECT_TRUE(std::any_of(result.plan.issues.begin(), result.plan.issues.end(), [](const Issue& issue) { return issue.message.find("2 weights are NaN or infinite") == 0; }));
}

std::string oldImportance(const std::string& name, const std::vector<float>& values, std::int32_t calls) {
    const auto number = [](std::int32_t n) { return std::string(reinterpret_cast<const char*>(&n), 4); };
    return number(1) + number(static_cast<std::int32_t>(name.size())) + name + number(calls) + number(static_cast<std::int32_t>(values.size())) + bytesOf(values) + number(17) + number(4) + "wiki";
}

TEST_F(ExportGguf, ImportanceIsReadFromBothForms) {
    const auto old = gguf::readImportance(writeSample("old.dat", oldImportance("a.weight", {2, 4, 6, 8}, 2)), job);
    EXPECT_EQ(old.of("a.weight").size(), 4u);
    EXPECT_EQ(old.of("a.weight")[3], 4.0f);
    EXPECT_EQ(old.chunks, 17);
    EXPECT_EQ(old.dataset, "wiki");
    GgufSample sample;
    sample.text("general.type", "imatrix").number("imatrix.chunk_count", 9);
    sample.tensor("a.weight.in_sum2", {4, 2}, 0, bytesOf(std::vector<float>{2, 4, 6, 8, 1, 1, 1, 1})).tensor("a.weight.counts", {1, 2}, 0, bytesOf(std::vector<float>{2, 0}));
    const auto now = gguf::readImportance(writeSample("new.gguf", sample.bytes()), job);
    EXPECT_EQ(now.chunks, 9);
    const auto values = now.of("a.weight");
    EXPECT_EQ(std::vector<float>(values.begin(), values.end()), (std::vector<float>{1, 2, 3, 4, 1, 1, 1, 1}));
}

TEST_F(ExportGguf, DamagedImportanceIsRefused) {
    const std::string sample = oldImportance("a.weight", {2, 4, 6, 8}, 2);
    for (std::size_t length = 0; length < sample.size(); ++length) {
        const auto path = writeSample("cut.dat", sample.substr(0, length));
        if (length < sample.size() - 12) {
            EXPECT_THROW(gguf::readImportance(path, job), Error) << length;
        } else if (length < sample.size() - 4) {  // older files end after the values
            EXPECT_EQ(gguf::readImportance(path, job).of("a.weight").size(), 4u) << length;
        }
    }
    EXPECT_THROW(gguf::readImportance(writeSample("bad.dat", oldImportance("a", {-1}, 1)), job), Error);
    EXPECT_THROW(gguf::readImportance(writeSample("bad.gguf", smallGguf()), job), Error);
}

TEST_F(ExportGguf, ImportanceSteersTheEncoderAndMissingTensorsAreNamed) {
    const auto x = bell(2048, 6);
    const auto model = open(GgufSample().tensor("a.weight", {256, 8}, 0, bytesOf(x)).tensor("b.weight", {256, 8}, 0, bytesOf(x)).bytes());
    std::vector<float> columns(256, 0.01f);
    for (std::size_t i = 0; i < columns.size(); i += 8) columns[i] = 100;
    auto importance = std::make_shared<Importance>();
    importance->tensors["a.weight"] = columns;
    ExportRequest wanted = request(model, "q4_k");
    wanted.importance = importance;
    const ExportResult result = exportModel(wanted, workers, job);
    EXPECT_NE(tensorOf(wanted.path, "a.weight"), tensorOf(wanted.path, "b.weight"));
    const Model written = readModel(wanted.path, job);
    const auto weighted = [&](const Layer& layer) {
        const Tensor y = weightOf(written.graph, layer);
        double sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i) sum += double(columns[i % 256]) * std::pow(double(x[i]) - double(y.as<float>()[i]), 2);
        return sum;
    };
    EXPECT_LT(weighted(written.layers[0]), 0.7 * weighted(written.layers[1]));
    EXPECT_TRUE(std::any_of(result.plan.issues.begin(), result.plan.issues.end(), [](const Issue& issue) { return issue.layer == "b" && issue.message.find("does not know") != std::string::npos; }));
    importance->tensors["a.weight"].resize(100);
    EXPECT_THROW(exportModel(wanted, workers, job), Error);
}

// Tensors of zeros in a file with holes: 768 MiB pass through with what one layer needs.
TEST_F(ExportGguf, MemoryFollowsALayerAndNotTheFile) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizers keep memory of their own, so that the most in use says nothing";
#endif
    constexpr std::uint64_t kWide = 4096, kTall = 2048, kFile = std::uint64_t(768) << 20;
    for (const auto& [type, bytes] : {std::pair(1u, 2u), std::pair(0u, 4u)}) {
        const std::uint64_t layer = kWide * kTall * bytes, tensors = kFile / layer;
        GgufSample sample;
        for (std::uint64_t t = 0; t < tensors; ++t) sample.tensorAt("blk." + std::to_string(t) + ".ffn_up.weight", {kWide, kTall}, type, t * layer);
        const fs::path path = writeSample("sparse.gguf", sample.bytes());
        fs::resize_file(path, fs::file_size(path) + tensors * layer);
        PeakMemory peak;
        if (!peak.works()) GTEST_SKIP() << "this system does not say how much memory a process had at most";
        const auto model = loadModel(path, Machine::detect(), job);
        EXPECT_LT(peak.grownBytes(), std::int64_t(8) << 20);
        for (std::size_t i = 0; i < model->layers.size(); ++i) {
            const WeightSource source = weightSource(*model, i);
            for (const float x : source.values.as<float>()) ASSERT_EQ(x, 0.0f);
        }
        EXPECT_LT(peak.grownBytes(), std::int64_t(kWide * kTall * 4 + (64 << 20))) << "looking at layers of type " << type;
        peak.restart();
        const ExportRequest wanted = request(model, "tq2_0");
        exportModel(wanted, workers, job);
        EXPECT_LT(peak.grownBytes(), std::int64_t(64) << 20) << "writing layers of type " << type;
        fs::remove(path);
        fs::remove(wanted.path);
    }
}

}  // namespace
}  // namespace bitlathe
