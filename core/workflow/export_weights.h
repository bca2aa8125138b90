// Exports that are the source with other weights (models without a graph, Keras files): nothing is quantized until it is
// written. Private to export.
#pragma once

#include "core/formats/format.h"
#include "core/workflow/export.h"

namespace bitlathe {

// The recipe must be one that validate() accepts, else the plan holds its issues alone.
ExportPlan planWeights(const ExportRequest& request, const Target& target, JobContext& job);

// Writes the file; adds to the plan what was found on the way (weights that are no numbers).
void writeWeights(const ExportRequest& request, const Target& target, ExportPlan& plan, const WriteOptions& options, Workers& workers, JobContext& job);

}  // namespace bitlathe
