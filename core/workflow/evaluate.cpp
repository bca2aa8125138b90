#include "core/workflow/evaluate.h"

#include "core/engine/run.h"
#include "core/metrics/error_sums.h"
#include "core/metrics/output_metrics.h"
#include "core/workflow/layer_traces.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

namespace bitlathe {

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// Sums over samples; a snapshot of them is an Evaluation.
struct Tally {
    std::int64_t samples = 0, top1 = 0, top5 = 0, floatTop1 = 0, floatTop5 = 0;
    std::int64_t agreed = 0, positions = 0, notNumbers = 0;
    std::int64_t lost = 0, gained = 0;
    ErrorSums outputs;
    // Over samples: of error², signal² and their products, for the spread of the ratio.
    double ee = 0, xx = 0, eeee = 0, eexx = 0, xxxx = 0;
    bool told = true;  // false once a sample's outputs cannot be told from its batch's
    std::vector<std::int64_t> flipped;

    // A row holds `each` answers of equal length: one for a classifier, one per token or anchor otherwise.
    void add(std::span<const float> reference, std::span<const float> row, std::int64_t each, std::int64_t index, std::optional<std::int64_t> wanted) {
        ++samples;
        if (wanted) {
            const std::int64_t label = *wanted;
            if (label < 0 || label >= static_cast<std::int64_t>(row.size()))
                refuseInput("label " + std::to_string(label) + " of sample " + std::to_string(index) + " is outside the model's " + std::to_string(row.size()) +
                            " classes, 0 to " + std::to_string(row.size() - 1) + "; these labels belong to another model");
            top1 += isInTop(row, label, 1), top5 += isInTop(row, label, 5);
            const bool right = isInTop(row, label, 1), floatRight = isInTop(reference, label, 1);
            lost += floatRight && !right, gained += right && !floatRight;
            floatTop1 += floatRight, floatTop5 += isInTop(reference, label, 5);
        }
        if (row.empty()) return;
        const std::size_t length = row.size() / static_cast<std::size_t>(each);
        std::int64_t same = 0;
        for (std::size_t from = 0; from < row.size(); from += length)
            if (const std::int64_t best = argmax(row.subspan(from, length)); best >= 0) same += best == argmax(reference.subspan(from, length));
            else ++notNumbers;
        agreed += same, positions += each;
        if (same < each && flipped.size() < Evaluation::kMostFlipped) flipped.push_back(index);
    }
    void addErrors(const ErrorSums& ofSample) {
        ee += ofSample.ee, xx += ofSample.xx;
        eeee += ofSample.ee * ofSample.ee, eexx += ofSample.ee * ofSample.xx, xxxx += ofSample.xx * ofSample.xx;
    }
    // Of 10·log10(Σx²/Σe²), a ratio of two means (Cochran, Sampling Techniques, 6.3): linearised.
    double sqnrError() const {
        const auto n = static_cast<double>(samples);
        if (!told || samples < 2 || ee <= 0 || xx <= 0) return std::numeric_limits<double>::quiet_NaN();
        const double ratio = ee / xx, residual = std::max(eeee - 2 * ratio * eexx + ratio * ratio * xxxx, 0.0);
        return 10 / std::numbers::ln10 * std::sqrt(residual * n / (n - 1)) / ee;
    }
    void into(Evaluation& result) const {
        const auto share = [&](std::int64_t count) { return samples > 0 ? static_cast<double>(count) / static_cast<double>(samples) : 0; };
        result.samples = samples;
        result.top1 = share(top1), result.top5 = share(top5);
        result.floatTop1 = share(floatTop1), result.floatTop5 = share(floatTop5);
        result.agreement = positions > 0 ? static_cast<double>(agreed) / static_cast<double>(positions) : 1;
        result.outputSqnrDb = decibels(outputs.xx, outputs.ee);
        result.maximumError = outputs.maximum;
        result.outputSqnrErrorDb = sqnrError();
        result.lost = lost, result.gained = gained;
        result.flipped = flipped;
    }
};

std::span<const float> rowOf(const Tensor& output, std::int64_t row, std::int64_t rows) {
    const auto size = static_cast<std::size_t>(output.count() / rows);
    return output.as<float>().subspan(static_cast<std::size_t>(row) * size, size);
}

// The outputs as float32; the types of a quantized network's outputs are the source's.
std::vector<Tensor> floats(std::vector<Tensor> outputs) {
    for (Tensor& output : outputs) output = toFloat32(output);
    return outputs;
}

class Run {
public:
    Run(const Network& network, SampleFeed feed, const EvaluateOptions& options, Workers& workers)
        : m_network(network), m_feed(std::move(feed)), m_options(options), m_workers(workers) {
        CompileOptions compile;
        compile.machine = network.executable->machine();
        compile.fuse = !options.layers;
        m_reference = network.mode == EngineMode::Float ? network.executable : Executable::compile(network.source, compile);
        if (options.layers) m_traces.emplace(network, *m_reference);
    }

