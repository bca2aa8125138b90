#include "core/workflow/duel.h"

#include "core/base/error.h"
#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/workflow/duel_formats.h"
#include "core/workflow/report_cache.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace bitlathe {
namespace {

WeightSource noise(std::int64_t channels, std::int64_t each, std::size_t layer = 0, float width = 0.2f) {
    std::mt19937 random(static_cast<unsigned>(layer + 1));
    std::normal_distribution<float> normal(0.01f, width);
    std::vector<float> values(static_cast<std::size_t>(channels * each));
    for (float& v : values) v = normal(random);
    WeightSource source;
    source.model = "test";
    source.layer = layer;
    source.layout = {1, channels, each};
    source.values = Tensor::of(Shape{channels, each}, values);
    source.bytesBefore = source.values.count() * 4;
    return source;
}

DuelLayers only(const WeightSource& source) {
    return {1, [source](std::size_t) { return source; }};
}

DuelRow rowOf(std::int64_t bytes, double error) {
    DuelRow row;
    row.bytes = bytes;
    row.rootMeanSquare = error;
    row.doneFraction = 1;
    return row;
}

TEST(SpecFromText, ReadsWhatShortTextWritesForEveryFormat) {
    int read = 0;
    for (const Codec& codec : codecs()) {
        if (codec.takesTable) continue;
        for (int bits = codec.minBits; bits <= codec.maxBits; ++bits)
            for (const Granularity& granularity : {Granularity(PerTensor{}), Granularity(PerChannel{}), Granularity(PerGroup{96})}) {
                QuantSpec spec;
                spec.codec = std::string(codec.name);
                spec.bits = bits;
                spec.granularity = codec.blockSize > 0 ? Granularity(PerGroup{codec.blockSize}) : granularity;
                if (!codec.scaleTypes.empty()) spec.scale = codec.scaleTypes.back();
                const std::string text = shortText({spec, std::nullopt});
                const QuantSpec back = specFromText(text);
                EXPECT_EQ(shortText({back, std::nullopt}), text);
                EXPECT_EQ(back.codec, spec.codec) << text;
                EXPECT_EQ(back.bits, spec.bits) << text;
                EXPECT_EQ(back.granularity, spec.granularity) << text;
                ++read;
            }
    }
    EXPECT_GT(read, 100);
    EXPECT_FALSE(specFromText("uint4 tensor").symmetric);
    EXPECT_EQ(specFromText("  Q4_K "), specFromText("q4_k"));
    EXPECT_EQ(specFromText("int4").granularity, Granularity(PerChannel{}));
    EXPECT_EQ(specFromText("int4, group 128"), specFromText("int4 group 128"));
}

TEST(SpecFromText, TakesPlainNamesWithTheirUsualBits) {
    EXPECT_EQ(specFromText("log2"), specFromText("log2-4"));
    EXPECT_EQ(specFromText("KMeans group 64"), specFromText("kmeans4 group 64"));
    EXPECT_EQ(specFromText("log2 4 channel"), specFromText("log2-4 channel"));
    EXPECT_EQ(specFromText("log2 3"), specFromText("log2-3"));
    for (const Codec& codec : codecs()) {
        if (codec.takesTable) continue;
        const QuantSpec spec = specFromText(codec.name);
        EXPECT_EQ(spec.codec, codec.name);
        EXPECT_EQ(spec.bits, std::clamp(4, codec.minBits, codec.maxBits)) << codec.name;
    }
    for (const char* text : {"log2 99", "log2-4 4", "table", "nf4 64", "q4_k 4"}) EXPECT_THROW(specFromText(text), Error) << text;
}

TEST(SpecFromText, RefusesInOneSentenceWithTheCure) {
    for (const char* text : {"", "   ", "float", "int99", "int4 group", "int4 group x", "int4 group 0", "int4 group -5", "int4 sideways", "q4_k channel", "int8 scale f8", "int4 scale"}) {
        try {
            specFromText(text);
            ADD_FAILURE() << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::Usage) << text;
            EXPECT_NE(std::string(error.what()).find("int4 group 128"), std::string::npos) << error.what();
        }
    }
}

TEST(DuelContenders, BeginWithThePresentChoiceAndHoldEachFormatOnce) {
    const auto plain = duelContenders(std::nullopt);
    EXPECT_GT(plain.size(), 10u);
    QuantSpec own = specFromText("int5 group 16");
    const auto with = duelContenders(own);
    EXPECT_EQ(with.front(), own);
    EXPECT_EQ(with.size(), plain.size() + 1);
    EXPECT_EQ(duelContenders(plain[3]).size(), plain.size());
    for (std::size_t i = 0; i < with.size(); ++i)
        for (std::size_t k = 0; k < i; ++k) EXPECT_NE(with[i], with[k]);
}

TEST(DuelLabel, SaysTheRangeRuleWhereItIsNotMinMax) {
    QuantSpec spec = specFromText("int4 channel");
    EXPECT_EQ(duelLabel(spec), "int4 channel");
    spec.range = LeastError{};
    EXPECT_EQ(duelLabel(spec), "int4 channel, least squared error");
    EXPECT_EQ(duelLabel(specFromText("mxfp4")), "mxfp4") << "its scales are E8M0 anyway";
    EXPECT_EQ(duelLabel(specFromText("int4 channel, scale f16")), "int4 channel, scale f16");
}

TEST(MarkFront, HoldsTheRowsThatNoOtherBeats) {
    std::vector<DuelRow> rows{rowOf(100, 0.1), rowOf(200, 0.05), rowOf(150, 0.1), rowOf(200, 0.05), rowOf(300, 0.06), rowOf(50, 0.5)};
    rows.push_back({});  // not measured yet: says nothing
    markFront(rows);
    const std::vector<bool> expected{true, true, false, true, false, true, false};
    for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].front, expected[i]) << i;
}

