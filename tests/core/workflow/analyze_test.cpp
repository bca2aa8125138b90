#include "core/workflow/analyze.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/metrics/divergence.h"
#include "core/quant/codec.h"
#include "core/quant/quantized_tensor.h"
#include "core/workflow/layer_facts.h"
#include "core/workflow/report_cache.h"
#include "core/workflow/weight_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace bitlathe {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

WeightSource sourceOf(Shape shape, ChannelLayout layout, std::vector<float> values) {
    WeightSource source;
    source.model = "test";
    source.layout = layout;
    source.values = Tensor::of(std::move(shape), values);
    source.bytesBefore = static_cast<std::int64_t>(values.size()) * 4;
    return source;
}

WeightSource noise(Shape shape, ChannelLayout layout, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.01f, 0.2f);
    std::vector<float> values(static_cast<std::size_t>(shape.count()));
    for (float& v : values) v = normal(random);
    return sourceOf(std::move(shape), layout, std::move(values));
}

Scheme schemeOf(int bits, bool symmetric = true, Granularity granularity = PerChannel{}, RangeRule range = MinMax{}) {
    Scheme scheme;
    auto& spec = scheme.weights.emplace();
    spec.bits = bits;
    spec.symmetric = symmetric;
    spec.granularity = granularity;
    spec.range = range;
    return scheme;
}

std::shared_ptr<const LayerReport> analyze(const WeightSource& source, const Scheme& scheme, int threads = 1, ReportCache* cache = nullptr) {
    Workers workers(threads);
    JobContext job;
    return analyzeLayer(source, scheme, {}, cache, workers, job);
}

std::uint64_t totalOf(const Histogram& h) { return std::accumulate(h.counts.begin(), h.counts.end(), h.below + h.above); }

struct Laid { Shape shape; ChannelLayout layout; };
const Laid kLaid[] = {
    {Shape{16, 3, 3, 3}, {1, 16, 27}}, {Shape{96, 40}, {96, 40, 1}}, {Shape{6, 10, 3, 3}, {6, 10, 9}}, {Shape{700, 1100}, {1, 700, 1100}}, {Shape{2, 90000}, {1, 2, 90000}},
    {Shape{1100, 700}, {1100, 700, 1}}, {Shape{5, 140000}, {1, 5, 140000}}};
const Granularity kGranularities[] = {PerTensor{}, PerChannel{}, PerGroup{32}};

