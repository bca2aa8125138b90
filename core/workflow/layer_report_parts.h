// The parts from which a LayerReport is put together, exact or from a sample.
#pragma once

#include "core/kernels/isa.h"
#include "core/metrics/layer_report.h"
#include "core/quant/quantized_tensor.h"
#include "core/workflow/layer_facts.h"
#include "core/workflow/weight_sample.h"
#include "core/workflow/weight_source.h"

#include <string>

namespace bitlathe {

class JobContext;
class Workers;

// The exact report of a weight whose facts are known. The ends in the facts count even where the values'
// own are narrower: a sample's are.
LayerReport exactReport(const WeightSource& source, const Scheme& scheme, const LayerFacts& facts, Isa isa, Workers& workers, JobContext& job);

// The exact report of a sample, stretched over the whole: counts scaled, channels and map cells filled
// from the nearest sampled ones. facts: of the whole, or null where they are not known yet.
LayerReport previewReport(const WeightSource& whole, const WeightSample& sample, const Scheme& scheme, const LayerFacts* facts, Isa isa,
                          Workers& workers, JobContext& job);

}  // namespace bitlathe