TEST(Duel, GivesTheFiguresOfTheLayersReport) {
    Workers workers(2);
    JobContext job;
    const WeightSource source = noise(64, 512);
    const auto specs = duelContenders(std::nullopt);
    const auto rows = duel(only(source), specs, {}, nullptr, workers, job);
    ASSERT_EQ(rows.size(), specs.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto report = analyzeLayer(source, {specs[i], std::nullopt}, {}, nullptr, workers, job);
        EXPECT_EQ(rows[i].spec, specs[i]);
        EXPECT_EQ(rows[i].bytes, report->bytesAfter) << formatName(specs[i]);
        EXPECT_EQ(rows[i].bitsPerWeight, report->bitsPerWeight);
        EXPECT_EQ(rows[i].sqnrDb, report->error.sqnrDb);
        EXPECT_NEAR(rows[i].rootMeanSquare, report->error.rootMeanSquare, 1e-12);
        EXPECT_TRUE(rows[i].exact());
        EXPECT_TRUE(rows[i].seconds);
    }
}

TEST(Duel, ShowsPreviewsOfAllBeforeTheFirstExactFigureOfALargeLayer) {
    Workers workers(2);
    JobContext job;
    const WeightSource source = noise(256, 512);
    const std::vector<QuantSpec> specs{specFromText("int4 group 32"), specFromText("nf4 group 64"), specFromText("int8 channel")};
    AnalyzeOptions options;
    options.sampleWeights = 1 << 13;
    std::vector<std::vector<DuelRow>> steps;
    const auto last = duel(only(source), specs, options, nullptr, workers, job, [&](const std::vector<DuelRow>& rows) { steps.push_back(rows); });
    ASSERT_EQ(steps.size(), 6u);
    EXPECT_EQ(steps.back(), last);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_TRUE(steps[2][i].measured());
        EXPECT_FALSE(steps[2][i].exact());
        EXPECT_EQ(steps[2][i].bytes, last[i].bytes) << "bytes are exact at once";
        EXPECT_NEAR(steps[2][i].sqnrDb, last[i].sqnrDb, 0.6) << "8,192 weights say nearly the same";
        EXPECT_EQ(steps[3 + i][i], [&] { DuelRow row = last[i]; row.front = steps[3 + i][i].front; return row; }());
    }
}

TEST(Duel, SeveralLayersAreOneSumOfSquaresAndBytes) {
    Workers workers(2);
    JobContext job;
    const std::vector<WeightSource> sources{noise(32, 256, 0), noise(16, 128, 1, 2.0f)};
    const QuantSpec spec = specFromText("int4 group 32");
    const auto rows = duel({2, [&](std::size_t i) { return sources[i]; }}, {spec}, {}, nullptr, workers, job);
    double signal = 0, error = 0;
    std::int64_t bytes = 0, weights = 0;
    for (const WeightSource& source : sources) {
        const auto report = analyzeLayer(source, {spec, std::nullopt}, {}, nullptr, workers, job);
        for (const float v : source.values.as<float>()) signal += double(v) * double(v);
        error += report->error.meanSquare * double(source.values.count());
        bytes += report->bytesAfter;
        weights += source.values.count();
    }
    EXPECT_EQ(rows[0].bytes, bytes);
    EXPECT_EQ(rows[0].weights, weights);
    EXPECT_NEAR(rows[0].sqnrDb, 10 * std::log10(signal / error), 1e-6);
    EXPECT_NEAR(rows[0].bitsPerWeight, 8.0 * double(bytes) / double(weights), 1e-12);
}

TEST(Duel, TakesFromTheCacheWhatItKnowsAndKeepsWhatItMeasures) {
    Workers workers(1);
    JobContext job;
    ReportCache cache;
    const WeightSource source = noise(32, 256);
    const auto specs = duelContenders(std::nullopt);
    const auto first = duel(only(source), specs, {}, &cache, workers, job);
    const auto again = duel(only(source), specs, {}, &cache, workers, job);
    for (std::size_t i = 0; i < specs.size(); ++i) {
        EXPECT_FALSE(again[i].seconds) << "nothing was measured";
        DuelRow same = first[i];
        same.seconds.reset();
        EXPECT_EQ(again[i], same);
    }
}

TEST(Duel, StopsWhenTheJobIsStopped) {
    Workers workers(1);
    std::stop_source stop;
    JobContext job(stop.get_token());
    const WeightSource source = noise(32, 256);
    int steps = 0;
    EXPECT_THROW(duel(only(source), duelContenders(std::nullopt), {}, nullptr, workers, job, [&](const auto&) { if (++steps == 2) stop.request_stop(); }), Cancelled);
    EXPECT_EQ(steps, 2);
}

TEST(Duel, ALayerThatCannotBeReadIsSaidInEveryRow) {
    Workers workers(1);
    JobContext job;
    int calls = 0;
    const DuelLayers broken{2, [&](std::size_t) -> WeightSource { ++calls; throw Error(ErrorKind::Input, "the weight is cut off; copy the file again"); }};
    const auto rows = duel(broken, {specFromText("int8"), specFromText("nf4")}, {}, nullptr, workers, job);
    for (const DuelRow& row : rows) {
        EXPECT_EQ(row.failure, "the weight is cut off; copy the file again");
        EXPECT_FALSE(row.measured());
        EXPECT_FALSE(row.front);
    }
}

}  // namespace
}  // namespace bitlathe