TEST(AnalyzeLayer, FiguresEqualThoseOfTheQuantizedTensor) {
    Workers workers(2);
    JobContext job;
    for (const Laid& laid : kLaid)
        for (const Granularity& granularity : kGranularities)
            for (const int bits : {1, 2, 4, 8})
                for (const bool symmetric : {true, false}) {
                    const WeightSource source = noise(laid.shape, laid.layout);
                    const Scheme scheme = schemeOf(bits, symmetric, granularity);
                    const auto report = analyze(source, scheme);
                    const auto q = quantizeWeights(source.values, source.layout, *scheme.weights, workers, job);
                    const Tensor back = dequantize(q, workers);
                    const auto x = source.values.as<float>(), y = back.as<float>();
                    double xx = 0, ee = 0, worst = 0;
                    for (std::size_t i = 0; i < x.size(); ++i) {
                        const double e = double(x[i]) - double(y[i]);
                        xx += double(x[i]) * double(x[i]), ee += e * e, worst = std::max(worst, std::fabs(e));
                    }
                    const double n = double(x.size());
                    EXPECT_NEAR(report->error.sqnrDb, 10 * std::log10(xx / ee), 1e-4);
                    EXPECT_NEAR(report->error.meanSquare, ee / n, 1e-6 * ee / n);
                    EXPECT_NEAR(report->error.maximum, worst, 1e-6 * worst);
                    EXPECT_EQ(report->scales, static_cast<std::int64_t>(q.scales.size()));
                    EXPECT_EQ(report->bytesAfter, storedBytes(source.layout, q.spec));
                    EXPECT_TRUE(report->exact());
                    const CodeEntropy entropy = codeEntropy(q, workers);
                    EXPECT_NEAR(report->entropy.bitsPerCode, entropy.bitsPerCode, 1e-12);
                    EXPECT_EQ(report->entropy.huffmanBytes, entropy.huffmanBytes);
                    EXPECT_EQ(report->error.klDivergence, divergence(report->weights, report->quantized));
                    EXPECT_EQ(totalOf(report->weights), x.size());
                    EXPECT_EQ(totalOf(report->quantized), x.size());
                    EXPECT_EQ(totalOf(report->errors), x.size());
                    EXPECT_EQ(report->weights.lo, report->quantized.lo);
                    EXPECT_EQ(report->weights.counts.size(), report->quantized.counts.size());
                    EXPECT_EQ(report->channels.size(), std::size_t(laid.layout.channels));
                    double mean = 0;  // the map's cells, weighted by what they cover, hold the whole error
                    for (int r = 0; r < report->map.rows; ++r)
                        for (int c = 0; c < report->map.columns; ++c) {
                            const double v = report->map.rms[static_cast<std::size_t>(r * report->map.columns + c)];
                            mean += v * v * double(std::min(report->map.channelsPerRow, laid.layout.channels - r * report->map.channelsPerRow)) *
                                    double(std::min(report->map.elementsPerColumn, laid.layout.perChannel() - c * report->map.elementsPerColumn));
                        }
                    EXPECT_NEAR(mean, ee, 1e-5 * ee);
                }
}

TEST(AnalyzeLayer, IsTheSameForEveryNumberOfThreadsAndEveryIsa) {
    for (const Laid& laid : kLaid)
        for (const RangeRule& rule : {RangeRule(MinMax{}), RangeRule(LeastError{2}), RangeRule(Percentile{99})}) {
            const WeightSource source = noise(laid.shape, laid.layout);
            const Scheme scheme = schemeOf(4, false, PerGroup{32}, rule);
            const auto one = analyze(source, scheme, 1);
            EXPECT_EQ(*one, *analyze(source, scheme, 2));
            EXPECT_EQ(*one, *analyze(source, scheme, 5));
            for (const Isa isa : isasUpTo(detectIsa())) {
                Workers workers(1);
                JobContext job;
                AnalyzeOptions options;
                options.isa = isa;
                EXPECT_EQ(*one, *analyzeLayer(source, scheme, options, nullptr, workers, job)) << isaName(isa);
            }
        }
}

TEST(AnalyzeLayer, PublishesAPreviewThenTheExactReport) {
    Workers workers(2);
    JobContext job;
    for (const Laid& laid : {Laid{Shape{1024, 2048}, {1, 1024, 2048}}, Laid{Shape{2048, 1024}, {2048, 1024, 1}}, Laid{Shape{4, 400000}, {1, 4, 400000}}})
        for (const Granularity& granularity : kGranularities)
            for (const bool known : {false, true}) {
                const WeightSource source = noise(laid.shape, laid.layout);
                ReportCache cache;
                if (known) analyzeLayer(source, schemeOf(7), {}, &cache, workers, job);
                std::vector<std::shared_ptr<const LayerReport>> seen;
                analyzeLayer(source, schemeOf(4, true, granularity), {}, &cache, workers, job, [&](auto report) { seen.push_back(std::move(report)); });
                ASSERT_EQ(seen.size(), 2u);
                const LayerReport &preview = *seen[0], &exact = *seen[1];
                EXPECT_FALSE(preview.exact());
                EXPECT_LT(preview.doneFraction, 0.5);
                EXPECT_GT(preview.doneFraction, 0.01);
                EXPECT_TRUE(exact.exact());
                // A sample of a channel has narrower ends than the channel, until these are known.
                EXPECT_NEAR(preview.error.sqnrDb, exact.error.sqnrDb, known ? 0.3 : 1.2);
                EXPECT_EQ(preview.bytesAfter, exact.bytesAfter);
                EXPECT_EQ(preview.scales, exact.scales);
                EXPECT_EQ(preview.channels.size(), exact.channels.size());
                EXPECT_EQ(preview.map.rows, exact.map.rows);
                EXPECT_EQ(preview.map.columns, exact.map.columns);
                EXPECT_NEAR(double(totalOf(preview.quantized)) / double(totalOf(exact.quantized)), 1.0, 0.01);
                if (known) {
                    EXPECT_EQ(preview.statistics, exact.statistics);
                    EXPECT_EQ(totalOf(preview.weights), totalOf(exact.weights));
                    EXPECT_TRUE(!std::holds_alternative<PerTensor>(granularity) || preview.transfer.levels == exact.transfer.levels);
                }
            }
}

