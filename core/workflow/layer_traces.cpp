#include "core/workflow/layer_traces.h"

#include "core/metrics/error_sums.h"
#include "core/model/layer.h"
#include "core/quant/quantized_tensor.h"
#include "core/workflow/samples.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_map>

namespace bitlathe {

namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// The SQNR of a layer's weights by themselves.
double ownSqnrDb(const Model& model, const Layer& layer, const QuantizedTensor& weights) {
    const Tensor x = weightOf(model.graph, layer);
    Workers alone(1);
    const Tensor y = dequantize(weights, alone);
    ErrorSums sums;
    addPairs(sums, x.as<float>(), y.as<float>());
    return decibels(sums.xx, sums.ee);
}

bool joins(const Node& node) { return node.op == "Relu" || node.op == "Clip" || node.op == "Add" || node.op == "LeakyRelu" || node.op == "HardSwish"; }

// The values where the layer's output can be compared, nearest first: its own, then behind what is fused with it.
std::vector<std::string> outputsOf(const Graph& graph, const Uses& uses, const Layer& layer) {
    std::vector<std::string> names;
    ValueId value = graph.nodes[static_cast<std::size_t>(layer.node)].output(0);
    for (int hop = 0; hop < 3 && value != kNoValue; ++hop) {
        names.push_back(graph.value(value).name);
        const auto& readers = uses.consumers[static_cast<std::size_t>(value)];
        if (readers.size() != 1 || !joins(graph.nodes[static_cast<std::size_t>(readers[0])])) break;
        value = graph.nodes[static_cast<std::size_t>(readers[0])].output(0);
    }
    return names;
}

std::unordered_map<std::string, ValueId> idsByName(const Graph& graph) {
    std::unordered_map<std::string, ValueId> ids;
    for (std::size_t i = 0; i < graph.values.size(); ++i) ids.emplace(graph.values[i].name, static_cast<ValueId>(i));
    return ids;
}

// A constant or a value that the graph really makes.
bool isMade(const Graph& graph, const Uses& uses, ValueId id) {
    return uses.producer[static_cast<std::size_t>(id)] >= 0 || std::find(graph.inputs.begin(), graph.inputs.end(), id) != graph.inputs.end();
}

}  // namespace

LayerTraces::LayerTraces(const Network& network, const Executable& reference) : m_network(network) {
    const Model& source = *network.source;
    const Graph &graph = network.executable->graph(), &floatGraph = reference.graph();
    const Uses sourceUses(source.graph), uses(graph), floatUses(floatGraph);
    const auto ids = idsByName(graph), floatIds = idsByName(floatGraph);
    m_referenceSlots.resize(floatGraph.values.size());
    m_slots.resize(graph.values.size());
    std::unordered_map<std::string, int> layerOfNode;

    for (std::size_t i = 0; i < source.layers.size(); ++i) {
        const Layer& layer = source.layers[i];
        Trace trace;
        trace.fixed.name = layer.name;
        trace.fixed.sqnrDb = kInfinite;
        trace.fixed.carriedSqnrDb = kUnknown;
        if (network.quantized) {
            const LayerOutcome& outcome = network.quantized->layers[i];
            if (outcome.weights) trace.fixed.sqnrDb = ownSqnrDb(source, layer, *outcome.weights);
            trace.fixed.reason = outcome.reason;
            for (const std::string& name : outputsOf(source.graph, sourceUses, layer)) {
                const auto at = floatIds.find(name);
                if (at == floatIds.end() || !isMade(floatGraph, floatUses, at->second)) continue;
                std::string seen = name;
                const auto codes = network.quantized->activations.find(name);
                if (codes != network.quantized->activations.end()) seen = codes->second.codes;
                auto id = ids.find(seen);
                if ((id == ids.end() || !isMade(graph, uses, id->second)) && seen != name) seen = name, id = ids.find(name);
                if (id == ids.end() || !isMade(graph, uses, id->second)) continue;
                trace.params = seen != name ? &codes->second.params : nullptr;
                trace.compared = true;
                m_referenceSlots[static_cast<std::size_t>(at->second)].push_back(i);
                m_slots[static_cast<std::size_t>(id->second)].push_back(i);
                break;
            }
        }
        layerOfNode.emplace(source.graph.nodes[static_cast<std::size_t>(layer.node)].name, static_cast<int>(i));
        m_traces.push_back(std::move(trace));
    }
    for (const Step& step : network.executable->steps()) {
        const auto at = layerOfNode.find(step.placement.node);
        const int layer = at == layerOfNode.end() ? -1 : at->second;
        m_stepLayer.push_back(layer);
        if (layer < 0) continue;
        LayerEvaluation& fixed = m_traces[static_cast<std::size_t>(layer)].fixed;
        fixed.kernel = step.placement.kernel;
        fixed.integer = step.placement.integer;
        if (fixed.reason.empty()) fixed.reason = step.placement.reason;
    }

    m_referenceObserver.value = [this](ValueId value, const Tensor& tensor) {
        for (const std::size_t i : m_referenceSlots[static_cast<std::size_t>(value)]) {
            // The run reuses its memory: keep a copy.
            const Tensor floats = toFloat32(tensor);
            m_traces[i].reference = Tensor::of<float>(floats.shape(), floats.as<float>());
        }
    };
    m_observer.value = [this](ValueId value, const Tensor& tensor) {
        for (const std::size_t i : m_slots[static_cast<std::size_t>(value)]) compare(m_traces[i], tensor);
    };
    m_observer.time = [this](std::size_t step, double seconds) {
        if (const int layer = m_stepLayer[step]; layer >= 0) m_traces[static_cast<std::size_t>(layer)].times.back() += seconds * 1e3;
    };
}

void LayerTraces::beginRun(std::int64_t rows, std::int64_t valid) {
    m_rows = rows, m_valid = valid;
    for (Trace& trace : m_traces) trace.times.push_back(0);
}

void LayerTraces::compare(Trace& trace, const Tensor& tensor) {
    const auto x = trace.reference.as<float>();
    if (static_cast<std::int64_t>(x.size()) != tensor.count()) return;
    const bool codes = trace.params && (tensor.type() == ElementType::U8 || tensor.type() == ElementType::I8);
    const Tensor values = toFloat32(tensor);
    const auto y = values.as<float>();
    const float zero = codes ? static_cast<float>(trace.params->zeroPoint) : 0, scale = codes ? trace.params->scale : 1;
    const auto count = static_cast<std::size_t>(validCount(tensor.shape(), m_rows, m_valid));
    for (std::size_t i = 0; i < count; ++i) {
        if (!std::isfinite(x[i])) continue;
        const double signal = x[i], noise = static_cast<double>((y[i] - zero) * scale) - signal;
        trace.signal += signal * signal, trace.noise += noise * noise;
    }
}

std::vector<LayerEvaluation> LayerTraces::layers() const {
    std::vector<LayerEvaluation> layers;
    for (const Trace& trace : m_traces) {
        LayerEvaluation layer = trace.fixed;
        if (trace.compared) layer.carriedSqnrDb = decibels(trace.signal, trace.noise);
        std::vector<double> times = trace.times;
        if (!times.empty()) {
            std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
            layer.medianMs = times[times.size() / 2];
        }
        layers.push_back(std::move(layer));
    }
    return layers;
}

}  // namespace bitlathe
