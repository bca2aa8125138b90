// A compiled model: one step per node, constants packed, lifetimes known. Const, so any number of runs
// may share one; each run brings its own Workspace. Knows no recipes: a model with
// QuantizeLinear/DequantizeLinear nodes runs as it stands (simulated), or fused (integer).
#pragma once

#include "core/engine/machine.h"
#include "core/engine/operator.h"
#include "core/model/model.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bitlathe {

struct CompileOptions {
    Machine machine;
    // A quantized model: operators between codes compute on codes (fuse_integer.h). Off: it runs as it stands.
    bool integer = false;
    // Joins Conv with the activation behind it and the like. The results keep their bits, but values
    // between joined nodes are never made, and codes may lie with channels last under
    // another name: switch it off to observe every value.
    bool fuse = true;
};

// What will run one node, for people.
struct Placement {
    std::string node, op;  // the node's name; "Conv", "com.microsoft.QLinearAdd"
    std::string kernel;    // "igemm_avx512vnni", "sgemm (OpenBLAS SkylakeX)", or the operator's name
    bool integer = false;  // computes on codes
    std::string reason;    // why it is in float although the model is quantized there; else empty
};

// A tensor, and the type that it has in the model where it is held as float32 for those who read it: networks
// in half precision are not rounded between steps that compute in float32 anyway.
struct Wide {
    Tensor tensor;
    std::optional<ElementType> type;
};

struct Step {
    NodeId node = -1;
    const Operator* op = nullptr;
    Prepared prepared;
    std::vector<std::optional<Wide>> constants;  // per input, as run() gets them
    std::vector<bool> dying;                       // per input: last read here, and made by a step
    std::vector<bool> wide;                        // per output: all who read it would widen it again (Wide)
    std::vector<ValueId> release;                  // values that nobody reads after this step
    Placement placement;
};

class Executable {
public:
    // Throws Error(Unsupported) naming operator and node when the engine lacks one, Error(Input) when a
    // constant contradicts its operator. Takes time in proportion to the weights (packing).
    static std::shared_ptr<const Executable> compile(std::shared_ptr<const Model> model, CompileOptions options);

    const Graph& graph() const noexcept { return m_graph; }  // as it runs: folded and fused; names are the model's
    const std::vector<Step>& steps() const noexcept { return m_steps; }
    const Machine& machine() const noexcept { return m_machine; }
    const Model& model() const noexcept { return *m_model; }

private:
    Executable() = default;
    std::shared_ptr<const Model> m_model;
    Machine m_machine;
    Graph m_graph;
    std::vector<Step> m_steps;
};

// A step for a node whose inputs are those constants (null: not constant), those in blocks and packed ones apart. Throws as
// compile() does.
Step makeStep(const Node& node, std::span<const Tensor* const> constants, const Machine& machine, std::span<const BlockTensor* const> blocks = {},
              std::span<const std::shared_ptr<const PackedTensor>> packed = {});

}  // namespace bitlathe
