#include "app/analysis.h"

#include "app/jobs.h"
#include "tests/widgets/models/sample_model.h"

#include <gtest/gtest.h>

#include <QTest>

#include <algorithm>
#include <mutex>

namespace bitlathe {
namespace {

Scheme ints(int bits) {
    Scheme scheme;
    scheme.weights.emplace();
    scheme.weights->bits = bits;
    return scheme;
}

class AnalysisOfLayers : public testing::Test {
protected:
    AnalysisOfLayers()
        : analysis(runner, jobs, [this](const Model&, std::size_t layer, const Scheme& scheme, std::int64_t sample, JobContext& job, const PublishReport& publish) {
              measure(layer, scheme, sample, job, publish);
          }, cache) {
        QObject::connect(&analysis, &Analysis::reportsArrived, &analysis, [this](const std::vector<ReportPtr>& reports) { arrived.insert(arrived.end(), reports.begin(), reports.end()); });
        analysis.setModel(model);
    }
    // A stand-in for the measuring, so that the order of what is asked can be seen.
    void measure(std::size_t layer, const Scheme& scheme, std::int64_t sample, JobContext& job, const PublishReport& publish) {
        {
            std::lock_guard lock(mutex);
            asked.push_back(layer);
            samples.push_back(sample);
        }
        for (int i = 0, steps = slowness; i < steps; ++i) {
            try {
                job.checkpoint(double(i) / steps);
            } catch (const Cancelled&) {
                std::lock_guard lock(mutex);
                ++stopped;
                throw;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        auto report = std::make_shared<LayerReport>();
        report->layer = layer;
        report->scheme = scheme;
        if (sample > 0) {
            auto first = std::make_shared<LayerReport>(*report);
            first->doneFraction = 0.1;
            publish(first);
        }
        report->doneFraction = 1;
        cache.keep(identityOf(*model), report);
        publish(report);
    }
    bool wait() {
        return QTest::qWaitFor([&] { return analysis.complete(); }, 20'000);
    }

    std::shared_ptr<const Model> model = sampleModel();
    ReportCache cache;
    JobRunner runner{2};
    Jobs jobs;
    Analysis analysis;
    std::mutex mutex;
    std::vector<std::size_t> asked;
    std::vector<std::int64_t> samples;
    std::vector<ReportPtr> arrived;
    int slowness = 0, stopped = 0;
};

TEST_F(AnalysisOfLayers, EveryQuantizedLayerGetsItsExactReport) {
    analysis.setSchemes({ints(4), {}, ints(8)});
    ASSERT_TRUE(wait());
    EXPECT_EQ(analysis.report(0)->scheme, ints(4));
    EXPECT_EQ(analysis.report(2)->scheme, ints(8));
    EXPECT_FALSE(analysis.report(1));
}

TEST_F(AnalysisOfLayers, TheSelectedLayerComesFirst) {
    analysis.setSelected({2});
    analysis.setSchemes({ints(4), {}, ints(8)});
    ASSERT_TRUE(wait());
    std::lock_guard lock(mutex);
    ASSERT_FALSE(asked.empty());
    EXPECT_EQ(asked.front(), 2u);
}

TEST_F(AnalysisOfLayers, ASchemeSeenBeforeIsThereAtOnce) {
    analysis.setSchemes({ints(4), {}, ints(8)});
    ASSERT_TRUE(wait());
    analysis.setSchemes({ints(2), {}, ints(8)});
    ASSERT_TRUE(wait());
    const auto before = asked.size();
    analysis.setSchemes({ints(4), {}, ints(8)});
    EXPECT_TRUE(analysis.complete());
    EXPECT_EQ(analysis.report(0)->scheme, ints(4));
    EXPECT_EQ(asked.size(), before);
}

TEST_F(AnalysisOfLayers, AnOvertakenAnswerIsNeverShown) {
    slowness = 5;
    analysis.setSelected({0});
    for (int bits : {7, 6, 5, 4, 3}) analysis.setSchemes({ints(bits), {}, ints(8)});
    ASSERT_TRUE(wait());
    QTest::qWait(30);
    for (const ReportPtr& report : arrived)
        if (report->layer == 0) EXPECT_EQ(report->scheme, ints(3));
    EXPECT_EQ(analysis.report(0)->scheme, ints(3));
}

TEST_F(AnalysisOfLayers, AnOldJobIsStoppedBeforeTheNewOneAnswers) {
    slowness = 10'000;
    analysis.setSelected({0});
    analysis.setSchemes({ints(7), {}, {}});
    ASSERT_TRUE(QTest::qWaitFor([&] { std::lock_guard lock(mutex); return !asked.empty(); }, 5000));
    slowness = 0;
    analysis.setSchemes({ints(3), {}, {}});
    ASSERT_TRUE(wait());
    ASSERT_TRUE(QTest::qWaitFor([&] { std::lock_guard lock(mutex); return stopped == 1; }, 5000)) << "the old job went on";
    EXPECT_EQ(analysis.report(0)->scheme, ints(3));
}

TEST_F(AnalysisOfLayers, VisibleRowsComeAfterTheSelectedLayerAndBeforeTheRest) {
    auto tall = std::make_shared<Model>();
    for (int i = 0; i < 8; ++i) tall->layers.push_back(sampleLayer("blk." + std::to_string(i), LayerKind::Linear, Shape{8, 8}, {1, 8, 8}, true));
    model = tall;
    analysis.setModel(tall);
    analysis.setSelected({6});
    analysis.setVisible({3, 4});
    analysis.setSchemes(std::vector<Scheme>(8, ints(4)));
    ASSERT_TRUE(wait());
    std::lock_guard lock(mutex);
    EXPECT_EQ(asked, (std::vector<std::size_t>{6, 3, 4, 0, 1, 2, 5, 7}));
}

TEST_F(AnalysisOfLayers, UndoNeedsNoJob) {
    analysis.setSelected({0});
    analysis.setSchemes({ints(8), {}, {}});
    ASSERT_TRUE(wait());
    analysis.setSchemes({ints(3), {}, {}});
    ASSERT_TRUE(wait());
    QTest::qWait(20);
    const auto before = asked.size();
    arrived.clear();
    analysis.setSchemes({ints(8), {}, {}});
    ASSERT_EQ(arrived.size(), 1u) << "told at once, within the same event";
    EXPECT_TRUE(arrived.front()->exact());
    QTest::qWait(50);
    EXPECT_EQ(asked.size(), before);
}

TEST_F(AnalysisOfLayers, TellsHowFarTheSelectedLayersExactFigureIs) {
    slowness = 400;
    std::vector<double> told;
    QObject::connect(&analysis, &Analysis::progressed, &analysis, [&](std::size_t layer, double fraction) {
        EXPECT_EQ(layer, 0u);
        told.push_back(fraction);
    });
    analysis.setSelected({0});
    analysis.setSchemes({ints(4), {}, ints(4)});
    ASSERT_TRUE(wait());
    ASSERT_GE(told.size(), 2u);
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
    EXPECT_GT(told.back(), told.front());
    EXPECT_LE(told.back(), 1.0);
}

TEST_F(AnalysisOfLayers, AHandThatEditsFasterThanPreviewsComeGetsSmallerOnes) {
    slowness = 200;
    analysis.setSelected({0});
    for (int bits : {7, 6, 5, 4}) {
        analysis.setSchemes({ints(bits), {}, {}});
        QTest::qWait(15);
    }
    slowness = 0;
    analysis.setSchemes({ints(3), {}, {}});
    ASSERT_TRUE(wait());
    std::lock_guard lock(mutex);
    EXPECT_EQ(samples.front(), Analysis::kLargestSample);
    EXPECT_EQ(samples.back(), Analysis::kLargestSample / 16);
}

TEST_F(AnalysisOfLayers, APreviewNeverReplacesTheExactFigure) {
    analysis.setSelected({0});
    analysis.setSchemes({ints(4), {}, ints(8)});
    ASSERT_TRUE(wait());
    EXPECT_TRUE(analysis.report(0)->exact());
}

TEST_F(AnalysisOfLayers, AnotherModelForgetsTheOldOnesAnswers) {
    slowness = 20;
    analysis.setSchemes({ints(4), {}, ints(8)});
    analysis.setModel(sampleModel());
    QTest::qWait(80);
    EXPECT_FALSE(analysis.report(0));
    EXPECT_TRUE(arrived.empty());
}

TEST_F(AnalysisOfLayers, WonderingAnswersWithoutTouchingTheRecipesReports) {
    analysis.setSchemes({ints(4), {}, ints(8)});
    ASSERT_TRUE(wait());
    std::vector<ReportPtr> answers;
    QObject::connect(&analysis, &Analysis::wondered, &analysis, [&](Analysis::Wonder, const std::vector<ReportPtr>& reports) { answers.insert(answers.end(), reports.begin(), reports.end()); });
    analysis.wonder(Analysis::Wonder::Ghost, {{0, ints(2)}});
    ASSERT_TRUE(QTest::qWaitFor([&] { return !answers.empty() && answers.back()->exact(); }));
    EXPECT_EQ(answers.back()->scheme, ints(2));
    EXPECT_EQ(analysis.report(0)->scheme, ints(4));
}

}  // namespace
}  // namespace bitlathe
