// A network measured on a dataset: against the labels, against float, and layer by layer.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/workflow/network.h"
#include "core/workflow/samples.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bitlathe {

struct LayerEvaluation {
    std::string name;
    double sqnrDb = 0;         // own: of the weights alone; +infinity where they are exact
    double carriedSqnrDb = 0;  // carried: of the layer's output when everything before it is quantized too; NaN where it cannot be seen
    double medianMs = 0;       // of the steps that compute the layer, per run
    std::string kernel;
    bool integer = false;
    std::string reason;        // why in float, where the recipe asked for integers
};

struct Evaluation {
    EngineMode mode = EngineMode::Float;
    std::int64_t samples = 0;
    std::int64_t batch = 1;               // samples in one run: what the layers' times are of
    bool labelled = false;
    double top1 = 0, top5 = 0;            // share of samples, 0..1; only where labelled
    double floatTop1 = 0, floatTop5 = 0;  // of the float network on the same samples
    std::int64_t lost = 0, gained = 0;    // samples that only float, or only this network, has right
    double agreement = 1;                 // share of answers (one per sample; per position of N × T × C outputs) whose highest is float's
    double outputSqnrDb = 0;              // over all outputs of all samples, against float
    double outputSqnrErrorDb = 0;         // its standard error, if samples like these were drawn again; NaN where samples cannot be told apart
    double maximumError = 0;              // largest difference of any output from float
    std::vector<std::int64_t> flipped;    // samples of the data with an answer that differs from float's, at most kMostFlipped
    std::vector<LayerEvaluation> layers;
    double seconds = 0;                   // spent in the evaluated network alone
    double samplesPerSecond = 0;
    std::string note;
    static constexpr std::size_t kMostFlipped = 1000;
};

struct EvaluateOptions {
    std::int64_t mostSamples = 0;  // 0: all
    bool layers = true;            // carried error and time by layer: runs without joined operators
    // Called between batches with what is known so far.
    std::function<void(const Evaluation&)> partial;
};

// A sample's class is the highest of the first output's elements for it; an output of rank 3 holds one answer per
// position (tokens, anchors) and has no top-1; outputs that are not one row per sample are only compared with float. Throws Error and Cancelled.
Evaluation evaluate(const Network& network, SampleFeed feed, const EvaluateOptions& options, Workers& workers, JobContext& job);

}  // namespace bitlathe
