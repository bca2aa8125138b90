#include "core/quant/qdq.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/model/graph_edit.h"
#include "core/quant/codec.h"
#include "core/quant/qdq_plan.h"
#include "core/quant/qdq_weights.h"
#include "core/quant/qdq_widen.h"
#include "core/tensor/convert.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

struct Prepared {
    Model model;  // in float32
    std::map<std::string, std::string> standsFor;
    std::vector<Scheme> schemes;
    QdqPlan plan;
    const std::string& rangeName(ValueId value) const {
        const std::string& name = model.graph.value(value).name;
        const auto found = standsFor.find(name);
        return found == standsFor.end() ? name : found->second;
    }
};

Prepared prepare(const Model& source, const Recipe& recipe) {
    Prepared prepared{source, {}, schemesFor(recipe, source), {}};
    const bool any = std::any_of(prepared.schemes.begin(), prepared.schemes.end(), [](const Scheme& scheme) { return scheme.weights.has_value(); });
    if (any) prepared.standsFor = widenToFloat32(prepared.model.graph);
    if (any && prepared.model.graph.values.size() != source.graph.values.size())
        prepared.model.notes.push_back("half precision arithmetic became float32: integer operators know no other");
    // Widening keeps the ids of weights; nodes may have moved.
    if (any) prepared.model.layers = findLayers(prepared.model.graph);
    prepared.plan = planQdq(prepared.model, prepared.schemes);
    return prepared;
}

// Symmetric activations are stored unsigned around 128: the same values and steps, but ONNX Runtime runs
// signed ones in integers only where they do not branch. Behind a ReLU the lowest code is 0, and the highest
// does not lie above Clip's end: only then do consumers run the activation inside the integer operator.
QuantParams paramsFor(const QdqPlan::ValuePlan& value, ValueRange range) {
    if (!value.afterRelu) {
        QuantParams params = quantParams(value.spec, range);
        if (params.type != ElementType::I8) return params;
        return {params.scale, params.zeroPoint + 128, {params.codes.lo + 128, params.codes.hi + 128}, ElementType::U8};
    }
    QuantParams params;
    params.type = ElementType::U8;
    params.codes = CodeRange{0, 255};
    float hi = std::min(range.hi, value.most);
    if (!(hi > 0) && std::isfinite(value.most)) hi = value.most;
    const AffineParameters affine = affineFromRange({0, hi}, params.codes, false);
    params.scale = affine.scale;
    params.zeroPoint = params.codes.lo;
    if (std::isfinite(value.most)) params.scale = std::min(params.scale, value.most / 255.0f);
    while (std::isfinite(value.most) && params.scale * 255.0f > value.most) params.scale = std::nextafter(params.scale, 0.0f);
    return params;
}

class Quantizer {
public:
    Quantizer(Prepared prepared, const ActivationRanges& ranges, const QdqOptions& options, Workers& workers, JobContext& job)
        : m_prepared(std::move(prepared)), m_plan(m_prepared.plan), m_ranges(ranges), m_options(options), m_workers(workers), m_job(job),
          m_edit(m_prepared.model.graph), m_graph(m_prepared.model.graph), m_values(m_graph.values.size()) {
        for (const ValueId output : m_graph.outputs) m_values[static_cast<std::size_t>(output)].isOutput = true;
        for (const Node& node : m_graph.nodes)
            for (const ValueId input : node.inputs)
                if (input != kNoValue) ++m_values[static_cast<std::size_t>(input)].readers;
    }

    QuantizedModel run() {
        quantizeLayers();
        std::vector<Node> nodes = std::move(m_graph.nodes);
        for (const ValueId input : m_graph.inputs) emitCodes(input, input);
        for (std::size_t n = 0; n < nodes.size(); ++n) {
            m_job.checkpoint(0.9 + 0.1 * static_cast<double>(n) / static_cast<double>(nodes.size()), "placing quantizers");
            emitNode(std::move(nodes[n]), n);
        }
        m_edit.finish();
        dropUnused(m_graph);
        Model& model = m_prepared.model;
        model.layers = findLayers(m_graph);
        m_result.model = std::move(model);
        return std::move(m_result);
    }

private:
    struct ValueState {
        bool isOutput = false;
        int readers = 0;
        ValueId dequantized = kNoValue;        // what readers of codes read
        ValueId weight = kNoValue;             // of a quantized constant: the DequantizeLinear's output
        ValueId scale = kNoValue, zero = kNoValue;  // of roots
        QuantParams params;                    // of roots
    };
    ValueState& state(ValueId id) { return m_values[static_cast<std::size_t>(id)]; }
    const QdqPlan::ValuePlan& planOf(ValueId id) const { return m_plan.values[static_cast<std::size_t>(id)]; }

