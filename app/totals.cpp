#include "app/totals.h"

#include "core/quant/quantized_tensor.h"
#include "widgets/models/layer_bytes.h"

namespace bitlathe {
Totals totalsOf(const Model& model, const std::vector<Scheme>& schemes) {
    Totals totals;
    double bits = 0, weights = 0;
    for (std::size_t i = 0; i < model.layers.size() && i < schemes.size(); ++i) {
        const Layer& layer = model.layers[i];
        totals.parameters += layer.parameters;
        totals.bytesBefore += layer.bytes;
        totals.bytesAfter += bytesOf(layer, schemes[i]);
        if (!layer.quantizable) continue;
        ++totals.quantizable;
        totals.quantized += schemes[i].weights ? 1 : 0;
        const double count = double(layer.layout.channels * layer.layout.perChannel());
        weights += count;
        bits += 8.0 * double(schemes[i].weights ? storedBytes(layer.layout, *schemes[i].weights) : sourceBytesOf(layer));
    }
    for (const Value& value : model.graph.values) totals.tensors += value.constant ? 1 : 0;
    totals.bitsPerWeight = weights > 0 ? bits / weights : 0;
    return totals;
}

std::array<std::int64_t, 3> scaleCounts(const Model& model, const std::vector<std::size_t>& layers, int groupSize) {
    std::array<std::int64_t, 3> counts{};
    for (std::size_t i : layers) {
        const Layer& layer = model.layers[i];
        if (!layer.quantizable) continue;
        counts[0] += 1;
        counts[1] += layer.layout.channels;
        counts[2] += layer.layout.channels * ((layer.layout.perChannel() + groupSize - 1) / groupSize);
    }
    return counts;
}

}  // namespace bitlathe
