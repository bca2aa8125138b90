// Cells of a rectangle of a weight: at once from a part of it, then from all of it. Knows no windows and keeps
// nothing: the caller holds the float tensor and, while a layer is looked at, the parameters of its groups.
#pragma once

#include "core/kernels/isa.h"
#include "core/metrics/value_patch.h"
#include "core/quant/quantized_tensor.h"
#include "core/workflow/weight_source.h"

#include <cstdint>
#include <memory>

namespace bitlathe {

class JobContext;
class Workers;

// Scales, zero points and inner bytes of all groups; no codes. The spec must be valid. Throws Cancelled.
std::shared_ptr<const QuantizedTensor> fitWeight(const WeightSource& source, const QuantSpec& spec, Isa isa, Workers& workers, JobContext& job);

// The request within the layout: the rectangle is cut to what there is and begins at whole cells.
PatchRequest fitted(PatchRequest request, const ChannelLayout& layout) noexcept;

// All cells, from every weight of the rectangle. parameters: as fitWeight() gives them; null for
// PatchWhat::Float. Only what the rectangle covers is coded, tile by tile. The same for every number of
// threads and every isa. Throws Cancelled.
ValuePatch valuePatch(const WeightSource& source, const QuantizedTensor* parameters, const PatchRequest& request, Isa isa, Workers& workers, JobContext& job);

// The same from about `target` weights, whose groups are fitted by themselves; rows without a sample show the nearest one. Exact
// (doneFraction 1) when the rectangle is small and its groups depend on no others. spec: null for PatchWhat::Float.
ValuePatch coarsePatch(const WeightSource& source, const QuantSpec* spec, const PatchRequest& request, std::int64_t target, Isa isa, Workers& workers,
                       JobContext& job);

// The bits that a code of this spec can have set: the planes to look at, at least 1.
int bitPlanes(const QuantSpec& spec) noexcept;

}  // namespace bitlathe
