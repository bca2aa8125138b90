// Reads what operators are told: axes, integer lists, scalars, types. Refuses what a damaged model could say.
#pragma once

#include "core/engine/operator.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace bitlathe {

// An axis counted from the start; negative ones count from the end. fail()s outside -rank … rank - 1.
int axisOf(const OperatorContext& context, std::int64_t axis, int rank);
// The same for a list: sorted. fail()s on an axis that is named twice.
std::vector<int> axesOf(const OperatorContext& context, std::span<const std::int64_t> axes, int rank);

// Input i as a list of integers (axes, pads, a shape); empty when the input is absent.
std::vector<std::int64_t> integersIn(const OperatorContext& context, std::size_t i);
// The integers of input i, or of the attribute that held them in older opsets.
std::vector<std::int64_t> integersIn(const OperatorContext& context, std::size_t i, std::string_view attribute);
// The one number in input i; `absent` when there is no such input. fail()s when it holds another count.
double numberIn(const OperatorContext& context, std::size_t i, double absent);
std::int64_t integerIn(const OperatorContext& context, std::size_t i, std::int64_t absent);

// Bytes of one element; fail()s for packed types, whose elements cannot be addressed.
int elementBytes(OperatorContext& context, ElementType type);
// fail()s unless input i is of this type.
const Tensor& inputOf(OperatorContext& context, std::size_t i, ElementType type);
// "takes no int4": refuse()s with the operator's name.
[[noreturn]] void refuseType(const OperatorContext& context, ElementType type);
// fail()s unless the tensor's rank is in least … most.
void needRank(const OperatorContext& context, const Tensor& tensor, int least, int most = 64);
// fail()s unless both are of one type.
void needSameType(const OperatorContext& context, const Tensor& a, const Tensor& b);
// fail()s unless the shape can exist; keeps sizes far from overflow.
Shape checkedShape(const OperatorContext& context, std::vector<std::int64_t> dims);

// The shape seen as outer × extent × inner around one axis.
struct AroundAxis {
    std::int64_t outer = 1, extent = 1, inner = 1;
};
AroundAxis aroundAxis(const Shape& shape, int axis);

// Elements that one chunk of a parallel loop works on, by what an element costs.
inline constexpr std::int64_t kCheapGrain = 1 << 16;   // a few instructions
inline constexpr std::int64_t kCostlyGrain = 1 << 13;  // an exponential or a division
// Rows per chunk so that a chunk has about `grain` elements.
std::int64_t rowsPerChunk(std::int64_t rowLength, std::int64_t grain = kCheapGrain) noexcept;

}  // namespace bitlathe
