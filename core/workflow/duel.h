// Formats against each other on the same weights: error and bytes of each, filled in as they finish. Knows no
// windows and no recipes.
#pragma once

#include "core/metrics/duel_row.h"
#include "core/metrics/layer_report.h"
#include "core/workflow/analyze.h"
#include "core/workflow/weight_source.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace bitlathe {

// What one or several layers give together: sums of squares and bytes. Reports of one spec, at least one.
DuelRow duelRow(const QuantSpec& spec, std::span<const std::shared_ptr<const LayerReport>> reports);

// Marks the rows that no other measured row beats: not larger, not worse, and better in one of the two.
// Rows that are equal in both are on the front together.
void markFront(std::span<DuelRow> rows) noexcept;

struct DuelLayers {
    std::size_t count = 0;
    std::function<WeightSource(std::size_t)> source;  // of layer 0 … count − 1; called as often as needed
};

// Measures every spec on all the layers: first from samples (options.sampleWeights; 0: none), then exactly, in the
// order given. publish gets all rows so far after each step, with the front marked. What the cache knows is
// taken from it, and what is measured goes there. A spec that cannot be measured says so in its row and keeps
// nobody waiting. Throws Cancelled.
std::vector<DuelRow> duel(const DuelLayers& layers, const std::vector<QuantSpec>& specs, const AnalyzeOptions& options, ReportCache* cache, Workers& workers,
                          JobContext& job, const std::function<void(const std::vector<DuelRow>&)>& publish = {});

}  // namespace bitlathe