    void quantizeLayers() {
        const auto& layers = m_prepared.model.layers;
        for (std::size_t l = 0; l < layers.size(); ++l) {
            const Layer& layer = layers[l];
            m_job.checkpoint(0.9 * static_cast<double>(l) / static_cast<double>(layers.size()), "quantizing " + layer.name);
            LayerOutcome outcome;
            outcome.layer = l;
            outcome.asked = outcome.got = m_prepared.schemes[l];
            const auto& spec = outcome.asked.weights;
            if (spec && layer.storedAs == "float64") {
                outcome.got = {};
                outcome.reason = "float64 weights have no quantized form that consumers read: the layer stays in float";
            } else if (spec) {
                JobContext part = m_job.part(0.9 * static_cast<double>(l) / static_cast<double>(layers.size()), 0.9 * static_cast<double>(l + 1) / static_cast<double>(layers.size()));
                outcome.weights = std::make_shared<const QuantizedTensor>(quantizeWeights(weightOf(m_graph, layer), layer.layout, *spec, m_workers, part));
            }
            if (outcome.got.activations && !isIntegerLayer(l)) {
                outcome.got.activations.reset();
                outcome.reason = m_plan.layerReasons[l].empty() ? "nothing of it computes on codes" : m_plan.layerReasons[l];
            }
            if (!spec && outcome.asked.activations) {
                outcome.got.activations.reset();
                outcome.reason = "activations are quantized only together with weights";
            }
            if (outcome.weights && !hasCodes(*outcome.weights)) {
                outcome.got.activations.reset();
                outcome.reason = "codes of this format have no form in ONNX: the file holds the dequantized values as floats";
            }
            m_result.layers.push_back(std::move(outcome));
        }
    }
    bool isIntegerLayer(std::size_t layer) const {
        return std::any_of(m_plan.nodes.begin(), m_plan.nodes.end(),
                           [&](const auto& node) { return node.role == QdqRole::Layer && node.layer == static_cast<int>(layer); });
    }
    static bool hasCodes(const QuantizedTensor& weights) {
        return codecOf(weights.spec).decodesAffine && isInteger(weights.codes.type());
    }

