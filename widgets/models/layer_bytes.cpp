#include "widgets/models/layer_bytes.h"

#include "core/quant/quantized_tensor.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {
namespace {

// Weight and bias of a layer are stored alike, so what the bias takes is its share.
std::int64_t biasBytesOf(const Layer& layer) {
    if (layer.parameters <= 0) return 0;
    const std::int64_t biases = std::max<std::int64_t>(layer.parameters - layer.shape.count(), 0);
    return layer.bytes * biases / layer.parameters;
}

}  // namespace

std::int64_t sourceBytesOf(const Layer& layer) { return layer.bytes - biasBytesOf(layer); }

std::int64_t bytesOf(const Layer& layer, const Scheme& scheme) {
    if (!scheme.weights || !layer.quantizable) return layer.bytes;
    return biasBytesOf(layer) + storedBytes(layer.layout, *scheme.weights);
}

double sourceBitsOf(const Layer& layer) {
    return layer.parameters > 0 ? std::round(8.0 * double(layer.bytes) / double(layer.parameters)) : 32;
}

}  // namespace bitlathe
