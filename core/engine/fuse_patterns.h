// The groups of operators that have an integer form, one function each. Internal to fuse_integer.cpp.
#pragma once

#include "core/engine/code_edges.h"

#include <span>
#include <string>
#include <string_view>

namespace bitlathe {

// Rewrites node `id` (and the QuantizeLinear behind it) where its surroundings fit, and returns an empty
// string; else changes nothing and returns the reason, for people.
using FusePattern = std::string (*)(Rewriting& graph, NodeId id);

struct PatternRow {
    std::string_view op;
    FusePattern fuse;
};
std::span<const PatternRow> fusePatterns() noexcept;

}  // namespace bitlathe
