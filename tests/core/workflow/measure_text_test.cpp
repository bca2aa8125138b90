// A text measured in one call, stopped half way, and what projects keep of it and of importance.
#include "core/workflow/measure_text.h"

#include "core/formats/gguf/imatrix.h"
#include "core/workflow/analyze.h"
#include "core/workflow/collect_importance.h"
#include "core/workflow/importance_record.h"
#include "core/workflow/load.h"
#include "core/workflow/load_tokenizer.h"
#include "core/workflow/text_evaluation_record.h"
#include "core/workflow/weight_sample.h"
#include "core/workflow/weight_source.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;
const fs::path kDemo = fs::path(BITLATHE_SOURCE_DIR) / "resources/demo";

class MeasureText : public testing::Test {
protected:
    void SetUp() override {
        model = loadModel(kDemo / "tales-0.3m.gguf", machine, job);
        real = prepareLanguage(model, EngineMode::Float, machine);
        recipe.defaults.weights = QuantSpec{.codec = "q4_0", .bits = 4};
        recipe.cache.all.keys = CacheType::F16;
        coded = prepareLanguage(model, recipe, nullptr, EngineMode::Integer, machine, workers, job);
        question.text = kDemo / "language_test.txt";
        question.windows.context = 128;
        question.mostWindows = 6;
        question.carriedTokens = 64;
    }
    TextMeasurement measured(JobContext& context) { return measureText(coded, real, loadTokenizer(model->source, job), question, workers, context); }

    Machine machine = Machine::detect();
    Workers workers{2};
    JobContext job;
    std::shared_ptr<const Model> model;
    LanguageNetwork real, coded;
    Recipe recipe;
    TextQuestion question;
};

TEST_F(MeasureText, GivesWhatItsPartsGive) {
    const TextMeasurement made = measured(job);
    const std::string text = [&] { std::ifstream in(question.text); return std::string(std::istreambuf_iterator<char>(in), {}); }();
    const auto windows = windowsOf(text, loadTokenizer(model->source, job), question.windows, job);
    const LanguageEvaluation alone = evaluateLanguage(coded, std::optional(real), windows, {.mostWindows = 6}, workers, job);
    EXPECT_EQ(made.evaluation.figures, alone.figures);
    EXPECT_FALSE(made.partial);
    EXPECT_FALSE(made.layers.empty());
}

TEST_F(MeasureText, AStopKeepsTheFiguresOfTheTokensPredicted) {
    std::stop_source stop;
    question.partial = [&](const TextMeasurement& sofar) {
        EXPECT_FALSE(sofar.layers.empty());
        if (sofar.evaluation.windowsDone == 2) stop.request_stop();
    };
    JobContext stopped(stop.get_token());
    const TextMeasurement made = measured(stopped);
    EXPECT_TRUE(made.partial);
    EXPECT_EQ(made.evaluation.windowsDone, 2);
    EXPECT_EQ(made.evaluation.windows, 6);
    EXPECT_GE(made.evaluation.figures.tokens, 2 * 63);
    std::stop_source early;
    early.request_stop();
    JobContext never(early.get_token());
    EXPECT_THROW(measured(never), Cancelled) << "before the first token there is nothing to keep";
}

TEST_F(MeasureText, IsKeptAsARecordAndComesBack) {
    KeptTextEvaluation kept;
    kept.model = "abc", kept.recipe = recipe, kept.text = "tale.txt", kept.importance = "+importance 12", kept.mode = EngineMode::Integer, kept.context = 128, kept.mostWindows = 6, kept.partial = true;
    const TextMeasurement made = measured(job);
    kept.evaluation = made.evaluation;
    kept.layers = made.layers;
    const auto back = textEvaluationFrom(toNode(kept));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->recipe, kept.recipe);
    EXPECT_EQ(back->evaluation.figures, kept.evaluation.figures);
    EXPECT_EQ(back->evaluation.windowsDone, kept.evaluation.windowsDone);
    EXPECT_TRUE(back->partial);
    EXPECT_EQ(back->importance, kept.importance);
    ASSERT_EQ(back->layers.size(), kept.layers.size());
    EXPECT_EQ(back->layers.back().tensor, kept.layers.back().tensor);
    EXPECT_EQ(back->layers.back().sqnrDb, kept.layers.back().sqnrDb);
    Hdf5Node lacking = toNode(kept);
    std::erase_if(lacking.items, [](const Hdf5Item& item) { return item.name == "perplexity"; });
    EXPECT_FALSE(textEvaluationFrom(lacking));
}

