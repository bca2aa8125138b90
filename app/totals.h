// The sums of the status line. Pure arithmetic over the model and its schemes; exact at once, because
// sizes follow from shapes alone.
#pragma once

#include "core/model/model.h"
#include "core/quant/scheme.h"

#include <array>
#include <cstdint>
#include <vector>

namespace bitlathe {

// What the file will hold of a layer: its scheme, or what a file of weights takes instead where rows do not fill the
// format's blocks.
Scheme storedScheme(const Model& model, const Layer& layer, const Scheme& asked);

struct Totals {
    std::int64_t parameters = 0;
    std::int64_t tensors = 0;
    std::int64_t bytesBefore = 0, bytesAfter = 0;  // of all layers' weights and biases
    double bitsPerWeight = 0;                       // over all weights of layers that can be quantized
    std::size_t quantized = 0, quantizable = 0;     // layers
};
Totals totalsOf(const Model& model, const std::vector<Scheme>& schemes);

// Scales that one scheme per tensor, channel and group of `groupSize` would store for these layers.
std::array<std::int64_t, 3> scaleCounts(const Model& model, const std::vector<std::size_t>& layers, int groupSize);

}  // namespace bitlathe
