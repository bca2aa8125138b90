#include "core/workflow/compare.h"

#include "core/engine/run.h"
#include "core/metrics/error_sums.h"
#include "core/metrics/output_metrics.h"
#include "core/workflow/samples.h"

#include <algorithm>
#include <unordered_map>

namespace bitlathe {

namespace {

// Layers of b by a's: same name first, then the next unmatched one of equal kind and weight count.
std::vector<LayerComparison> matchLayers(const Model& a, const Model& b, std::vector<std::pair<int, int>>& pairs) {
    std::unordered_map<std::string, std::size_t> byName;
    for (std::size_t i = 0; i < b.layers.size(); ++i) byName.emplace(b.layers[i].name, i);
    std::vector<int> twin(a.layers.size(), -1);
    std::vector<bool> taken(b.layers.size(), false);
    std::vector<const char*> how(a.layers.size(), "");
    for (std::size_t i = 0; i < a.layers.size(); ++i)
        if (const auto at = byName.find(a.layers[i].name); at != byName.end() && a.layers[i].shape.count() == b.layers[at->second].shape.count())
            twin[i] = static_cast<int>(at->second), taken[at->second] = true, how[i] = "name";
    std::size_t from = 0;
    for (std::size_t i = 0; i < a.layers.size(); ++i) {
        if (twin[i] >= 0) {
            from = std::max(from, static_cast<std::size_t>(twin[i]) + 1);
            continue;
        }
        for (std::size_t j = from; j < b.layers.size(); ++j)
            if (!taken[j] && a.layers[i].kind == b.layers[j].kind && a.layers[i].shape.count() == b.layers[j].shape.count()) {
                twin[i] = static_cast<int>(j), taken[j] = true, how[i] = "shape and place";
                break;
            }
    }
    std::vector<LayerComparison> rows;
    const auto describe = [&](int ia, int ib, const char* by) {
        LayerComparison row;
        row.matchedBy = by;
        if (ia >= 0) row.nameA = a.layers[static_cast<std::size_t>(ia)].name, row.storedA = a.layers[static_cast<std::size_t>(ia)].storedAs, row.bytesA = a.layers[static_cast<std::size_t>(ia)].bytes;
        if (ib >= 0) row.nameB = b.layers[static_cast<std::size_t>(ib)].name, row.storedB = b.layers[static_cast<std::size_t>(ib)].storedAs, row.bytesB = b.layers[static_cast<std::size_t>(ib)].bytes;
        rows.push_back(std::move(row));
        pairs.emplace_back(ia, ib);
    };
    for (std::size_t i = 0; i < a.layers.size(); ++i) describe(static_cast<int>(i), twin[i], how[i]);
    for (std::size_t j = 0; j < b.layers.size(); ++j)
        if (!taken[j]) describe(-1, static_cast<int>(j), "");
    return rows;
}

void compareWeights(const Model& a, const Layer& la, const Model& b, const Layer& lb, LayerComparison& row) {
    // Channel by channel, so that [K,N] and [N,K] of the same matrix agree.
    if (la.layout.channels != lb.layout.channels || la.layout.perChannel() != lb.layout.perChannel()) return;
    const auto majorOf = [](const Model& model, const Layer& layer) {
        const Tensor weight = weightOf(model.graph, layer);
        std::vector<float> major(static_cast<std::size_t>(weight.count()));
        toChannelMajor(layer.layout, weight.as<float>(), major);
        return major;
    };
    const std::vector<float> x = majorOf(a, la), y = majorOf(b, lb);
    ErrorSums sums;
    addPairs(sums, x, y);
    row.comparable = true;
    row.maximum = sums.maximum;
    row.sqnrDb = decibels(sums.xx, sums.ee);
}

std::vector<Tensor> floats(std::vector<Tensor> outputs) {
    for (Tensor& output : outputs) output = toFloat32(output);
    return outputs;
}

bool rowPerSample(const std::vector<Tensor>& outputs, std::int64_t rows) {
    return !outputs.empty() && outputs[0].shape().rank() > 0 && outputs[0].shape()[0] == rows;
}

OutputComparison compareOutputs(std::shared_ptr<const Model> a, std::shared_ptr<const Model> b, const Dataset& data, const std::string& preprocessing,
                                const Machine& machine, Workers& workers, JobContext& job) {
    SampleFeed feedA(*a, data, preprocessing), feedB(*b, data, preprocessing);
    const bool open = !feedA.fixedBatch() && !feedB.fixedBatch();
    if (!open) {
        feedA.useBatch(feedB.batch()), feedB.useBatch(feedA.batch());
        if (feedA.batch() != feedB.batch())
            refuseInput("the models take batches of " + std::to_string(feedA.batch()) + " and " + std::to_string(feedB.batch()) + " samples and no others; export them with one batch size, or an open one");
    }
    CompileOptions options;
    options.machine = machine;
    const auto runA = Executable::compile(a, options), runB = Executable::compile(b, options);
    Workspace spaceA, spaceB;
    OutputComparison result;
    result.note = feedA.note();
    ErrorSums sums;
    std::int64_t agreed = 0, rightA = 0, rightB = 0;
    JobContext quiet(job.stopToken());
    for (std::int64_t i = 0; result.samples < feedA.samples(); ++i) {
        job.checkpoint(static_cast<double>(result.samples) / static_cast<double>(feedA.samples()),
                       "sample " + std::to_string(result.samples) + " of " + std::to_string(feedA.samples()));
        const std::int64_t rowsA = feedA.rowsIn(i), rowsB = feedB.rowsIn(i), valid = feedA.validIn(i);
        const auto outA = floats(run(*runA, spaceA, workers, feedA.inputs(i), quiet)), outB = floats(run(*runB, spaceB, workers, feedB.inputs(i), quiet));
        const bool byRow = feedA.batch() == 1 || (rowPerSample(outA, rowsA) && rowPerSample(outB, rowsB));
        if (!byRow && open && result.samples == 0) {
            feedA.useBatch(1), feedB.useBatch(1);  // the batch is open outside and fixed inside
            --i;
            continue;
        }
        if (outA.size() != outB.size()) refuseInput("the models have " + std::to_string(outA.size()) + " and " + std::to_string(outB.size()) + " outputs; only models for the same task can be compared on data");
        for (std::size_t o = 0; o < outA.size(); ++o) {
            const auto x = outA[o].as<float>().first(static_cast<std::size_t>(validCount(outA[o].shape(), rowsA, valid)));
            const auto y = outB[o].as<float>().first(static_cast<std::size_t>(validCount(outB[o].shape(), rowsB, valid)));
            if (x.size() != y.size()) refuseInput("output " + std::to_string(o) + " has " + toText(outA[o].shape()) + " elements in one model and " + toText(outB[o].shape()) + " in the other; only models for the same task can be compared on data");
            addPairs(sums, x, y);
        }
        for (std::int64_t row = 0; row < valid && byRow && !outA.empty(); ++row) {
            const auto size = static_cast<std::size_t>(outA[0].count() / rowsA), from = static_cast<std::size_t>(row) * size;
            const std::int64_t topA = argmax(outA[0].as<float>().subspan(from, size)), topB = argmax(outB[0].as<float>().subspan(from, size));
            agreed += topA == topB && topA >= 0;
            if (feedA.labelled()) {
                const std::int64_t label = feedA.label(result.samples + row);
                rightA += topA == label, rightB += topB == label;
            }
        }
        result.samples += valid;
    }
    const auto share = [&](std::int64_t count) { return result.samples > 0 ? static_cast<double>(count) / static_cast<double>(result.samples) : 0; };
    result.sqnrDb = decibels(sums.xx, sums.ee);
    result.maximum = sums.maximum;
    result.agreement = share(agreed);
    if (feedA.labelled()) result.top1A = share(rightA), result.top1B = share(rightB);
    return result;
}

}  // namespace

Comparison compareModels(std::shared_ptr<const Model> a, std::shared_ptr<const Model> b, const Dataset* data, const std::string& preprocessing,
                         const Machine& machine, Workers& workers, JobContext& job) {
    Comparison result;
    std::vector<std::pair<int, int>> pairs;
    result.layers = matchLayers(*a, *b, pairs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        job.checkpoint((data ? 0.3 : 1.0) * static_cast<double>(i) / static_cast<double>(pairs.size()), "comparing weights");
        const auto [ia, ib] = pairs[i];
        if (ia >= 0 && ib >= 0) compareWeights(*a, a->layers[static_cast<std::size_t>(ia)], *b, b->layers[static_cast<std::size_t>(ib)], result.layers[i]);
        result.bytesA += result.layers[i].bytesA, result.bytesB += result.layers[i].bytesB;
    }
    if (data) {
        JobContext running = job.part(0.3, 1.0);
        result.outputs = compareOutputs(std::move(a), std::move(b), *data, preprocessing, machine, workers, running);
    }
    return result;
}

}  // namespace bitlathe
