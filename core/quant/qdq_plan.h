// Which nodes compute on codes and which values exist as codes: the decisions of quantizeModel(), taken
// from the graph and the recipe alone, before any range or weight is looked at.
//
// The rules are those of ONNX Runtime's CPU provider, which is what the files must run fast in:
//   layer   Conv, and Gemm or MatMul with a constant matrix: codes in; a Conv's output always becomes codes,
//           a matrix product's only where an integer node reads it (else its exact float result is used)
//   own     Add, Mul, Concat, pools and the like: codes in, codes out with a scale of their own; only where
//           an integer node stands before and behind them
//   pass    MaxPool, Reshape, Transpose …: the output has the codes and the scale of the input
//   fused   Relu, Clip(0, x) or a bias Add right behind one of these: only its result becomes codes
#pragma once

#include "core/model/model.h"
#include "core/quant/scheme.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace bitlathe {

enum class QdqRole : std::uint8_t { Float, Layer, Own, Pass, Fused };

struct QdqPlan {
    struct NodePlan {
        QdqRole role = QdqRole::Float;
        int layer = -1;      // the layer whose weight the node reads
        std::string reason;  // of a node left in float behind codes, or of a layer that cannot compute on codes
        ValueId bias = kNoValue;  // of a layer that computes on codes: the constant that is added to its products
        NodeId biasOf = -1;       // of an Add of such a bias behind a MatMul: the MatMul
    };
    struct ValuePlan {
        ValueId root = kNoValue;  // whose scale the codes have; kNoValue: the value is no codes
        bool produced = false;    // made by an integer node: float readers get the dequantized codes
        // Of roots:
        ActivationSpec spec;
        bool hasSpec = false;
        bool afterRelu = false;                                  // never below 0: the zero point is the lowest code
        float most = std::numeric_limits<float>::infinity();     // Clip's upper end
    };
    std::vector<NodePlan> nodes;    // by node of the graph
    std::vector<ValuePlan> values;  // by value of the graph
    std::vector<std::string> layerReasons;  // by layer: why its activations stay in float; empty when they do not
};

// schemes: one per layer (schemesFor()).
QdqPlan planQdq(const Model& model, const std::vector<Scheme>& schemes);

// The inputs of the node that carry activations: {0, 1} for Add, all of Concat, {0} otherwise.
std::vector<std::size_t> activationInputs(const Node& node);

// Whether the scheme's weights can multiply 8-bit activations; else why not. perChannel: elements of one channel.
std::string whyNotInteger(const Scheme& scheme, std::int64_t perChannel);

}  // namespace bitlathe
