#include "core/project/calibration_record.h"

#include "core/base/sha256.h"
#include "core/project/node_fields.h"

#include <algorithm>
#include <span>

namespace bitlathe {

namespace {

// The ranges of all values, field by field.
struct Columns {
    std::vector<std::string> values, taken;
    std::vector<float> low, high, min, max;
    std::vector<std::int64_t> count, notFinite, batches;
    std::vector<double> histogramLow, histogramHigh;
    std::vector<std::uint64_t> below, above, bins, counts;
};

template <class F>
void fields(F& f, Columns& c) {
    f("values", c.values, "", "names of the tensors in the graph; the other arrays have one element for each");
    f("range_low", c.low, "", "the range by the recipe's rule, which scales are made of");
    f("range_high", c.high, "", "the range by the recipe's rule, which scales are made of");
    f("min", c.min, "", "smallest finite element seen");
    f("max", c.max, "", "largest finite element seen");
    f("count", c.count, "elements", "elements seen");
    f("not_finite", c.notFinite, "elements", "NaN and infinities among them");
    f("batches", c.batches, "runs", "runs of the network");
    f("histogram_low", c.histogramLow, "", "where the first bin begins");
    f("histogram_high", c.histogramHigh, "", "where the last bin ends");
    f("histogram_below", c.below, "elements", "elements below the first bin");
    f("histogram_above", c.above, "elements", "elements above the last bin");
    f("histogram_bins", c.bins, "bins", "bins of each value's histogram");
    f("histogram_counts", c.counts, "elements per bin", "the histograms one after the other, histogram_bins of each");
}

bool has(const Hdf5Node& node, const char* name, const std::string& text) {
    const auto* found = node.get<std::string>(name);
    return found && *found == text;
}

}  // namespace

std::string idOf(const CalibrationSubject& subject) {
    Sha256 sum;
    std::vector<std::string> texts = {std::to_string(CalibrationSubject::kFigures), subject.model, subject.data, subject.preprocessing, subject.asked, std::to_string(subject.mostSamples)};
    if (!subject.picked.empty()) texts.push_back(subject.picked);
    for (const std::string& text : texts) {
        const std::string sized = std::to_string(text.size()) + ":" + text;
        sum.add(std::as_bytes(std::span(sized.data(), sized.size())));
    }
    return sum.hex().substr(0, 32);
}

Hdf5Node toNode(const ActivationRanges& ranges, const CalibrationSubject& subject) {
    Columns columns;
    for (const auto& [name, range] : ranges) {
        columns.values.push_back(name);
        columns.taken.push_back(range.taken);
        columns.low.push_back(range.range.lo);
        columns.high.push_back(range.range.hi);
        columns.min.push_back(range.min);
        columns.max.push_back(range.max);
        columns.count.push_back(range.count);
        columns.notFinite.push_back(range.notFinite);
        columns.batches.push_back(range.batches);
        columns.histogramLow.push_back(range.histogram.lo);
        columns.histogramHigh.push_back(range.histogram.hi);
        columns.below.push_back(range.histogram.below);
        columns.above.push_back(range.histogram.above);
        columns.bins.push_back(range.histogram.counts.size());
        columns.counts.insert(columns.counts.end(), range.histogram.counts.begin(), range.histogram.counts.end());
    }
    Hdf5Node node;
    node.about = "Ranges of activations, learned from samples that ran through the float network";
    node.add("figures_version", CalibrationSubject::kFigures);
    node.add("model_sha256", subject.model);
    node.add("data_sha256", subject.data);
    node.add("data", subject.dataName);
    node.add("preprocessing", subject.preprocessing);
    node.add("asked", subject.asked);
    node.add("most_samples", subject.mostSamples, "samples; 0: all");
    if (!subject.picked.empty()) node.add("picked", subject.picked);
    ToNode to(node);
    fields(to, columns);
    // Only where the recipe's rule chose among several.
    if (std::any_of(columns.taken.begin(), columns.taken.end(), [](const std::string& rule) { return !rule.empty(); }))
        to("rule_taken", columns.taken, "", "which rule the range is of");
    return node;
}

std::optional<ActivationRanges> rangesFrom(const Hdf5Node& node, const CalibrationSubject& subject) {
    const auto* figures = node.get<std::int64_t>("figures_version");
    const auto* most = node.get<std::int64_t>("most_samples");
    if (!figures || *figures != CalibrationSubject::kFigures || !most || *most != subject.mostSamples || !has(node, "model_sha256", subject.model) ||
        (node.find("picked") ? !has(node, "picked", subject.picked) : !subject.picked.empty()) || !has(node, "data_sha256", subject.data) || !has(node, "preprocessing", subject.preprocessing) || !has(node, "asked", subject.asked))
        return std::nullopt;
    Columns c;
    FromNode from(node);
    fields(from, c);
    const std::size_t n = c.values.size();
    if (const auto* taken = node.get<std::vector<std::string>>("rule_taken")) c.taken = *taken;
    c.taken.resize(n);
    for (const std::size_t size : {c.low.size(), c.high.size(), c.min.size(), c.max.size(), c.count.size(), c.notFinite.size(), c.batches.size(), c.histogramLow.size(),
                                   c.histogramHigh.size(), c.below.size(), c.above.size(), c.bins.size()})
        if (size != n) return std::nullopt;
    if (!from.complete()) return std::nullopt;
    ActivationRanges ranges;
    std::size_t at = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (c.bins[i] > c.counts.size() - at) return std::nullopt;
        const auto begin = c.counts.begin() + std::ptrdiff_t(at);
        at += std::size_t(c.bins[i]);
        ActivationRange range{{c.low[i], c.high[i]}, c.min[i], c.max[i], c.count[i], c.notFinite[i], c.batches[i],
                              {c.histogramLow[i], c.histogramHigh[i], {begin, begin + std::ptrdiff_t(c.bins[i])}, c.below[i], c.above[i]}, c.taken[i]};
        ranges.emplace(c.values[i], std::move(range));
    }
    return ranges;
}

Hdf5Node toNode(const std::string& value, const Observer& observer) {
    Hdf5Node node;
    node.about = "What one observer of an unfinished calibration saw so far";
    node.add("value", value);
    Observer copy = observer;
    ToNode to(node);
    copy.fields(to);
    return node;
}

bool readInto(const Hdf5Node& node, std::string& value, Observer& observer) {
    FromNode from(node);
    from("value", value);
    observer.fields(from);
    return from.complete();
}

}  // namespace bitlathe
