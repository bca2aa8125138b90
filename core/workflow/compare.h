// Two models side by side: layers matched, weights and outputs compared. Knows no recipes.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/data/dataset.h"
#include "core/engine/machine.h"
#include "core/model/model.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bitlathe {

struct LayerComparison {
    std::string nameA, nameB;  // one is empty where a layer has no twin
    std::string matchedBy;     // "name", "shape and place"; empty without a twin
    std::string storedA, storedB;
    std::int64_t bytesA = 0, bytesB = 0;
    bool comparable = false;  // shapes agree, possibly after a transposition of a matrix
    double sqnrDb = 0;        // of B's weights against A's
    double maximum = 0;       // max |a − b|
};

struct OutputComparison {
    std::int64_t samples = 0;
    double sqnrDb = 0, maximum = 0;
    double agreement = 1;  // share of samples with the same highest output
    std::optional<double> top1A, top1B;
    std::string note;  // what was assumed about the data
};

struct Comparison {
    std::vector<LayerComparison> layers;
    std::int64_t bytesA = 0, bytesB = 0;
    std::optional<OutputComparison> outputs;
};

// With data, both models run on it in float (a quantized file runs as it stands). Throws Error, Cancelled.
Comparison compareModels(std::shared_ptr<const Model> a, std::shared_ptr<const Model> b, const Dataset* data, const std::string& preprocessing,
                         const Machine& machine, Workers& workers, JobContext& job);

}  // namespace bitlathe
