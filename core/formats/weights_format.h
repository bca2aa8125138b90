// Writing files as their source with other weights: files that hold weights without a graph, and files whose network
// stays as it is. Every weight is read, quantized and written piece by piece, so that a model larger than memory passes
// through. Knows no recipes: what each layer gets was decided before.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/model/model.h"
#include "core/quant/importance.h"
#include "core/quant/qdq.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bitlathe {

struct WriteOptions;

// What the format can give a layer that was to have `asked`.
struct WeightChoice {
    bool possible = true;              // false: the format has no type for it, and `reason` names one that is near
    std::optional<QuantSpec> weights;  // absent: the layer stays as it is stored
    std::string reason;                // why it is not what was asked for; empty when it is
};

struct WeightsRequest {
    const Model& source;
    std::span<const LayerOutcome> layers;  // of all layers; `got` counts
    const Importance* importance = nullptr;
    Isa isa = detectIsa();                 // changes no byte
};

struct WeightsWritten {
    std::int64_t notFinite = 0;  // weights that were NaN or infinite: they are coded as 0, or as the largest value
};

struct WeightsFormat {
    WeightChoice (*choose)(const Layer& layer, const QuantSpec& asked);
    // Bytes of the layer's weight in the file; spec as choose() gave it.
    std::int64_t (*bytes)(const Layer& layer, const std::optional<QuantSpec>& spec);
    // Writes beside the path, reads the file again, compares it with what was meant, and renames. Throws Error(Output).
    // Holds a few megabytes at a time, whatever the size of the model. The same request gives the same bytes for every
    // number of threads.
    WeightsWritten (*write)(const WeightsRequest& request, const std::filesystem::path& path, const WriteOptions& options, Workers& workers, JobContext& job);
    // For each layer why its weights cannot be changed in the file, as a clause; empty: they can. Null: all can. Throws
    // Error(Input) when the source is gone or another.
    std::vector<std::string> (*fixed)(const Model& source, JobContext& job) = nullptr;
    // What the file calls the layer's weight, by which importance is known. Null: what the source calls it.
    std::string (*nameOf)(const Model& source, const Layer& layer) = nullptr;
};

}  // namespace bitlathe