    Evaluation all(JobContext& job) {
        const std::int64_t wanted = m_options.mostSamples > 0 ? std::min(m_options.mostSamples, m_feed.samples()) : m_feed.samples();
        auto lastPartial = Clock::now();
        for (std::int64_t i = 0; m_tally.samples < wanted; ++i) {
            job.checkpoint(static_cast<double>(m_tally.samples) / static_cast<double>(wanted),
                           std::string(nameOf(m_network.mode)) + ": sample " + std::to_string(m_tally.samples) + " of " + std::to_string(wanted));
            one(i, wanted, job);
            if (m_options.partial && secondsSince(lastPartial) > 0.1) {
                m_options.partial(snapshot());
                lastPartial = Clock::now();
            }
        }
        job.checkpoint(1.0, "evaluated");
        return snapshot();
    }

private:
    void one(std::int64_t index, std::int64_t wanted, JobContext& job) {
        const std::vector<Tensor> inputs = m_feed.inputs(index);
        const std::int64_t valid = std::min(m_feed.validIn(index), wanted - m_tally.samples);
        JobContext quiet(job.stopToken());
        const std::int64_t rows = m_feed.rowsIn(index);
        if (m_traces) m_traces->beginRun(rows, valid);
        std::vector<Tensor> reference;
        if (m_network.mode != EngineMode::Float)
            reference = floats(run(*m_reference, m_referenceWorkspace, m_workers, inputs, quiet, m_traces ? &m_traces->referenceObserver() : nullptr));
        const auto begin = Clock::now();
        std::vector<Tensor> outputs = run(*m_network.executable, m_workspace, m_workers, inputs, quiet, m_traces ? &m_traces->observer() : nullptr);
        m_seconds += secondsSince(begin);
        outputs = floats(std::move(outputs));
        if (m_network.mode == EngineMode::Float) reference = outputs;

        // A fixed batch that the last samples do not fill repeats the last one: only the valid rows count.
        const bool batched = m_feed.batch() > 1;
        m_rowPerSample = !outputs.empty() && outputs[0].count() > 0 && (!batched || (outputs[0].shape().rank() > 0 && outputs[0].shape()[0] == rows));
        const bool sequence = m_rowPerSample && outputs[0].shape().rank() == 3;
        m_classes = !sequence;
        for (std::int64_t row = 0; row < valid; ++row) {
            const std::int64_t sample = m_tally.samples;
            const auto label = m_classes && m_feed.labelled() ? std::optional(m_feed.label(sample)) : std::nullopt;
            if (m_rowPerSample) m_tally.add(rowOf(reference[0], row, rows), rowOf(outputs[0], row, rows), sequence ? outputs[0].shape()[1] : 1, m_feed.indexOf(sample), label);
            else m_tally.add({}, {}, 1, m_feed.indexOf(sample), std::nullopt);
        }
        for (std::int64_t row = 0; row < valid && m_network.mode != EngineMode::Float; ++row) {
            ErrorSums ofSample;
            for (std::size_t o = 0; o < outputs.size(); ++o) {
                const bool mine = outputs[o].count() > 0 && (rows == 1 || (outputs[o].shape().rank() > 0 && outputs[o].shape()[0] == rows));
                m_tally.told = m_tally.told && mine;
                if (mine) addPairs(ofSample, rowOf(reference[o], row, rows), rowOf(outputs[o], row, rows));
            }
            m_tally.addErrors(ofSample);
        }
        for (std::size_t o = 0; o < outputs.size(); ++o) {
            const auto count = static_cast<std::size_t>(validCount(outputs[o].shape(), rows, valid));
            addPairs(m_tally.outputs, reference[o].as<float>().first(count), outputs[o].as<float>().first(count));
        }
    }

    Evaluation snapshot() const {
        Evaluation result;
        result.mode = m_network.mode;
        m_tally.into(result);
        result.labelled = m_feed.labelled() && m_rowPerSample && m_classes;
        result.seconds = m_seconds;
        result.samplesPerSecond = m_seconds > 0 ? static_cast<double>(m_tally.samples) / m_seconds : 0;
        result.note = m_feed.note();
        if (m_tally.notNumbers > 0)
            result.note += (result.note.empty() ? "" : "; ") + std::to_string(m_tally.notNumbers) + " answers hold no number at all (NaN): they count as wrong";
        if (!m_feed.labelled()) result.note += (result.note.empty() ? "" : "; ") + std::string("the data has no labels: top-1 is not measured");
        result.batch = m_feed.batch();
        if (m_traces) result.layers = m_traces->layers();
        return result;
    }

    const Network& m_network;
    SampleFeed m_feed;
    EvaluateOptions m_options;
    Workers& m_workers;
    std::shared_ptr<const Executable> m_reference;
    std::optional<LayerTraces> m_traces;
    Workspace m_workspace, m_referenceWorkspace;
    Tally m_tally;
    double m_seconds = 0;
    bool m_rowPerSample = true, m_classes = true;
};

// Whether a first run of a whole batch works: models that leave the batch open outside may fix it inside.
bool takesBatches(const Network& network, const SampleFeed& feed, Workers& workers, JobContext& job) {
    if (feed.batch() <= 1 || feed.samples() <= 1) return true;
    Workspace workspace;
    JobContext quiet(job.stopToken());
    try {
        const std::vector<Tensor> inputs = feed.inputs(0);
        const std::vector<Tensor> outputs = run(*network.executable, workspace, workers, inputs, quiet);
        return !outputs.empty() && outputs[0].shape().rank() > 0 && outputs[0].shape()[0] == inputs[0].shape()[0];
    } catch (const Error&) {
        return false;
    }
}

}  // namespace

Evaluation evaluate(const Network& network, SampleFeed feed, const EvaluateOptions& options, Workers& workers, JobContext& job) {
    if (!takesBatches(network, feed, workers, job)) feed.useBatch(1);
    return Run(network, std::move(feed), options, workers).all(job);
}

}  // namespace bitlathe
