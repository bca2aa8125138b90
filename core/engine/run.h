// Running a compiled model. Results are the same bits for every number of threads.
#pragma once

#include "core/engine/executable.h"
#include "core/engine/workspace.h"

#include <functional>
#include <span>
#include <vector>

namespace bitlathe {

// Looks on while a run makes its values; called in the running thread, in the order of the steps.
struct RunObserver {
    // Each value as it is made, graph inputs included; the id is one of executable.graph(). The tensor's
    // memory is used again: whoever keeps values copies them.
    std::function<void(ValueId value, const Tensor& tensor)> value;
    // Wall time of each step.
    std::function<void(std::size_t step, double seconds)> time;
};

// inputs in the order of graph().inputs; returns the outputs in the order of graph().outputs. Throws
// Error(Input) when an input's type or shape does not fit the model or an operator; Cancelled through job,
// whose checkpoint() is called after every step. cache: keys and values of the tokens before these, to which
// CachedAttention adds those of this run; its length is the caller's to advance (kv_cache.h).
std::vector<Tensor> run(const Executable& executable, Workspace& workspace, Workers& workers,
                        std::span<const Tensor> inputs, JobContext& job, const RunObserver* observer = nullptr, KvCache* cache = nullptr);

// One step on these inputs (null: absent).
std::vector<Wide> runStep(const Step& step, const Node& node, std::span<const Wide* const> inputs, const Machine& machine,
                          Workspace& workspace, Workers& workers, JobContext& job, KvCache* cache = nullptr);

}  // namespace bitlathe
