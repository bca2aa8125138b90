// The encoder-decoder Transformer of ../shared/corpus: two inputs of varying length, teacher-forced accuracy.
#include "core/engine/run.h"
#include "core/workflow/calibrate.h"
#include "core/workflow/load.h"
#include "core/workflow/network.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

namespace bitlathe {
namespace {

const std::string kFolder = BITLATHE_SOURCE_DIR "/../shared/corpus/bart-g2p-us/";

// UTF-8 as code points.
std::vector<std::string> characters(const std::string& text) {
    std::vector<std::string> list;
    for (const char c : text)
        if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) list.back() += c;
        else list.emplace_back(1, c);
    return list;
}

struct Words {
    std::vector<std::vector<std::int64_t>> source, target;  // with start and end tokens
};

Words readWords() {
    const auto config = nlohmann::json::parse(std::ifstream(kFolder + "config.json"));
    const auto numbered = [&](const char* key) {
        std::map<std::string, std::int64_t> index;
        std::int64_t next = 0;
        for (const std::string& c : characters(config.at(key))) index.emplace(c, next), ++next;
        return index;
    };
    const auto graphemes = numbered("grapheme_chars"), phonemes = numbered("phoneme_chars");
    const auto encode = [](const std::map<std::string, std::int64_t>& index, const std::string& text) {
        std::vector<std::int64_t> ids = {1};
        for (const std::string& c : characters(text)) ids.push_back(index.contains(c) ? index.at(c) : 3);
        ids.push_back(2);
        return ids;
    };
    Words words;
    std::ifstream file(kFolder + "words_us_1000.tsv");
    for (std::string line; std::getline(file, line);) {
        const auto tab = line.find('\t');
        words.source.push_back(encode(graphemes, line.substr(0, tab)));
        words.target.push_back(encode(phonemes, line.substr(tab + 1)));
    }
    return words;
}

// decoder input: the start token, then the target without its last token.
Dataset asDataset(const Words& words) {
    const auto tensor = [](const std::vector<std::int64_t>& ids) { return Tensor::of<std::int64_t>({static_cast<std::int64_t>(ids.size())}, ids); };
    const auto count = static_cast<std::int64_t>(words.source.size());
    Dataset data;
    data.path = "words";
    data.arrays.push_back({"input_ids", ElementType::I64, {1}, count, [=](std::int64_t i) { return tensor(words.source[static_cast<std::size_t>(i)]); }});
    data.arrays.push_back({"decoder_input_ids", ElementType::I64, {1}, count, [=](std::int64_t i) {
                               std::vector<std::int64_t> ids = words.target[static_cast<std::size_t>(i)];
                               ids.insert(ids.begin(), 1);
                               ids.pop_back();
                               return tensor(ids);
                           }});
    return data;
}

class Transformer : public testing::Test {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << "the real networks (../shared/corpus) are not here";
        model = loadModel(kFolder + "derived/us_bart_teacher_forced.onnx", machine, job);
        words = readWords();
    }
    // Share of the first `most` words' positions whose highest logit is the next phoneme.
    double accuracy(const Recipe* recipe, EngineMode mode, std::size_t most) {
        const SampleFeed feed(*model, asDataset(words));
        ActivationRanges ranges;
        if (recipe && needsCalibration(*model, *recipe)) ranges = calibrate(model, *recipe, feed, {.mostSamples = 100}, machine, workers, job);
        const Network network = prepareNetwork(model, recipe, ranges, mode, true, machine, workers, job);
        Workspace workspace;
        std::int64_t right = 0, positions = 0;
        for (std::size_t i = 0; i < std::min(most, words.source.size()); ++i) {
            const auto outputs = run(*network.executable, workspace, workers, feed.inputs(static_cast<std::int64_t>(i)), job);
            const auto logits = outputs[0].as<float>();
            const auto classes = static_cast<std::size_t>(outputs[0].shape()[2]);
            for (std::size_t t = 0; t < words.target[i].size(); ++t) {
                const auto row = logits.subspan(t * classes, classes);
                right += std::max_element(row.begin(), row.end()) - row.begin() == words.target[i][t];
                ++positions;
            }
        }
        return static_cast<double>(right) / static_cast<double>(positions);
    }
    Machine machine = Machine::detect();
    Workers workers{2};
    JobContext job;
    std::shared_ptr<const Model> model;
    Words words;
};

TEST_F(Transformer, FloatGivesTheReferenceAccuracy) { EXPECT_NEAR(accuracy(nullptr, EngineMode::Float, 1000), 0.9633, 0.0002); }

TEST_F(Transformer, Int8IsWithinAPointOfFloat) { EXPECT_GT(accuracy(&findPreset("int8")->recipe, EngineMode::Integer, 1000), 0.9533); }

TEST_F(Transformer, WeightsOfFourBitsLoseSeveralPoints) {
    const double four = accuracy(&findPreset("int4-channel")->recipe, EngineMode::Simulated, 300);
    EXPECT_GT(four, 0.85);
    EXPECT_LT(four, 0.96);
}

}  // namespace
}  // namespace bitlathe
