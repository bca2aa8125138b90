// Nodes that stand for a layer whose insides nobody here knows: they keep its inputs and its weights, which can be
// looked at and quantized, and are not run. Output channels are the last axis of such a weight.
#pragma once

#include <string_view>

namespace bitlathe {

inline constexpr std::string_view kOpaqueDomain = "keras";  // of the node; its op is the layer's class

}  // namespace bitlathe
