// Looks on while the float network and a quantized one run side by side, and keeps per layer how far its output
// has moved and how long it took. Used by evaluate(); knows no datasets.
#pragma once

#include "core/engine/run.h"
#include "core/workflow/evaluate.h"
#include "core/workflow/network.h"

#include <memory>
#include <vector>

namespace bitlathe {

class LayerTraces {
public:
    // Both must outlive this.
    LayerTraces(const Network& network, const Executable& reference);
    LayerTraces(const LayerTraces&) = delete;

    // Rows along the batch axis, and how many of them are samples.
    void beginRun(std::int64_t rows, std::int64_t valid);
    const RunObserver& referenceObserver() const noexcept { return m_referenceObserver; }
    const RunObserver& observer() const noexcept { return m_observer; }

    std::vector<LayerEvaluation> layers() const;

private:
    struct Trace {
        LayerEvaluation fixed;       // what does not change from run to run
        const QuantParams* params = nullptr;  // of the codes compared; null: compared as float
        bool compared = false;
        Tensor reference;            // of this run
        double signal = 0, noise = 0;
        std::vector<double> times;   // ms, one per run
    };
    void compare(Trace& trace, const Tensor& tensor);

    const Network& m_network;
    std::int64_t m_rows = 1, m_valid = 1;
    std::vector<Trace> m_traces;
    std::vector<std::vector<std::size_t>> m_referenceSlots, m_slots;  // by ValueId: traces that look at the value
    std::vector<int> m_stepLayer;                                     // by step: the trace it belongs to, -1: none
    RunObserver m_referenceObserver, m_observer;
};

}  // namespace bitlathe