TEST_F(MeasureText, ImportanceThatWasStoppedHoldsTheWindowsDoneAndIsKeptAsARecord) {
    const std::string text = [&] { std::ifstream in(question.text); return std::string(std::istreambuf_iterator<char>(in), {}); }();
    const auto windows = windowsOf(text, loadTokenizer(model->source, job), question.windows, job);
    const Importance two = collectImportance(real, windows, {.mostWindows = 2}, workers, job);
    std::stop_source stop;
    JobContext stopped(stop.get_token());
    std::optional<Importance> sofar;
    ImportanceOptions options;
    options.partial = [&](std::int64_t done, std::int64_t) { if (done == 2) stop.request_stop(); };
    options.stopped = [&](Importance made) { sofar = std::move(made); };
    EXPECT_THROW(collectImportance(real, windows, options, workers, stopped), Cancelled);
    ASSERT_TRUE(sofar);
    EXPECT_EQ(sofar->chunks, 2);
    EXPECT_EQ(sofar->tensors, two.tensors);

    KeptImportance kept{.model = "abc", .text = "t.txt", .textSha256 = "00", .partial = true, .windowsAsked = 9, .importance = std::make_shared<const Importance>(two)};
    const auto back = importanceFrom(toNode(kept));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->identity(), kept.identity());
    EXPECT_EQ(back->importance->tensors, two.tensors);
    EXPECT_TRUE(back->partial);
    EXPECT_EQ(back->windowsAsked, 9);
    Hdf5Node broken = toNode(kept);
    std::erase_if(broken.items, [](const Hdf5Item& item) { return item.name == "columns"; });
    EXPECT_FALSE(importanceFrom(broken)) << "as many lengths as names";
    Importance other = two;
    other.tensors.begin()->second[0] += 1;
    kept.importance = std::make_shared<const Importance>(other);
    EXPECT_NE(back->identity(), kept.identity());
}

TEST_F(MeasureText, AReportWithImportanceIsOfTheWeightsAnExportWrites) {
    // In q4_k; the types of one level (q4_0) weigh by their row's mean square in a file, and by their block's in a report.
    const auto model = loadModel(kDemo / "tales-3.5m.gguf", machine, job);
    std::size_t layer = 0;
    while (model->layers[layer].name.find("ffn_gate") == std::string::npos) ++layer;
    const std::string tensor = model->graph.value(model->layers[layer].weight).name;
    const std::int64_t columns = model->layers[layer].layout.inner;
    Importance importance;
    for (std::int64_t i = 0; i < columns; ++i) importance.tensors[tensor].push_back(i % 7 == 0 ? 40.0f : 0.1f);
    const WeightSource plain = weightSource(*model, layer), steered = weightSource(*model, layer, &importance, "+one");
    EXPECT_NE(plain.model, steered.model) << "caches must not mix them";
    ASSERT_TRUE(steered.importance);
    Scheme scheme;
    scheme.weights = QuantSpec{.codec = "q4_k", .bits = 4};
    const auto without = analyzeLayer(plain, scheme, {.sampleWeights = 0}, nullptr, workers, job), with = analyzeLayer(steered, scheme, {.sampleWeights = 0}, nullptr, workers, job);
    EXPECT_NE(without->error.sqnrDb, with->error.sqnrDb);
    // The same as the coded tensor that the run and the export use.
    Recipe one;
    one.layers[model->layers[layer].name] = scheme;
    const LanguageNetwork network = prepareLanguage(model, one, &importance, EngineMode::Simulated, machine, workers, job);
    const auto values = plain.values.as<float>();
    double signal = 0, noise = 0;
    for (const Value& value : network.executable->graph().values) {
        if (value.name != tensor || !value.blocks) continue;
        std::vector<float> decoded(values.size());
        value.blocks->form->decode(value.blocks->bytes, decoded);
        for (std::size_t i = 0; i < values.size(); ++i) signal += double(values[i]) * double(values[i]), noise += (double(values[i]) - double(decoded[i])) * (double(values[i]) - double(decoded[i]));
    }
    ASSERT_GT(signal, 0);
    EXPECT_NEAR(10 * std::log10(signal / noise), with->error.sqnrDb, 1e-6);
    importance.tensors[tensor].pop_back();
    EXPECT_FALSE(weightSource(*model, layer, &importance, "+two").importance) << "of another width: not of this weight";
}

TEST_F(MeasureText, APreviewsSampleTakesItsColumnsAlong) {
    WeightSource whole;
    std::vector<float> values(64 * 512);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = float(i % 512);
    whole.values = Tensor::of(Shape{64, 512}, values);
    whole.layout = {1, 64, 512};
    std::vector<float> columns(512);
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = float(i);
    whole.importance = std::make_shared<const std::vector<float>>(columns);
    const WeightSample sample = sampleOf(whole, 2048, 32);
    ASSERT_TRUE(sample.source.importance);
    const auto picked = sample.source.values.as<float>();
    ASSERT_EQ(std::int64_t(sample.source.importance->size()), sample.source.layout.inner);
    for (std::size_t i = 0; i < sample.source.importance->size(); ++i) EXPECT_EQ((*sample.source.importance)[i], picked[i]) << i;
}

}  // namespace
}  // namespace bitlathe
