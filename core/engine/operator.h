// What one operator is to the engine: a name, and functions that compute concrete tensors. Shapes are
// known when a node runs, so there is no separate shape inference here. Knows no graph and no plan.
//
// To add one: write its run function (and prepare, where constants can be packed) in
// core/engine/operators/, declare it in that family's header, add a row to operator_list.cpp.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/engine/machine.h"
#include "core/engine/workspace.h"
#include "core/model/graph.h"
#include "core/tensor/tensor.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

class KvCache;
struct PackedTensor;

// What prepare() sees: the node, and those inputs that are constants (null: absent or made by a node). A weight
// that its file stores in blocks is such a constant too; it is seen here alone: run() gets it as an absent input.
struct PrepareContext {
    const Node& node;
    std::span<const Tensor* const> constants;  // one entry per input of the node
    const Machine& machine;
    std::span<const BlockTensor* const> blocks = {};  // the same of weights in blocks; empty: there are none
    std::span<const std::shared_ptr<const PackedTensor>> packed = {};  // and of packed ones

    const Tensor* constant(std::size_t i) const { return i < constants.size() ? constants[i] : nullptr; }
    std::shared_ptr<const PackedTensor> packedWeight(std::size_t i) const { return i < packed.size() ? packed[i] : nullptr; }
    const BlockTensor* block(std::size_t i) const { return i < blocks.size() ? blocks[i] : nullptr; }
    [[noreturn]] void fail(std::string_view what) const;
};

// What an operator made of its constants, once, when the model was compiled. Read by many threads.
struct Prepared {
    std::shared_ptr<const void> state;  // the operator alone knows its type
    std::string kernel;                 // what will run, for people: "igemm avx512vnni"; empty: the operator's name
};

// What run() sees. One context per node and run; not shared between threads, except for forEach's body,
// which may read inputs and write to spans obtained before.
class OperatorContext {
public:
    struct Parts {
        const Node& node;
        std::span<const Tensor* const> inputs;  // null: absent
        const std::vector<bool>& dying;         // nobody reads this input after this node, and the run owns it
        const Prepared& prepared;
        const Machine& machine;
        Workers& workers;
        JobContext& job;
        Workspace& workspace;
        KvCache* cache = nullptr;  // what the run carries from earlier tokens; null: nothing
    };
    explicit OperatorContext(const Parts& parts) : m_parts(parts), m_outputs(parts.node.outputs.size()) {}

    const Node& node() const noexcept { return m_parts.node; }
    const Machine& machine() const noexcept { return m_parts.machine; }
    KvCache* cache() const noexcept { return m_parts.cache; }
    template <class T>
    const T* prepared() const noexcept { return static_cast<const T*>(m_parts.prepared.state.get()); }

    std::size_t inputCount() const noexcept { return m_parts.inputs.size(); }
    const Tensor* optional(std::size_t i) const noexcept { return i < m_parts.inputs.size() ? m_parts.inputs[i] : nullptr; }
    // Input i; throws Error(Input) naming the node when it is absent.
    const Tensor& input(std::size_t i) const;

    // Whether output i is asked for. Writing one that is not asked for is allowed and wasted.
    bool wants(std::size_t i) const noexcept { return m_parts.node.output(i) != kNoValue; }

    // Fresh memory for output i, 64-byte aligned and uninitialised: run() must fill all of it. Throws
    // Error(Input) when the shape is impossible or its size exceeds the workspace's limit.
    std::byte* outputBytes(std::size_t i, ElementType type, Shape shape);
    template <class T>
    std::span<T> output(std::size_t i, Shape shape, ElementType type = ElementOf<T>::type) {
        const auto count = static_cast<std::size_t>(shape.count());
        return {reinterpret_cast<T*>(outputBytes(i, type, std::move(shape))), count};
    }
    // As output(), but in the memory of input `over` where that input dies here and has as many bytes.
    // Only for operators that read element j of that input no later than they write element j.
    template <class T>
    std::span<T> outputOver(std::size_t i, std::size_t over, Shape shape, ElementType type = ElementOf<T>::type) {
        const auto count = static_cast<std::size_t>(shape.count());
        return {reinterpret_cast<T*>(outputBytesOver(i, over, type, std::move(shape))), count};
    }
    std::byte* outputBytesOver(std::size_t i, std::size_t over, ElementType type, Shape shape);
    // Output i is this tensor: an input, an input under another shape, a constant. Copies nothing.
    void setOutput(std::size_t i, Tensor tensor) { m_outputs[i] = std::move(tensor); }

    // Memory for this node only, 64-byte aligned, uninitialised.
    template <class T>
    std::span<T> scratch(std::int64_t count) {
        return {reinterpret_cast<T*>(scratchBytes(count * static_cast<std::int64_t>(sizeof(T)))), static_cast<std::size_t>(count)};
    }

    // Workers::forEach that skips what is left once the job was stopped (the run then throws Cancelled).
    // Chunks must depend on shapes only, never on the number of threads. Bodies must not call output().
    void forEach(std::int64_t chunks, const std::function<void(std::int64_t chunk)>& body);
    void forRange(std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t begin, std::int64_t end)>& body);

    // The same with `bytes` of memory for each body that runs at the time, 64-byte aligned and uninitialised.
    void forEachWithScratch(std::int64_t chunks, std::int64_t bytes,
                            const std::function<void(std::int64_t chunk, std::byte* scratch)>& body);

    // Error(Input) and Error(Unsupported) as "node 'x' (Conv): what"; what is a clause without a dot.
    [[noreturn]] void fail(std::string_view what) const;
    [[noreturn]] void refuse(std::string_view what) const;

    std::vector<Tensor> takeOutputs() { return std::move(m_outputs); }

private:
    std::byte* scratchBytes(std::int64_t count);

    Parts m_parts;
    std::vector<Tensor> m_outputs;
    std::vector<Tensor> m_scratch;
};

// Which float types the engine hands to an operator (constants too) as float32, turning its float32 outputs
// into the type of its first float input.
enum class Widening : std::uint8_t {
    None,
    Halves,  // float16, bfloat16: for operators that know float64 themselves
    Reals,   // float64 too: for operators whose arithmetic is float32
};

// One row of the list.
struct Operator {
    std::string_view name;    // ONNX's: "Conv"
    std::string_view domain;  // "" is ai.onnx, "com.microsoft" …
    std::string_view label;   // one line for people
    void (*run)(OperatorContext& context);
    Widening widening = Widening::None;
    Prepared (*prepare)(const PrepareContext& context) = nullptr;

    bool widens(ElementType type) const noexcept {
        const bool half = type == ElementType::F16 || type == ElementType::BF16;
        return (widening != Widening::None && half) || (widening == Widening::Reals && type == ElementType::F64);
    }
};

// "node 'conv1' (Conv): " for messages.
std::string placeOf(const Node& node);

}  // namespace bitlathe
