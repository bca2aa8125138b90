#include "core/workflow/calibrate.h"

#include "core/engine/run.h"
#include "core/quant/observer.h"
#include "core/quant/qdq.h"

#include <algorithm>
#include <unordered_map>

namespace bitlathe {

// Of weights alone nothing is observed, and they may be larger than memory.
bool needsCalibration(const Model& model, const Recipe& recipe) { return !model.graph.weightsOnly && !observedValues(model, recipe).empty(); }

std::map<std::string, Observer, std::less<>> calibrationObservers(const Model& model, const Recipe& recipe) {
    std::map<std::string, Observer, std::less<>> observers;
    for (const auto& [name, spec] : observedValues(model, recipe)) observers.emplace(name, Observer(spec, true));
    return observers;
}

ActivationRanges calibrate(std::shared_ptr<const Model> model, const Recipe& recipe, const SampleFeed& feed, const CalibrationOptions& options,
                           const Machine& machine, Workers& workers, JobContext& job) {
    CompileOptions compile;
    compile.machine = machine;
    compile.fuse = false;  // every value must be seen
    const auto executable = Executable::compile(model, compile);
    const Graph& graph = executable->graph();

    SampleFeed samples = feed;
    CalibrationProgress now;
    if (options.from) {
        now = *options.from;
        if (now.batch > 0) samples.useBatch(now.batch);
    } else {
        now.observers = calibrationObservers(*model, recipe);
    }
    auto& observers = now.observers;
    std::vector<Observer*> byValue(graph.values.size(), nullptr);
    for (std::size_t i = 0; i < graph.values.size(); ++i)
        if (const auto at = observers.find(graph.values[i].name); at != observers.end()) byValue[i] = &at->second;

    const std::int64_t wanted = options.mostSamples > 0 ? std::min(options.mostSamples, samples.samples()) : samples.samples();
    std::int64_t& seen = now.seen;
    std::int64_t valid = 0, rows = 0;
    RunObserver look;
    look.value = [&](ValueId value, const Tensor& tensor) {
        Observer* observer = byValue[static_cast<std::size_t>(value)];
        if (!observer || !isFloat(tensor.type())) return;
        const Tensor floats = toFloat32(tensor);
        const std::span<const float> x = floats.as<float>();
        // Rows that only fill up a fixed batch are no samples.
        observer->observe(x.first(static_cast<std::size_t>(validCount(tensor.shape(), rows, valid))), workers);
    };
    Workspace workspace;
    JobContext quiet(job.stopToken());
    for (std::int64_t i = now.run; seen < wanted; ++i) {
        job.checkpoint(static_cast<double>(seen) / static_cast<double>(wanted), "calibrating: sample " + std::to_string(seen) + " of " + std::to_string(wanted));
        const std::vector<Tensor> inputs = samples.inputs(i);
        rows = samples.rowsIn(i);
        valid = std::min(samples.validIn(i), wanted - seen);
        try {
            run(*executable, workspace, workers, inputs, quiet, &look);
        } catch (const Error&) {
            // A model may leave the batch open in its inputs and fix it inside.
            if (seen > 0 || !samples.useBatch(1)) throw;
            for (auto& [name, observer] : calibrationObservers(*model, recipe)) observers.insert_or_assign(name, observer);
            --i;
            continue;
        }
        seen += samples.validIn(i);
        now.run = i + 1;
        now.batch = samples.batch();
        if (options.progress) options.progress(now);
    }
    job.checkpoint(1.0, "calibrated");
    ActivationRanges ranges;
    for (const auto& [name, observer] : observers) ranges.emplace(name, observer.result());
    return ranges;
}

}  // namespace bitlathe
