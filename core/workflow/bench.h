// How long a model takes, layer by layer. Knows no recipes: it is given what to run.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/engine/executable.h"

#include <string>
#include <vector>

namespace bitlathe {

struct StepTime {
    std::string name, op, kernel;
    bool integer = false;
    std::string reason;     // why in float, where the model is quantized
    double medianMs = 0;    // wall time over the repeats
    double gops = 0;        // billion multiply-adds × 2 per second; 0 for steps that are no products
};

struct BenchResult {
    int threads = 1;
    std::int64_t batch = 1;
    int repeats = 0;
    double medianMs = 0, bestMs = 0;  // one run of the whole model
    std::vector<StepTime> steps;      // in the order of execution
};

// Runs the model `repeats` times on inputs of the declared shapes filled with a fixed pseudo-random pattern
// (open extents: `batch` for the first axis, 1 elsewhere), after two runs that do not count. Throws
// Error(Input) when the model refuses such inputs.
BenchResult bench(const Executable& executable, std::int64_t batch, int repeats, Workers& workers, JobContext& job);

// Inputs as bench() uses them.
std::vector<Tensor> syntheticInputs(const Graph& graph, std::int64_t batch);

}  // namespace bitlathe
