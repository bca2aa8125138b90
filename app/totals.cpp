#include "app/totals.h"

#include "core/formats/format.h"
#include "core/formats/weights_format.h"
#include "core/quant/quantized_tensor.h"
#include "widgets/models/layer_bytes.h"

namespace bitlathe {

Scheme storedScheme(const Model& model, const Layer& layer, const Scheme& asked) {
    if (!model.graph.weightsOnly || !layer.quantizable || !asked.weights) return asked;
    const Format* format = findFormat(model.format);
    if (!format || !format->weights) return asked;
    WeightChoice choice = format->weights->choose(layer, *asked.weights);
    return choice.possible ? Scheme{std::move(choice.weights), asked.activations} : asked;
}

Totals totalsOf(const Model& model, const std::vector<Scheme>& schemes) {
    Totals totals;
    double bits = 0, weights = 0;
    for (std::size_t i = 0; i < model.layers.size() && i < schemes.size(); ++i) {
        const Layer& layer = model.layers[i];
        const Scheme stored = storedScheme(model, layer, schemes[i]);
        totals.parameters += layer.parameters;
        totals.bytesBefore += layer.bytes;
        totals.bytesAfter += bytesOf(layer, stored);
        if (!layer.quantizable) continue;
        ++totals.quantizable;
        totals.quantized += stored.weights ? 1 : 0;
        const double count = double(layer.layout.channels * layer.layout.perChannel());
        weights += count;
        bits += 8.0 * double(stored.weights ? storedBytes(layer.layout, *stored.weights) : sourceBytesOf(layer));
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
