#include "core/quant/qdq_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace bitlathe {

namespace {

// A format may give a group of zeros the scale 0, which files must not hold: code 0 at scale 1 says the same.
void mendZeroScales(QuantizedTensor& weights) {
    bool any = false;
    for (const float scale : weights.scales) any = any || !(scale > 0);
    if (!any || bitsOf(weights.codes.type()) != 8) return;
    std::byte* to = nullptr;
    Tensor codes = Tensor::allocate(weights.codes.type(), weights.codes.shape(), to);
    std::copy(weights.codes.bytes().begin(), weights.codes.bytes().end(), to);
    const GroupGrid grid = weights.grid();
    const auto [outer, channels, inner] = weights.layout;
    for (std::int64_t o = 0, i = 0; o < outer; ++o)
        for (std::int64_t c = 0; c < channels; ++c)
            for (std::int64_t n = 0; n < inner; ++n, ++i) {
                const auto group = static_cast<std::size_t>(grid.groupOf(c, o * inner + n));
                if (!(weights.scales[group] > 0)) to[i] = static_cast<std::byte>(weights.zeroPoints[group]);
            }
    for (float& scale : weights.scales)
        if (!(scale > 0)) scale = 1.0f;
    weights.codes = std::move(codes);
}

// The codes in another order: to[order(i)] = from[i] for elements of `Code`'s width.
template <class Code, class Order>
Tensor reordered(const Tensor& codes, Shape shape, Order order) {
    std::byte* bytes = nullptr;
    Tensor out = Tensor::allocate(codes.type(), std::move(shape), bytes);
    auto* to = reinterpret_cast<Code*>(bytes);
    const auto from = codes.as<Code>();
    order([&](std::int64_t i, std::int64_t at) { to[at] = from[static_cast<std::size_t>(i)]; });
    return out;
}
template <class Order>
Tensor reordered(const Tensor& codes, Shape shape, Order order) {
    return bitsOf(codes.type()) == 8 ? reordered<std::uint8_t>(codes, std::move(shape), order) : reordered<std::uint16_t>(codes, std::move(shape), order);
}

Tensor transposedCodes(const Tensor& codes) {
    const std::int64_t rows = codes.shape()[0], columns = codes.shape()[1];
    constexpr std::int64_t kBlock = 64;  // both sides stay in cache
    return reordered(codes, Shape{columns, rows}, [=](auto move) {
        for (std::int64_t r0 = 0; r0 < rows; r0 += kBlock)
            for (std::int64_t c = 0; c < columns; ++c)
                for (std::int64_t r = r0; r < std::min(r0 + kBlock, rows); ++r) move(r * columns + c, c * rows + r);
    });
}

// channels × perChannel.
Tensor channelMajorCodes(const QuantizedTensor& weights) {
    const ChannelLayout layout = weights.layout;
    return reordered(weights.codes, Shape{layout.channels, layout.perChannel()}, [=](auto move) {
        for (std::int64_t o = 0, i = 0; o < layout.outer; ++o)
            for (std::int64_t c = 0; c < layout.channels; ++c)
                for (std::int64_t n = 0; n < layout.inner; ++n, ++i) move(i, (c * layout.outer + o) * layout.inner + n);
    });
}

// Codes of at most 4 bits, two to a byte, low nibble first.
Tensor nibbles(ElementType type, const Tensor& codes) {
    std::byte* to = nullptr;
    Tensor tensor = Tensor::allocate(type, codes.shape(), to);
    const auto from = codes.bytes();
    for (std::size_t i = 0; i < tensor.bytes().size(); ++i) {
        const std::byte high = 2 * i + 1 < from.size() ? from[2 * i + 1] : std::byte{0};
        to[i] = (from[2 * i] & std::byte{15}) | (high & std::byte{15}) << 4;
    }
    return tensor;
}

Tensor zeroPoints(ElementType type, const Shape& shape, const std::vector<std::int32_t>& zeros) {
    std::byte* to = nullptr;
    const bool wide = bitsOf(type) == 16;
    Tensor tensor = Tensor::allocate(wide ? type : ElementType::U8, shape, to);
    for (std::size_t i = 0; i < zeros.size(); ++i) {
        to[wide ? 2 * i : i] = static_cast<std::byte>(zeros[i] & 255);
        if (wide) to[2 * i + 1] = static_cast<std::byte>(zeros[i] >> 8 & 255);
    }
    if (bitsOf(type) == 4) return nibbles(type, tensor);
    return Tensor(type, shape, tensor.bytes(), tensor.owner());
}

// Everything that one DequantizeLinear reads.
struct Stored {
    Tensor codes;  // one to a byte, or to two
    Shape parameterShape;            // of scales and zero points
    std::vector<float> scales;
    std::vector<std::int32_t> zeros;
    Attributes attributes;
};

ValueId emitStored(GraphEdit& edit, const std::string& name, const Stored& stored, ElementType container, bool withZeros) {
    std::vector<ValueId> inputs = {edit.addConstant(name + "_quantized", bitsOf(container) == 4 ? nibbles(container, stored.codes) : stored.codes),
                                   edit.addConstant(name + "_scale", Tensor::of(stored.parameterShape, stored.scales))};
    if (withZeros) inputs.push_back(edit.addConstant(name + "_zero_point", zeroPoints(container, stored.parameterShape, stored.zeros)));
    const ValueId out = edit.addValue(name + "_dequantized");
    edit.emit("DequantizeLinear", name + "_DequantizeLinear", std::move(inputs), {out}, stored.attributes);
    return out;
}

// Channel-major values back into the weight's order: [C, perChannel] → [C, outer…, inner…] → the weight's axes.
ValueId emitRestore(GraphEdit& edit, const std::string& name, ValueId flat, const QuantizedTensor& weights, int channelAxis) {
    std::vector<std::int64_t> dims = weights.shape().dims();
    const bool moved = weights.layout.outer != 1;
    if (moved) {
        dims.erase(dims.begin() + channelAxis);
        dims.insert(dims.begin(), weights.layout.channels);
    }
    const ValueId shape = edit.addConstant(name + "_shape", Tensor::of(Shape{static_cast<std::int64_t>(dims.size())}, dims));
    const ValueId shaped = edit.addValue(name + "_shaped");
    edit.emit("Reshape", name + "_Reshape", {flat, shape}, {shaped});
    if (!moved) return shaped;
    std::vector<std::int64_t> order;  // axis a of the weight is axis order[a] of [C, others…]
    for (int a = 0; a < weights.shape().rank(); ++a) order.push_back(a < channelAxis ? a + 1 : a == channelAxis ? 0 : a);
    const ValueId out = edit.addValue(name + "_transposed");
    edit.emit("Transpose", name + "_Transpose", {shaped}, {out}, {{"perm", order}});
    return out;
}

}  // namespace

