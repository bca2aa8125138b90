// Calibration with a project: ranges that were learned before are taken from it, an interrupted calibration goes
// on, and what is learned is kept.
#pragma once

#include "core/project/calibration_record.h"
#include "core/workflow/calibrate.h"
#include "core/workflow/calibration_choice.h"

#include <memory>
#include <string>

namespace bitlathe {

class ProjectStore;

struct CalibrationWork {
    std::shared_ptr<const Model> model;
    Recipe recipe;
    CalibrationChoice calibration;
    std::string preprocessing;  // JSON; wins over what stands beside the data; empty: none of its own
    int keepEveryMs = 3000;     // at most so often, and at most a twentieth of the time
};

struct KeptCalibration {
    ActivationRanges ranges;
    std::string dataSha256;  // empty where nothing had to be learned
    std::string note;        // what was assumed of the samples, for people
    std::int64_t samples = 0;   // that it was learned from
    bool fromProject = false;
    std::int64_t resumedAt = 0;  // samples that an interrupted calibration had seen
};

// store: null or open for looking: nothing is kept. Every few seconds the observers go to the store's journal, and
// the ranges at the end; a store that cannot be written keeps nobody from the result. Throws as calibrate() does,
// and Error(Usage) when the recipe wants ranges and there is no data.
KeptCalibration calibrateKept(const CalibrationWork& work, ProjectStore* store, const Machine& machine, Workers& workers, JobContext& job);

// Whether the project holds a calibration that was interrupted: how far it came, and on what.
struct InterruptedCalibration {
    std::int64_t samples = 0, of = 0;
    std::string data;
};
std::optional<InterruptedCalibration> interruptedCalibration(const ProjectStore& store);
void forgetInterruptedCalibration(ProjectStore& store);

}  // namespace bitlathe