TEST(AnalyzeLayer, EveryFormatSaysWhatAnEntropyCoderWouldMakeOfItsCodes) {
    const WeightSource source = noise(Shape{64, 512}, {1, 64, 512});
    Workers workers(2);
    JobContext job;
    for (const Codec& codec : codecs()) {
        Scheme scheme;
        auto& spec = scheme.weights.emplace();
        spec.codec = std::string(codec.name);
        spec.bits = std::clamp(4, codec.minBits, codec.maxBits);
        if (codec.blockSize > 0) spec.granularity = PerGroup{codec.blockSize};
        if (codec.takesTable) spec.table = {-1, -0.3f, 0, 0.3f, 1};
        if (!codec.scaleTypes.empty()) spec.scale = codec.scaleTypes.front();
        const auto report = analyze(source, scheme);
        EXPECT_EQ(report->entropy, codeEntropy(quantizeWeights(source.values, source.layout, spec, workers, job), workers)) << codec.name;
        EXPECT_GT(report->entropy.bitsPerCode, 0.0) << codec.name;
    }
}

TEST(AnalyzeLayer, ThePreviewsEntropyIsCloseToTheExactOne) {
    const WeightSource source = noise(Shape{2048, 1024}, {1, 2048, 1024});
    Workers workers(2);
    JobContext job;
    std::vector<std::shared_ptr<const LayerReport>> seen;
    analyzeLayer(source, schemeOf(4, true, PerGroup{128}), {}, nullptr, workers, job, [&](auto report) { seen.push_back(report); });
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_NEAR(seen[0]->entropy.bitsPerCode, seen[1]->entropy.bitsPerCode, 0.01);
    EXPECT_NEAR(seen[0]->entropy.huffmanBitsPerWeight, seen[1]->entropy.huffmanBitsPerWeight, 0.02);
    EXPECT_NEAR(seen[0]->error.klDivergence, seen[1]->error.klDivergence, 0.05 * seen[1]->error.klDivergence + 0.01);
}

TEST(AnalyzeLayer, NoPreviewOfSmallLayersNorWhenTheAnswerIsKnown) {
    Workers workers(1);
    JobContext job;
    ReportCache cache;
    int published = 0;
    const auto count = [&](const auto&) { ++published; };
    analyzeLayer(noise(Shape{8, 8}, {1, 8, 8}), schemeOf(4), {}, &cache, workers, job, count);
    EXPECT_EQ(published, 1);
    const WeightSource large = noise(Shape{600, 600}, {1, 600, 600});
    WeightSource other = large;
    other.layer = 1;
    const auto first = analyzeLayer(other, schemeOf(4), {}, &cache, workers, job, count);
    EXPECT_EQ(published, 3);
    EXPECT_EQ(analyzeLayer(other, schemeOf(4), {}, &cache, workers, job, count), first);
    EXPECT_EQ(published, 4);
}