ValueId emitWeight(GraphEdit& edit, const std::string& name, const QuantizedTensor& given, const WeightForm& form) {
    QuantizedTensor weights = given;
    mendZeroScales(weights);
    const bool isSigned = ::bitlathe::isSigned(weights.codes.type());
    const bool small = !form.integer && weights.spec.bits <= 4;
    const ElementType container = small ? (isSigned ? ElementType::I4 : ElementType::U4) : weights.codes.type();
    const bool withZeros = !isSigned || form.integer;

    const GroupGrid grid = weights.grid();
    const Shape& shape = weights.shape();
    const int rank = shape.rank();
    const bool oneAxis = form.channelAxis >= 0 && form.channelAxis < rank && shape[form.channelAxis] == weights.layout.channels;
    Stored stored;
    stored.scales = weights.scales;
    stored.zeros = weights.zeroPoints;
    if (grid.perChannel == 0 || weights.scales.size() == 1) {
        stored.codes = form.transposed ? transposedCodes(weights.codes) : weights.codes;
        return emitStored(edit, name, stored, container, withZeros);
    }
    const auto groups = static_cast<std::int64_t>(weights.scales.size());
    if (grid.perChannel == 1 && oneAxis) {
        stored.codes = form.transposed ? transposedCodes(weights.codes) : weights.codes;
        stored.parameterShape = Shape{groups};
        stored.attributes["axis"] = static_cast<std::int64_t>(form.transposed ? 1 - form.channelAxis : form.channelAxis);
        return emitStored(edit, name, stored, container, withZeros);
    }
    const int axis = form.transposed ? 1 - form.channelAxis : form.channelAxis;
    if (grid.perChannel > 1) stored.attributes["block_size"] = grid.size;
    if (rank == 2 && oneAxis && axis == 1) {  // [K,N]: groups run down a column
        stored.codes = form.transposed ? transposedCodes(weights.codes) : weights.codes;
        stored.parameterShape = Shape{grid.perChannel, weights.layout.channels};
        stored.attributes["axis"] = std::int64_t(0);
        for (std::int64_t g = 0; g < grid.perChannel; ++g)
            for (std::int64_t c = 0; c < weights.layout.channels; ++c) {
                const auto to = static_cast<std::size_t>(g * weights.layout.channels + c), from = static_cast<std::size_t>(c * grid.perChannel + g);
                stored.scales[to] = weights.scales[from];
                stored.zeros[to] = weights.zeroPoints[from];
            }
        return emitStored(edit, name, stored, container, withZeros);
    }
    // Channel by channel: [C, elements], groups along the second axis.
    stored.codes = channelMajorCodes(weights);
    stored.parameterShape = grid.perChannel > 1 ? Shape{weights.layout.channels, grid.perChannel} : Shape{weights.layout.channels};
    stored.attributes["axis"] = std::int64_t(grid.perChannel > 1 ? 1 : 0);
    const ValueId flat = emitStored(edit, name, stored, container, withZeros);
    return rank == 2 && weights.layout.outer == 1 && weights.layout.channels == shape[0] ? flat : emitRestore(edit, name, flat, weights, form.channelAxis);
}

