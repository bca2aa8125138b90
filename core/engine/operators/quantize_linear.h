// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear: floats to codes and back, per tensor, per
// axis, or per block of an axis.
#pragma once

#include "core/tensor/shape.h"

#include <cstdint>
#include <string>

namespace bitlathe {

class OperatorContext;
class Tensor;
struct Node;

void runQuantizeLinear(OperatorContext& context);
void runDequantizeLinear(OperatorContext& context);
void runDynamicQuantizeLinear(OperatorContext& context);

// Which scale each element of a tensor has. Elements are outer × axis × inner.
struct ScaleLayout {
    enum class Kind { Tensor, Axis, Block } kind = Kind::Tensor;
    std::int64_t axis = 1, inner = 1;  // extents; with Kind::Tensor unused
    std::int64_t block = 1, blocks = 1;  // Kind::Block: elements of the axis per scale, scales along it

    // From the shapes of tensor and scale and the attributes axis and block_size. When they do not fit, the
    // reason goes into `why` and false is returned.
    static bool resolve(const Node& node, const Shape& tensor, const Shape& scale, ScaleLayout& layout, std::string& why);
    // The scale of element i, and how many elements from i on share it.
    std::int64_t scaleOf(std::int64_t i) const noexcept;
    std::int64_t runOf(std::int64_t i, std::int64_t count) const noexcept;
};

// Scale and zero point that DynamicQuantizeLinear gives to these values: 8 bits, unsigned.
struct DynamicScale {
    float scale = 1.0f;
    std::uint8_t zeroPoint = 0;
};
DynamicScale dynamicScale(const float* values, std::int64_t count) noexcept;

}  // namespace bitlathe