TEST(AnalyzeLayer, FloatIsExactAndKeepsItsBytes) {
    const auto report = analyze(noise(Shape{10, 20}, {1, 10, 20}), Scheme{});
    EXPECT_EQ(report->error.sqnrDb, std::numeric_limits<double>::infinity());
    EXPECT_EQ(report->bytesAfter, 800);
    EXPECT_EQ(report->bitsPerWeight, 32.0);
    EXPECT_EQ(report->weights, report->quantized);
    EXPECT_TRUE(report->transfer.levels.empty());
    EXPECT_EQ(report->channels.size(), 10u);
}

TEST(AnalyzeLayer, SaysWhichGroupItsLevelsBelongTo) {
    const WeightSource source = noise(Shape{600, 600}, {1, 600, 600});
    Workers workers(1);
    JobContext job;
    for (const Granularity& granularity : {Granularity(PerTensor{}), Granularity(PerChannel{}), Granularity(PerGroup{128})}) {
        Scheme scheme = schemeOf(4);
        scheme.weights->granularity = granularity;
        std::vector<std::shared_ptr<const LayerReport>> reports;
        analyzeLayer(source, scheme, {.sampleWeights = 1 << 15}, nullptr, workers, job, [&](const auto& r) { reports.push_back(r); });
        ASSERT_EQ(reports.size(), 2u);
        for (const auto& report : reports) {
            const TransferCurve& t = report->transfer;
            EXPECT_EQ(t.levels.size(), 15u);
            EXPECT_EQ(t.length, std::holds_alternative<PerTensor>(granularity) ? 360000 : std::holds_alternative<PerChannel>(granularity) ? 600 : t.length);
            EXPECT_EQ(t.channel < 0, std::holds_alternative<PerTensor>(granularity));
            EXPECT_EQ(t.element < 0, !report->exact() && std::holds_alternative<PerGroup>(granularity));
            EXPECT_LT(t.channel, 600);
            if (!report->exact() || t.channel < 0) continue;
            EXPECT_EQ(t.group, groupGrid(source.layout, *scheme.weights).groupOf(t.channel, t.element));
        }
    }
}

TEST(AnalyzeLayer, StatisticsAreThoseOfTheFiniteWeights) {
    const auto report = analyze(sourceOf(Shape{2, 4}, {1, 2, 4}, {1, -3, 0, kNan, kInf, 2, 0, -kInf}), schemeOf(8));
    const auto& s = report->statistics;
    EXPECT_EQ(s.count, 8);
    EXPECT_EQ(s.notFinite, 3);
    EXPECT_EQ(s.zeros, 2);
    EXPECT_EQ(s.min, -3);
    EXPECT_EQ(s.max, 2);
    EXPECT_DOUBLE_EQ(s.mean, 0.0);
    EXPECT_DOUBLE_EQ(s.deviation, std::sqrt(14.0 / 5));
    EXPECT_EQ(totalOf(report->weights), 5u);
    EXPECT_EQ(totalOf(report->quantized), 5u);
    EXPECT_TRUE(std::isfinite(report->error.sqnrDb));
    EXPECT_NE(report->note.find("3 weights are NaN or infinite"), std::string::npos) << report->note;
}