    void emitNode(Node node, std::size_t index) {
        const QdqPlan::NodePlan& plan = m_plan.nodes[index];
        if (plan.role == QdqRole::Float && !plan.reason.empty()) m_result.islands.push_back({node.name, node.qualifiedOp(), plan.reason});
        if (plan.layer >= 0) {
            emitWeightOf(node, index);
            emitFurtherWeights(node, plan.layer);
        }
        if (plan.biasOf >= 0) emitBiasOf(node, static_cast<std::size_t>(plan.biasOf));
        const bool integer = plan.role == QdqRole::Layer || plan.role == QdqRole::Own || plan.role == QdqRole::Pass;
        const auto activations = activationInputs(node);
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            ValueId& input = node.inputs[i];
            if (input == kNoValue || static_cast<std::size_t>(input) >= m_values.size()) continue;
            const bool asCodes = integer && std::find(activations.begin(), activations.end(), i) != activations.end();
            if (plan.role == QdqRole::Own && asCodes && m_graph.constant(input)) input = emitConstant(node, i);
            else if (state(input).dequantized != kNoValue && (asCodes || planOf(input).produced)) input = state(input).dequantized;
        }
        if (plan.role == QdqRole::Float) keepFloat(node);
        // The network's output keeps its name on the dequantized value; the float in front of the codes gets another.
        std::vector<std::pair<ValueId, ValueId>> made;  // value of the source, value that the node makes
        for (ValueId& output : node.outputs) {
            if (output == kNoValue) continue;
            const ValueId source = output;
            if (state(source).isOutput && planOf(source).produced) output = m_edit.addValue(m_graph.value(source).name + "_float");
            made.emplace_back(source, output);
        }
        m_edit.emit(std::move(node));
        for (const auto& [source, now] : made) emitCodes(source, now);
    }

    // ONNX Runtime quantizes what it finds behind a DequantizeLinear by itself: float filters to int8 with one
    // scale for all, and float biases to whatever makes the operator integer. A layer that was asked to compute
    // in float is kept so by a bias of 31-bit codes with a scale of its own, which it leaves alone.
    void keepFloat(Node& node) {
        if (!node.domain.empty() || (node.op != "Conv" && node.op != "ConvTranspose" && node.op != "Gemm") || node.inputs.size() < 2) return;
        const bool behindCodes = std::any_of(m_values.begin(), m_values.end(), [&](const ValueState& at) { return at.dequantized != kNoValue && at.dequantized == node.inputs[0]; });
        if (!behindCodes || (node.op == "Gemm" && node.input(2) != kNoValue && node.real("beta", 1.0f) != 1.0f)) return;
        std::int64_t channels = channelsOf(node);
        const Tensor* bias = m_graph.constant(node.input(2));
        if (channels <= 0 || (node.input(2) != kNoValue && (!bias || bias->type() != ElementType::F32 || bias->shape() != Shape{channels}))) return;
        std::vector<std::int32_t> codes(static_cast<std::size_t>(channels), 0);
        float scale = 1.0f;
        if (bias) {
            const auto values = bias->as<float>();
            for (const float x : values)
                if (!std::isfinite(x)) return;
            const float largest = std::abs(*std::max_element(values.begin(), values.end(), [](float a, float b) { return std::abs(a) < std::abs(b); }));
            if (largest > 0x1p-90f) scale = largest * 0x1p-30f;
            for (std::size_t c = 0; c < codes.size(); ++c) codes[c] = static_cast<std::int32_t>(std::nearbyint(static_cast<double>(values[c]) / static_cast<double>(scale)));
        }
        const std::string name = bias ? m_graph.value(node.input(2)).name : node.name + ".bias";
        const ValueId out = m_edit.addValue(name + "_dequantized");
        m_edit.emit("DequantizeLinear", name + "_DequantizeLinear",
                    {m_edit.addConstant(name + "_quantized", Tensor::of(Shape{channels}, codes)), m_edit.addConstant(name + "_scale", Tensor::scalar(scale))}, {out});
        node.inputs.resize(3, kNoValue);
        node.inputs[2] = out;
    }
    // The output channels, where the weight's shape is known: a constant, or a layer's.
    std::int64_t channelsOf(const Node& node) const {
        Shape shape;
        if (const Tensor* weight = m_graph.constant(node.inputs[1])) {
            shape = weight->shape();
        } else {
            const auto& layers = m_prepared.model.layers;
            const auto layer = std::find_if(layers.begin(), layers.end(), [&](const Layer& at) { return m_values[static_cast<std::size_t>(at.weight)].weight == node.inputs[1]; });
            if (layer == layers.end()) return -1;
            if (node.op == "Gemm") return layer->layout.channels;
            shape = layer->shape;
        }
        if (shape.rank() < 2) return -1;
        if (node.op == "ConvTranspose") return shape[1] * node.integer("group", 1);
        return node.op == "Conv" || node.integer("transB", 0) != 0 ? shape[0] : shape[1];
    }

    // QuantizeLinear and DequantizeLinear of a value that the plan stores as codes. `from` is where it is float.
    void emitCodes(ValueId value, ValueId from) {
        const ValueId root = planOf(value).root;
        if (root == kNoValue) return;
        const std::string name = m_graph.value(value).name;
        const ValueState& parameters = rootState(root);
        const ValueId scale = parameters.scale, zero = parameters.zero;
        const QuantParams params = parameters.params;
        const ValueId codes = m_edit.addValue(name + "_quantized");
        const bool swap = state(value).isOutput && planOf(value).produced;
        const ValueId back = swap ? value : m_edit.addValue(name + "_dequantized");
        m_edit.emit("QuantizeLinear", name + "_QuantizeLinear", {from, scale, zero}, {codes});
        m_edit.emit("DequantizeLinear", name + "_DequantizeLinear", {codes, scale, zero}, {back});
        state(value).dequantized = back;
        m_result.activations[std::string(m_prepared.rangeName(value))] = {m_graph.value(codes).name, params};
    }

    ValueState& rootState(ValueId root) {
        ValueState& at = state(root);
        if (at.scale != kNoValue) return at;
        const std::string& name = m_prepared.rangeName(root);
        const auto found = m_ranges.find(name);
        if (found == m_ranges.end())
            throw Error(ErrorKind::Recipe, "the recipe quantizes activations, but the range of '" + name + "' is not known; calibrate with samples first");
        const QuantParams params = paramsFor(planOf(root), found->second.range);
        const std::string prefix = m_graph.value(root).name;
        const ValueId scale = m_edit.addConstant(prefix + "_scale", Tensor::scalar(params.scale));
        const ValueId zero = m_edit.addConstant(prefix + "_zero_point", Tensor::scalar(static_cast<std::uint8_t>(params.zeroPoint)));
        ValueState& again = state(root);
        again.params = params;
        again.scale = scale;
        again.zero = zero;
        return again;
    }

    // A constant operand of an integer Add, Mul or Concat, stored like the activations around it.
    ValueId emitConstant(const Node& node, std::size_t input) {
        const ValueId id = node.inputs[input];
        const Tensor values = toFloat32(*m_graph.constant(id));
        ActivationSpec spec;
        for (const ValueId output : node.outputs)
            if (output != kNoValue && planOf(output).root != kNoValue) spec = planOf(planOf(output).root).spec;
        for (const std::size_t i : activationInputs(node))
            if (const ValueId other = node.inputs[i]; static_cast<std::size_t>(other) < m_values.size() && planOf(other).root != kNoValue) spec = planOf(planOf(other).root).spec;
        ValueRange range;
        for (const float x : values.as<float>())
            if (std::isfinite(x)) range.lo = std::min(range.lo, x), range.hi = std::max(range.hi, x);
        const QuantParams params = paramsFor({.spec = spec}, range);
        std::byte* to = nullptr;
        Tensor codes = Tensor::allocate(params.type, values.shape(), to);
        for (const float x : values.as<float>()) *to++ = static_cast<std::byte>(encodeAffine(x, {params.scale, params.zeroPoint}, params.codes) & 255);
        const std::string name = m_graph.value(id).name;
        const ValueId out = m_edit.addValue(name + "_dequantized");
        const ValueId scale = m_edit.addConstant(name + "_scale", Tensor::scalar(params.scale));
        const ValueId zero = m_edit.addConstant(name + "_zero_point", Tensor::scalar(static_cast<std::uint8_t>(params.zeroPoint)));
        m_edit.emit("DequantizeLinear", name + "_DequantizeLinear", {m_edit.addConstant(name + "_quantized", std::move(codes)), scale, zero}, {out});
        return out;
    }

    // Puts the dequantized weight, and for integer layers the bias, in the place of the constants.
    void emitWeightOf(Node& node, std::size_t nodeIndex) {
        const QdqPlan::NodePlan& plan = m_plan.nodes[nodeIndex];
        const auto index = static_cast<std::size_t>(plan.layer);
        const Layer& layer = m_prepared.model.layers[index];
        LayerOutcome& outcome = m_result.layers[index];
        if (!outcome.weights) return;
        const ValueId constant = layer.weight;
        const std::string name = m_graph.value(constant).name;
        const bool alone = state(constant).readers == 1;
        const bool transposed = m_options.linearAsMatMul && alone && node.op == "Gemm" && node.inputs[1] == constant &&
                                node.integer("transB", 0) != 0 && hasCodes(*outcome.weights);
        const bool integer = plan.role == QdqRole::Layer;
        const std::vector<float> biasValues = integer ? biasOf(plan) : std::vector<float>{};
        const float inputScale = integer ? rootState(planOf(node.input(0)).root).params.scale : 1.0f;
        if (integer) m_inputScales[nodeIndex] = inputScale;
        if (state(constant).weight == kNoValue) {
            if (!biasValues.empty() && alone) {
                QuantizedTensor mended = withRoomForBias(*outcome.weights, weightOf(m_prepared.model.graph, layer).as<float>(), biasValues, inputScale);
                if (!(mended == *outcome.weights)) outcome.weights = std::make_shared<const QuantizedTensor>(std::move(mended));
            }
            if (!hasCodes(*outcome.weights)) state(constant).weight = m_edit.addConstant(name + "_dequantized", dequantize(*outcome.weights, m_workers));
            else state(constant).weight = emitWeight(m_edit, name, *outcome.weights, {isIntegerLayer(index), transposed, layer.channelAxis});
        }
        if (!biasValues.empty() && node.input(2) == plan.bias) node.inputs[2] = emitBias(m_edit, std::string(m_graph.value(plan.bias).name), biasValues, inputScale, *outcome.weights);
        for (ValueId& input : node.inputs)
            if (input == constant) input = state(constant).weight;
        if (transposed) node.attributes.erase("transB");
    }

    // A recurrent node reads several layers' weights; the plan names one of them.
    void emitFurtherWeights(Node& node, int planned) {
        for (std::size_t l = 0; l < m_prepared.model.layers.size(); ++l) {
            const Layer& layer = m_prepared.model.layers[l];
            if (layer.kind != LayerKind::Recurrent || static_cast<int>(l) == planned || !m_result.layers[l].weights) continue;
            if (std::find(node.inputs.begin(), node.inputs.end(), layer.weight) == node.inputs.end()) continue;
            const QuantizedTensor& weights = *m_result.layers[l].weights;
            const std::string name = m_graph.value(layer.weight).name;
            if (state(layer.weight).weight == kNoValue) {
                const ValueId made = hasCodes(weights) ? emitWeight(m_edit, name, weights, {false, false, layer.channelAxis}) : m_edit.addConstant(name + "_dequantized", dequantize(weights, m_workers));
                state(layer.weight).weight = made;
            }
            std::replace(node.inputs.begin(), node.inputs.end(), layer.weight, state(layer.weight).weight);
        }
    }

    // One value per channel; empty without a bias.
    std::vector<float> biasOf(const QdqPlan::NodePlan& plan) const {
        const Tensor* bias = m_graph.constant(plan.bias);
        if (!bias) return {};
        const Tensor floats = toFloat32(*bias);
        std::vector<float> values(floats.as<float>().begin(), floats.as<float>().end());
        if (values.size() == 1) values.assign(static_cast<std::size_t>(m_prepared.model.layers[static_cast<std::size_t>(plan.layer)].layout.channels), values[0]);
        return values;
    }

    // The Add behind a MatMul gets its bias as codes too: ONNX Runtime makes one Gemm of the two, which
    // computes in integers only then.
    void emitBiasOf(Node& add, std::size_t productIndex) {
        const QdqPlan::NodePlan& product = m_plan.nodes[productIndex];
        const auto index = static_cast<std::size_t>(product.layer);
        const ValueId codes = emitBias(m_edit, std::string(m_graph.value(product.bias).name), biasOf(product), m_inputScales[productIndex], *m_result.layers[index].weights);
        for (ValueId& input : add.inputs)
            if (input == product.bias) input = codes;
    }

    Prepared m_prepared;
    const QdqPlan& m_plan;
    const ActivationRanges& m_ranges;
    const QdqOptions& m_options;
    Workers& m_workers;
    JobContext& m_job;
    GraphEdit m_edit;
    Graph& m_graph;
    std::vector<ValueState> m_values;  // by value of the source
    std::map<std::size_t, float> m_inputScales;  // by node of a layer: of the codes that it multiplies
    QuantizedModel m_result;
};

}  // namespace

QuantizedModel quantizeModel(const Model& model, const Recipe& recipe, const ActivationRanges& ranges, const QdqOptions& options,
                             Workers& workers, JobContext& job) {
    for (const Issue& issue : validate(recipe, model))
        if (issue.level == Issue::Level::Error)
            throw Error(ErrorKind::Recipe, (issue.layer.empty() ? "the recipe" : "layer '" + issue.layer + "'") + std::string(": ") + issue.message + "; " + issue.cure);
    return Quantizer(prepare(model, recipe), ranges, options, workers, job).run();
}

std::map<std::string, ActivationSpec, std::less<>> observedValues(const Model& model, const Recipe& recipe) {
    const Prepared prepared = prepare(model, recipe);
    std::map<std::string, ActivationSpec, std::less<>> observed;
    for (std::size_t v = 0; v < prepared.plan.values.size(); ++v) {
        const auto& value = prepared.plan.values[v];
        if (value.root == static_cast<ValueId>(v)) observed.emplace(prepared.rangeName(value.root), value.spec);
    }
    return observed;
}

}  // namespace bitlathe
