// A part of a weight cut out, whole groups of it, so that it can be fitted by itself. Private to the maps.
#pragma once

#include "core/quant/quantized_tensor.h"
#include "core/workflow/weight_source.h"

#include <cstdint>
#include <span>

namespace bitlathe {

// Whether the parameters of a group follow from its own values alone: no scale for the tensor, none that is
// stored relative to others'.
bool groupsStandAlone(const ChannelLayout& layout, const QuantSpec& spec) noexcept;

// Elements [first, end) of a channel, widened to whole groups where spec has groups.
struct ElementSpan {
    std::int64_t first = 0, end = 0;
    std::int64_t count() const noexcept { return end - first; }
};
ElementSpan wholeGroups(const ChannelLayout& layout, const QuantSpec* spec, ElementSpan elements) noexcept;

// The elements of these channels (ascending), as a weight of 1 × channels × elements.
WeightSource partOf(const WeightSource& whole, std::span<const std::int64_t> channels, ElementSpan elements);

}  // namespace bitlathe