TEST(AnalyzeLayer, ConstantZeroAndEmptyTensorsHaveADefinedReport) {
    for (const Granularity& granularity : kGranularities)
        for (int bits = 1; bits <= 8; ++bits)
            for (const bool symmetric : {true, false})
                for (const RangeRule& rule : {RangeRule(MinMax{}), RangeRule(LeastError{2}), RangeRule(Percentile{99}), RangeRule(Entropy{64, 16})}) {
                    const Scheme scheme = schemeOf(bits, symmetric, granularity, rule);
                    const auto zero = analyze(sourceOf(Shape{4, 8}, {1, 4, 8}, std::vector<float>(32, 0.0f)), scheme);
                    EXPECT_EQ(zero->error.maximum, 0.0);
                    EXPECT_EQ(zero->error.sqnrDb, std::numeric_limits<double>::infinity());
                    EXPECT_EQ(zero->note, "all weights are 0");
                    EXPECT_EQ(totalOf(zero->quantized), 32u);
                    const auto constant = analyze(sourceOf(Shape{4, 8}, {1, 4, 8}, std::vector<float>(32, 0.25f)), scheme);
                    EXPECT_EQ(constant->note, "all weights are equal");
                    EXPECT_EQ(constant->statistics.deviation, 0.0);
                    const auto nans = analyze(sourceOf(Shape{1, 3}, {1, 1, 3}, {kNan, kNan, kNan}), scheme);
                    EXPECT_EQ(totalOf(nans->weights), 0u);
                    EXPECT_NE(nans->note.find("NaN"), std::string::npos);
                    const auto empty = analyze(sourceOf(Shape{0, 8}, {1, 0, 8}, {}), scheme);
                    EXPECT_EQ(empty->note, "empty: nothing to quantize");
                    EXPECT_TRUE(empty->exact());
                }
}

TEST(AnalyzeLayer, NamesChannelsOfZeros) {
    auto source = sourceOf(Shape{3, 2}, {1, 3, 2}, {0, 0, 1, 2, 0, 0});
    EXPECT_EQ(analyze(source, schemeOf(4))->note, "2 channels hold only zeros");
}

TEST(AnalyzeLayer, ClippingCountsWhatLiesBeyondTheRange) {
    std::vector<float> values;
    for (int i = 0; i < 1000; ++i) values.push_back(float(i) / 1000);
    const auto source = sourceOf(Shape{1, 1000}, {1, 1, 1000}, values);
    const auto none = analyze(source, schemeOf(8, false));
    EXPECT_EQ(none->error.clipped, 0.0);
    const auto half = analyze(source, schemeOf(8, false, PerTensor{}, Manual{0, 0.5}));
    EXPECT_NEAR(half->error.clipped, 0.5, 0.002);
    EXPECT_NEAR(half->clipHi, 0.5, 1e-6);
    EXPECT_GT(half->errors.above, 490u);
    EXPECT_NEAR(half->error.maximum, 0.499, 1e-5);
}

TEST(AnalyzeLayer, AStoppedJobPublishesNothing) {
    Workers workers(2);
    std::stop_source stop;
    stop.request_stop();
    JobContext job(stop.get_token());
    int published = 0;
    EXPECT_THROW(analyzeLayer(noise(Shape{600, 600}, {1, 600, 600}), schemeOf(4), {}, nullptr, workers, job, [&](auto) { ++published; }), Cancelled);
    EXPECT_EQ(published, 0);
}

TEST(ErrorCurve, MoreBitsCostMoreAndErrLess) {
    Workers workers(2);
    JobContext job;
    std::size_t published = 0;
    const auto source = noise(Shape{64, 256}, {1, 64, 256});
    const auto curve = errorCurve(source, *schemeOf(4, true, PerGroup{32}, LeastError{2}).weights, {0}, workers, job, [&](const auto& points) { published = points.size(); });
    ASSERT_EQ(curve.size(), 8u);
    EXPECT_EQ(published, 8u);
    for (std::size_t i = 1; i < curve.size(); ++i) {
        EXPECT_GT(curve[i].sqnrDb, curve[i - 1].sqnrDb);
        EXPECT_GT(curve[i].bytes, curve[i - 1].bytes);
    }
    EXPECT_NEAR(curve[7].sqnrDb, analyze(source, schemeOf(8, true, PerGroup{32}, LeastError{2}))->error.sqnrDb, 1e-6);
}

