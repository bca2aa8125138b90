#include "core/workflow/kept_calibration.h"

#include "core/data/dataset.h"
#include "core/data/preprocessing.h"
#include "core/project/project_store.h"
#include "core/quant/qdq.h"
#include "core/quant/recipe_json.h"
#include "core/workflow/export.h"
#include "core/workflow/project_model.h"

#include <algorithm>
#include <chrono>

namespace bitlathe {

namespace {

constexpr const char *kCalibrations = "calibrations/", *kUnfinished = "unfinished_calibration/", *kProgress = "unfinished_calibration/progress";

// The values that are observed and their specs, in the recipe's own spelling.
std::string askedText(const Model& model, const Recipe& recipe) {
    Recipe asked;
    for (const auto& [name, spec] : observedValues(model, recipe)) asked.layers[name].activations = spec;
    return toJson(asked);
}

std::string numbered(std::size_t index) {
    const std::string digits = std::to_string(index);
    return kUnfinished + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

std::optional<CalibrationProgress> unfinished(const ProjectStore& store, const std::string& id, const CalibrationWork& work) {
    const auto progress = store.find(kProgress);
    if (!progress) return std::nullopt;
    const auto* of = progress->get<std::string>("calibration");
    const auto *run = progress->get<std::int64_t>("next_run"), *batch = progress->get<std::int64_t>("batch"), *seen = progress->get<std::int64_t>("samples_seen");
    if (!of || *of != id || !run || !batch || !seen || *run < 1 || *batch < 1 || *seen < 1) return std::nullopt;
    CalibrationProgress found{*run, *batch, *seen, calibrationObservers(*work.model, work.recipe)};
    std::size_t index = 0;
    for (auto& [name, observer] : found.observers) {
        const auto node = store.find(numbered(index++));
        std::string value;
        if (!node || !readInto(*node, value, observer) || value != name) return std::nullopt;
    }
    return found;
}

void keep(ProjectStore& store, const std::string& id, const std::string& data, const CalibrationProgress& now, std::int64_t wanted) {
    Hdf5Node progress;
    progress.about = "A calibration that is not finished: how far it came. The records beside this one are its observers";
    progress.add("calibration", id);
    progress.add("data", data);
    progress.add("next_run", now.run, "runs");
    progress.add("batch", now.batch, "samples per run");
    progress.add("samples_seen", now.seen, "samples");
    progress.add("samples_wanted", wanted, "samples");
    store.put(kProgress, progress);
    std::size_t index = 0;
    for (const auto& [name, observer] : now.observers) store.put(numbered(index++), toNode(name, observer));
    store.flush();
}

// A record that is damaged is one that is not there.
template <class F>
auto orNothing(F read) -> decltype(read()) {
    try {
        return read();
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace

std::optional<InterruptedCalibration> interruptedCalibration(const ProjectStore& store) {
    return orNothing([&]() -> std::optional<InterruptedCalibration> {
        const auto progress = store.find(kProgress);
        if (!progress) return std::nullopt;
        InterruptedCalibration found;
        if (const auto* seen = progress->get<std::int64_t>("samples_seen")) found.samples = *seen;
        if (const auto* of = progress->get<std::int64_t>("samples_wanted")) found.of = *of;
        if (const auto* data = progress->get<std::string>("data")) found.data = *data;
        return found;
    });
}

void forgetInterruptedCalibration(ProjectStore& store) {
    for (const std::string& key : store.keys(kUnfinished)) store.erase(key);
}

KeptCalibration calibrateKept(const CalibrationWork& work, ProjectStore* store, const Machine& machine, Workers& workers, JobContext& job) {
    KeptCalibration result;
    if (!needsCalibration(*work.model, work.recipe)) return result;
    const CalibrationChoice& choice = work.calibration;
    if (choice.data.empty())
        throw Error(ErrorKind::Usage, "the recipe quantizes activations, whose ranges must be learned, and there is no calibration data; choose some, or leave activations in float");
    SampleFeed feed(*work.model, openDataset(choice.data), work.preprocessing);
    result.note = feed.note();
    std::string picked;
    if (auto part = calibratingSamples(choice, feed.samples())) {
        picked = std::to_string(part->size()) + " of " + std::to_string(feed.samples()) + " samples, by seed " + std::to_string(choice.seed);
        feed.select(std::move(*part));
    }
    result.samples = feed.samples();
    CalibrationOptions options;
    const std::string identity = lastingIdentity(*work.model);
    if (!store || identity.empty()) {
        JobContext hashing = job.part(0, 0.02), running = job.part(0.02, 1);
        result.dataSha256 = dataSha256(choice.data, hashing);
        result.ranges = calibrate(work.model, work.recipe, feed, options, machine, workers, running);
        return result;
    }
    JobContext hashing = job.part(0, 0.05), running = job.part(0.05, 1);
    result.dataSha256 = dataSha256(choice.data, hashing);
    const CalibrationSubject subject{identity, result.dataSha256, toJson(feed.preprocessing()), askedText(*work.model, work.recipe), 0, choice.data, picked};
    const std::string id = idOf(subject), key = kCalibrations + id;
    const auto known = orNothing([&]() -> std::optional<ActivationRanges> {
        const auto node = store->find(key);
        return node ? rangesFrom(*node, subject) : std::nullopt;
    });
    if (known) {
        result.ranges = *known;
        result.fromProject = true;
        return result;
    }
    const auto before = orNothing([&] { return unfinished(*store, id, work); });
    if (before) {
        options.from = &*before;
        result.resumedAt = before->seen;
    }
    using Clock = std::chrono::steady_clock;
    const auto pause = std::chrono::milliseconds(work.keepEveryMs);
    constexpr int kShare = 20;  // keeping takes at most so small a part of the time
    const bool keeping = !store->readOnly();
    auto next = Clock::now() + pause;
    options.progress = [&](const CalibrationProgress& now) {
        if (!keeping || Clock::now() < next) return;
        const auto begun = Clock::now();
        try {
            keep(*store, id, choice.data, now, feed.samples());
        } catch (const Error&) {  // a full disk: the autosave says so, and the result does not depend on it
        }
        next = Clock::now() + std::max<Clock::duration>(pause, kShare * (Clock::now() - begun));
    };
    result.ranges = calibrate(work.model, work.recipe, feed, options, machine, workers, running);
    if (!keeping) return result;
    store->put(key, toNode(result.ranges, subject));
    forgetInterruptedCalibration(*store);
    try {
        store->flush();
    } catch (const Error&) {
    }
    return result;
}

}  // namespace bitlathe
