// Static quantization as a transformation of the graph: model × recipe × ranges → a model with QuantizeLinear
// and DequantizeLinear nodes. That one graph is what the simulated engine runs, what the integer engine fuses
// and what the ONNX writer writes. The placement follows what ONNX Runtime's CPU provider fuses.
// Knows no engine and no file format.
#pragma once

#include "core/base/job.h"
#include "core/model/model.h"
#include "core/quant/activation_range.h"
#include "core/quant/quantized_tensor.h"
#include "core/quant/recipe.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bitlathe {

class Workers;

// What became of one layer.
struct LayerOutcome {
    std::size_t layer = 0;  // index in the source's Model::layers
    Scheme asked, got;
    std::string reason;     // why they differ; empty when they do not
    std::shared_ptr<const QuantizedTensor> weights;  // null: left in float
};

// Why one node of the source stays in float although its neighbours are quantized.
struct FloatIsland {
    std::string node, op, reason;
};

// Where a value of the source can be seen in the quantized graph: by its own name while it is float, and as
// codes under another. Values that are fused away (a Conv's output before its Relu) are absent.
struct ActivationCodes {
    std::string codes;  // name of the QuantizeLinear's output
    QuantParams params;
};

struct QuantizedModel {
    Model model;  // source with Q and DQ nodes; names of nodes and float values are the source's
    std::vector<LayerOutcome> layers;  // one per layer of the source, in its order
    std::map<std::string, ActivationCodes, std::less<>> activations;  // by the source's value name
    std::vector<FloatIsland> islands;
};

struct QdqOptions {
    bool linearAsMatMul = true;  // weights of Gemm with transB are transposed once to [K,N], as ONNX Runtime wants them
};

// `model` is folded (core/workflow/load). `ranges` may be empty when the recipe quantizes no activations. Throws
// Error(Recipe) when validate() finds an Error, or when a range that the recipe needs is missing (naming the value:
// calibrate first). The result is the same for every number of threads.
QuantizedModel quantizeModel(const Model& model, const Recipe& recipe, const ActivationRanges& ranges, const QdqOptions& options,
                             Workers& workers, JobContext& job);

// The values of the source whose ranges the recipe needs, with the specification that each is for: what
// calibration must observe.
std::map<std::string, ActivationSpec, std::less<>> observedValues(const Model& model, const Recipe& recipe);

}  // namespace bitlathe
