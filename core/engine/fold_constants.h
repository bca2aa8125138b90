// Nodes whose inputs are all constant are computed once: shape arithmetic, weights that are transposed or
// cast on their way. Knows no recipes.
#pragma once

#include "core/engine/machine.h"

#include <cstdint>
#include <memory>

namespace bitlathe {

struct Graph;
struct Model;

struct FoldOptions {
    Machine machine;
    // DequantizeLinear over constants becomes a float constant. Off when a file is read: such a weight is
    // quantized, and must be seen so. QuantizeLinear and random operators are never folded.
    bool dequantize = false;
    // A result larger than this and than the node's constants together stays a node.
    std::int64_t mostBytes = std::int64_t(1) << 20;
};

// Nodes that the engine lacks, or that refuse their inputs, stay as they are.
void foldConstants(Graph& graph, const FoldOptions& options);

// The model with folded nodes replaced by constants, and its layers found anew.
std::shared_ptr<const Model> foldConstants(const Model& model, const FoldOptions& options);

}  // namespace bitlathe
