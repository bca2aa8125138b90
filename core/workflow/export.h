// A quantized model as a file that a consumer runs.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/model/model.h"
#include "core/formats/target.h"
#include "core/quant/activation_range.h"
#include "core/quant/importance.h"
#include "core/quant/qdq.h"
#include "core/quant/recipe.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

struct ExportRequest {
    std::shared_ptr<const Model> model;
    Recipe recipe;
    ActivationRanges ranges;
    std::string calibrationSha256;  // of the calibration data, for the file's provenance; may be empty
    std::string target;  // a row of targets(); empty: the first that takes the model and whose files end like `path`, else the first
    std::filesystem::path path;
    std::shared_ptr<const Importance> importance;  // of columns, for files of weights; may be null
};

// The targets that take the model, best first: those that run graphs, and those that take it as its own file with other weights.
std::vector<const Target*> targetsFor(const Model& model);

// Whether the file holds quantized activations where the recipe asks for them: else there is nothing to calibrate. Throws Error(Usage) for a target
// that does not take the model.
bool takesRanges(const ExportRequest& request);

// What the file would be, without writing it. Of a model without a graph nothing is quantized for it.
struct ExportPlan {
    std::vector<Issue> issues;  // breaches of the recipe and of the target's rules; an Error refuses the export
    std::shared_ptr<const QuantizedModel> quantized;  // null when an issue is an Error; outcomes alone for a model without a graph
    std::int64_t bytesBefore = 0, bytesAfter = 0;     // of all layers' weights and biases as stored
    double bitsPerWeight = 0;                         // of the schemes, over the quantizable weights
    double storedBitsPerWeight = 0;                   // of what the file holds for them
};
ExportPlan planExport(const ExportRequest& request, Workers& workers, JobContext& job);

struct ExportResult {
    ExportPlan plan;
    std::int64_t fileBytes = 0;
};
// Writes beside the path and renames, reads the file again and compares. Throws Error(Recipe) with the first
// Error of the plan, Error(Usage) when the path is the source's, Error(Output) when writing fails; nothing is
// written then. The same request gives the same bytes, whatever the number of threads or the ISA.
ExportResult exportModel(const ExportRequest& request, Workers& workers, JobContext& job);

// SHA-256 of a data file, or of the names and files of a folder.
std::string dataSha256(const std::string& spec, JobContext& job);

}  // namespace bitlathe