TEST(WeightSample, IsSpreadEvenlyAndKeepsGroupsWhole) {
    for (const Laid& laid : {Laid{Shape{256, 4096}, {1, 256, 4096}}, Laid{Shape{4096, 256}, {4096, 256, 1}}, Laid{Shape{3, 100000}, {1, 3, 100000}}, Laid{Shape{50, 64, 100}, {50, 64, 100}}}) {
        std::vector<float> values(static_cast<std::size_t>(laid.shape.count()));
        const auto& l = laid.layout;
        for (std::int64_t c = 0; c < l.channels; ++c)  // each weight says where it stands
            for (std::int64_t e = 0; e < l.perChannel(); ++e)
                values[static_cast<std::size_t>((e / l.inner) * l.channels * l.inner + c * l.inner + e % l.inner)] = float(c * l.perChannel() + e);
        const auto source = sourceOf(laid.shape, l, values);
        const WeightSample sample = sampleOf(source, 20000, 32);
        const auto part = sample.source.values.as<float>();
        EXPECT_LT(sample.share, 1.0);
        EXPECT_NEAR(double(part.size()), 20000, 20000 * 0.7);
        const std::int64_t elements = sample.source.layout.perChannel();
        for (std::size_t i = 0; i < part.size(); ++i) {
            const auto where = static_cast<std::int64_t>(part[i]);
            const auto c = static_cast<std::int64_t>(i) / elements, e = static_cast<std::int64_t>(i) % elements;
            ASSERT_EQ(where / l.perChannel(), sample.channels[static_cast<std::size_t>(c)]);
            ASSERT_EQ(where % l.perChannel() % 32, e % 32);
        }
    }
}

TEST(ReportCache, DropsWhatWasNotUsedForLongest) {
    ReportCache cache(3 * (sizeof(LayerReport) + 4000));
    const auto keep = [&](std::size_t layer) {
        auto report = std::make_shared<LayerReport>();
        report->layer = layer;
        report->doneFraction = 1;
        report->transfer.levels.resize(1000);
        cache.keep("m", report);
    };
    keep(0), keep(1), keep(2);
    EXPECT_TRUE(cache.report("m", 0, {}));
    keep(3);
    EXPECT_TRUE(cache.report("m", 0, {}));
    EXPECT_FALSE(cache.report("m", 1, {}));
    EXPECT_FALSE(cache.report("n", 0, {}));
    EXPECT_FALSE(cache.report("m", 0, schemeOf(4)));
    Scheme activations;
    activations.activations = ActivationSpec{};
    EXPECT_EQ(cache.report("m", 0, activations)->scheme, activations);
    LayerReport preview;
    preview.doneFraction = 0.5;
    preview.layer = 9;
    cache.keep("m", std::make_shared<const LayerReport>(preview));
    EXPECT_FALSE(cache.report("m", 9, {}));
}

TEST(ReportCache, KeysTellSchemesApart) {
    std::vector<Scheme> schemes = {{}, schemeOf(4), schemeOf(8), schemeOf(4, false), schemeOf(4, true, PerTensor{}), schemeOf(4, true, PerGroup{32}), schemeOf(4, true, PerGroup{64}),
                                   schemeOf(4, true, PerChannel{}, LeastError{2}), schemeOf(4, true, PerChannel{}, LeastError{2.4}), schemeOf(4, true, PerChannel{}, Manual{-1, 1}),
                                   schemeOf(4, true, PerChannel{}, Manual{-1, 1.0000000001}), schemeOf(4, true, PerChannel{}, Entropy{64, 16}), schemeOf(4, true, PerChannel{}, Entropy{641, 6})};
    schemes.push_back(schemes[1]);
    schemes.back().weights->narrow = false;
    for (std::size_t i = 0; i < schemes.size(); ++i)
        for (std::size_t j = 0; j < schemes.size(); ++j) EXPECT_EQ(keyOf(schemes[i].weights) == keyOf(schemes[j].weights), i == j) << keyOf(schemes[i].weights);
}

}  // namespace
}  // namespace bitlathe
