#include "core/project/report_record.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/project/project_store.h"
#include "core/workflow/analyze.h"
#include "core/workflow/report_cache.h"
#include "tests/core/project/temporary_folder.h"

#include <gtest/gtest.h>

#include <iterator>
#include <set>

#include <cmath>

namespace bitlathe {
namespace {

LayerReport reportOf(const Scheme& scheme, std::vector<float>& values) {
    WeightSource source;
    source.model = "m";
    source.layout = {1, 8, std::int64_t(values.size()) / 8};
    source.values = Tensor::of<float>(Shape{8, std::int64_t(values.size()) / 8}, values);
    Workers workers(1);
    JobContext job;
    LayerReport report = *analyzeLayer(source, scheme, {}, nullptr, workers, job);
    report.layer = 0;
    return report;
}

// Every field of a real report: one that has no row in the list would differ.
TEST(ReportRecord, EveryRangeRuleHasAKeyOfItsOwnThatATextCanHold) {
    std::set<std::string> keys;
    const RangeRule rules[] = {MinMax{}, MovingAverage{}, Percentile{}, LeastError{}, Entropy{}, Manual{}, Aciq{}, Adaptive{}};
    static_assert(std::size(rules) == std::variant_size_v<RangeRule>);
    for (const RangeRule& rule : rules) {
        QuantSpec spec;
        spec.range = rule;
        const std::string key = keyOf(spec);
        EXPECT_EQ(key.find('\0'), std::string::npos);
        EXPECT_TRUE(keys.insert(key).second) << key;
    }
}

TEST(ReportRecord, AReportComesBackAsItWas) {
    const testing_support::TemporaryFolder folder;
    std::vector<float> values(8 * 300);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(float(i) * 0.7f) * float(i % 8 + 1);
    values[7] = std::nanf("");
    Scheme eight, four;
    eight.weights.emplace();
    four.weights.emplace();
    four.weights->bits = 4;
    four.weights->symmetric = false;
    four.weights->granularity = PerGroup{32};
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    for (const Scheme& scheme : {eight, four, Scheme{}}) {
        const LayerReport report = reportOf(scheme, values);
        const ReportSubject subject{"model", "layer/1", keyOf(scheme.weights)};
        store->put(keyOf(subject), toNode(report, subject));
        auto direct = reportFrom(toNode(report, subject), subject);
        store->save();
        auto saved = reportFrom(*ProjectStore::open(store->path(), ProjectStore::Access::Look)->find(keyOf(subject)), subject);
        ASSERT_TRUE(direct && saved);
        direct->scheme = saved->scheme = scheme;
        EXPECT_TRUE(*direct == report) << keyOf(scheme.weights);
        EXPECT_TRUE(*saved == report) << keyOf(scheme.weights);
    }
    EXPECT_EQ(store->keys("reports/").size(), 3u);
}

TEST(ReportRecord, NothingOfAnotherSubjectIsShown) {
    const ReportSubject subject{"model", "layer", "scheme"};
    std::vector<float> values(64, 0.5f);
    values[3] = -1;
    Scheme scheme;
    scheme.weights.emplace();
    const Hdf5Node node = toNode(reportOf(scheme, values), subject);
    EXPECT_TRUE(reportFrom(node, subject));
    for (const ReportSubject& other : {ReportSubject{"other", "layer", "scheme"}, ReportSubject{"model", "other", "scheme"}, ReportSubject{"model", "layer", "other"}, ReportSubject{"modell", "ayer", "scheme"}}) {
        EXPECT_FALSE(reportFrom(node, other));
        EXPECT_NE(keyOf(other), keyOf(subject));
    }
    Hdf5Node older = node;
    std::erase_if(older.items, [](const Hdf5Item& item) { return item.name == "entropy"; });
    EXPECT_FALSE(reportFrom(older, subject));
    for (Hdf5Item& item : older.items)
        if (item.name == "figures_version") item.value = std::int64_t(0);
    EXPECT_FALSE(reportFrom(older, subject));
}

}  // namespace
}  // namespace bitlathe