QuantizedTensor withRoomForBias(QuantizedTensor weights, std::span<const float> values, std::span<const float> bias, float inputScale) {
    constexpr double kMost = 1 << 30;  // half of what int32 holds: the products need room too
    if (weights.codes.type() != ElementType::I8) return weights;
    bool any = false;
    for (std::size_t c = 0; c < bias.size(); ++c) {
        float& scale = weights.scales[weights.scales.size() == 1 ? 0 : c];
        const double least = std::abs(static_cast<double>(bias[c])) / (static_cast<double>(inputScale) * kMost);
        if (!(static_cast<double>(scale) < least) || !std::isfinite(least)) continue;
        scale = static_cast<float>(least);
        any = true;
    }
    if (!any) return weights;
    std::byte* to = nullptr;
    Tensor codes = Tensor::allocate(ElementType::I8, weights.shape(), to);
    const auto [outer, channels, inner] = weights.layout;
    const CodeRange range = codeRange(weights.spec.bits, weights.spec.symmetric, weights.spec.narrow);
    for (std::int64_t o = 0, i = 0; o < outer; ++o)
        for (std::int64_t c = 0; c < channels; ++c)
            for (std::int64_t n = 0; n < inner; ++n, ++i)
                to[i] = static_cast<std::byte>(encodeAffine(values[static_cast<std::size_t>(i)], {scaleOf(weights, c), 0}, range) & 255);
    weights.codes = std::move(codes);
    return weights;
}

ValueId emitBias(GraphEdit& edit, const std::string& name, std::span<const float> bias, float inputScale, const QuantizedTensor& weights) {
    std::vector<std::int32_t> codes(bias.size());
    std::vector<float> scales(weights.scales.size() == 1 ? 1 : bias.size());
    for (std::size_t c = 0; c < bias.size(); ++c) {
        const float weightScale = scaleOf(weights, static_cast<std::int64_t>(c));
        const float scale = inputScale * (weightScale > 0 ? weightScale : 1.0f);
        scales[scales.size() == 1 ? 0 : c] = scale;
        const double code = std::nearbyint(static_cast<double>(bias[c]) / static_cast<double>(scale));
        constexpr double kLimit = std::numeric_limits<std::int32_t>::max();
        codes[c] = std::isnan(code) ? 0 : static_cast<std::int32_t>(std::min(kLimit, std::max(-kLimit, code)));
    }
    const Shape all{static_cast<std::int64_t>(bias.size())};
    const Shape shape = scales.size() == 1 && bias.size() != 1 ? Shape{} : Shape{static_cast<std::int64_t>(scales.size())};
    Attributes attributes;
    if (shape.rank() == 1) attributes["axis"] = std::int64_t(0);
    const ValueId out = edit.addValue(name + "_dequantized");
    edit.emit("DequantizeLinear", name + "_DequantizeLinear",
              {edit.addConstant(name + "_quantized", Tensor::of(all, codes)), edit.addConstant(name + "_scale", Tensor::of(shape, scales))}, {out}, std::move(attributes));
    return out;
}

}  // namespace bitlathe
