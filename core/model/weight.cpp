#include "core/model/layer.h"

#include "core/base/error.h"
#include "core/tensor/packed_tensor.h"

#include <algorithm>
#include <optional>

namespace bitlathe {

namespace {

Tensor dequantized(const Graph& graph, const Node& node) {
    const Tensor *codes = graph.constant(node.input(0)), *scales = graph.constant(node.input(1)), *zeros = graph.constant(node.input(2));
    if (!scales || (node.input(2) != kNoValue && !zeros))
        refuseInput("node '" + node.name + "': the scale or zero point is computed while the model runs; only constant ones can be shown");
    const Shape& shape = codes->shape();
    const int rank = shape.rank();
    auto axis = static_cast<int>(node.integer("axis", 1));
    if (axis < 0) axis += rank;
    const std::int64_t block = std::min(node.integer("block_size", 0), std::max<std::int64_t>(codes->count(), 1));
    const bool perTensor = scales->count() == 1;
    if (!perTensor && (axis < 0 || axis >= rank)) refuseInput("node '" + node.name + "': axis " + std::to_string(axis) + " is outside the weight");
    const std::int64_t outer = perTensor ? 1 : shape.count(0, axis), extent = perTensor ? 1 : shape[axis];
    const std::int64_t inner = perTensor ? shape.count() : shape.count(axis + 1, rank);
    const std::int64_t blocks = block > 0 && !perTensor ? (extent + block - 1) / block : extent;
    const std::int64_t expected = perTensor ? 1 : block > 0 ? outer * blocks * inner : extent;
    if (scales->count() != expected || (zeros && zeros->count() != expected))
        refuseInput("node '" + node.name + "': " + std::to_string(scales->count()) + " scales do not fit a weight of " + toText(shape));
    const Tensor q = toFloat32(*codes), s = toFloat32(*scales), z = zeros ? toFloat32(*zeros) : Tensor();
    std::byte* bytes = nullptr;
    Tensor result = Tensor::allocate(ElementType::F32, shape, bytes);
    auto* to = reinterpret_cast<float*>(bytes);
    for (std::int64_t o = 0, i = 0; o < outer; ++o)
        for (std::int64_t e = 0; e < extent; ++e)
            for (std::int64_t n = 0; n < inner; ++n, ++i) {
                const auto p = static_cast<std::size_t>(perTensor ? 0 : block > 0 ? (o * blocks + e / block) * inner + n : e);
                to[i] = (q.as<float>()[static_cast<std::size_t>(i)] - (zeros ? z.as<float>()[p] : 0.0f)) * s.as<float>()[p];
            }
    return result;
}

// The value's numbers: of a constant, or through what unpacks one.
std::optional<Tensor> unpacked(const Graph& graph, ValueId id) {
    if (const Tensor* tensor = graph.constant(id)) return toFloat32(*tensor);
    for (const Node& node : graph.nodes) {
        if (node.output(0) != id) continue;
        if (node.op == "DequantizeLinear" && graph.constant(node.input(0))) return dequantized(graph, node);
        if (node.op == "Cast" && graph.constant(node.input(0))) return toFloat32(*graph.constant(node.input(0)));
        if (node.op != "Reshape" || !graph.constant(node.input(1))) return std::nullopt;
        const auto inner = unpacked(graph, node.input(0));
        const std::vector<std::int64_t> dims = toInt64(*graph.constant(node.input(1)));
        if (inner && checkedCount(dims) == inner->count()) return inner->reshaped(Shape(dims));
        return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

Tensor weightOf(const Graph& graph, const Layer& layer) {
    if (layer.weight != kNoValue && graph.value(layer.weight).blocks) return toFloat32(*graph.value(layer.weight).blocks);
    if (layer.weight != kNoValue && graph.value(layer.weight).packed) return toFloat32(*graph.value(layer.weight).packed);
    if (auto values = unpacked(graph, layer.weight)) return *values;
    refuseInput("layer '" + layer.name + "': its weight is not stored in the file");
}

}  // namespace bitlathe
