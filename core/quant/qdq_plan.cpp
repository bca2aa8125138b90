#include "core/quant/qdq_plan.h"

#include "core/quant/codec.h"
#include "core/tensor/convert.h"

#include <algorithm>
#include <array>

namespace bitlathe {

namespace {

bool isOneOf(std::string_view op, std::span<const std::string_view> list) { return std::find(list.begin(), list.end(), op) != list.end(); }

constexpr std::array<std::string_view, 9> kOwn = {"Add", "Mul", "Concat", "AveragePool", "GlobalAveragePool", "Relu", "LeakyRelu", "Sigmoid", "Clip"};
constexpr std::array<std::string_view, 14> kPass = {"MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Gather",
    "Split", "DepthToSpace", "SpaceToDepth", "Expand", "Tile", "Identity"};

constexpr std::array<std::string_view, 10> kFusedIntoGemm = {"Elu", "HardSigmoid", "LeakyRelu", "Relu", "Selu", "Sigmoid", "Softplus", "Softsign", "Tanh", "ThresholdedRelu"};

bool isZero(const Tensor& tensor) { return tensor.count() == 1 && elementAt(tensor.type(), tensor.bytes().data(), 0) == 0.0; }

// Relu, or Clip from 0 upwards with constant ends; `most` is the upper end.
bool isRelu(const Graph& graph, const Node& node, float& most) {
    most = std::numeric_limits<float>::infinity();
    if (!node.domain.empty()) return false;
    if (node.op == "Relu") return true;
    if (node.op != "Clip") return false;
    const Tensor *low = graph.constant(node.input(1)), *high = graph.constant(node.input(2));
    if (!low || !isZero(*low) || (node.input(2) != kNoValue && (!high || high->count() != 1))) return false;
    if (high) most = static_cast<float>(elementAt(high->type(), high->bytes().data(), 0));
    return most > 0;
}

bool isPass(const Graph& graph, const Node& node) {
    if (!node.domain.empty()) return false;
    if (node.op == "MaxPool") return node.outputs.size() == 1;
    if (node.op == "Resize") return node.text("mode", "nearest") == "nearest" && node.text("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize";
    if (node.op == "Pad") {  // 0 has an exact code, other fillings have not
        const Tensor* filling = graph.constant(node.input(2));
        return node.text("mode", "constant") != "constant" || node.input(2) == kNoValue || (filling && isZero(*filling));
    }
    return isOneOf(node.op, kPass);
}

bool isOwn(const Graph& graph, const Node& node) {
    float most = 0;
    if (node.op == "Clip") return isRelu(graph, node, most);
    return node.domain.empty() && isOneOf(node.op, kOwn);
}

bool isFloatValue(const Graph& graph, ValueId id) {
    if (id == kNoValue) return false;
    const auto type = graph.value(id).type;
    return !type || *type == ElementType::F32 || *type == ElementType::F16 || *type == ElementType::BF16;
}

class Planner {
public:
    Planner(const Model& model, const std::vector<Scheme>& schemes) : m_model(model), m_graph(model.graph), m_schemes(schemes), m_uses(model.graph) {
        m_plan.nodes.resize(m_graph.nodes.size());
        m_plan.values.resize(m_graph.values.size());
        m_plan.layerReasons.resize(model.layers.size());
        m_wanted.assign(m_graph.nodes.size(), false);
        m_strong.assign(m_graph.values.size(), false);
        m_wantedValues.assign(m_graph.values.size(), false);
        m_maker.assign(m_graph.values.size(), -1);
    }

    QdqPlan run() {
        findLayerNodes();
        lookBack();
        for (std::size_t n = 0; n < m_graph.nodes.size(); ++n) decide(static_cast<NodeId>(n));
        assignSpecs();
        explainFloat();
        return std::move(m_plan);
    }

private:
    const Node& node(NodeId id) const { return m_graph.nodes[static_cast<std::size_t>(id)]; }
    QdqPlan::NodePlan& plan(NodeId id) { return m_plan.nodes[static_cast<std::size_t>(id)]; }
    QdqPlan::ValuePlan& valuePlan(ValueId id) { return m_plan.values[static_cast<std::size_t>(id)]; }
    const std::vector<NodeId>& readers(ValueId id) const { return m_uses.consumers[static_cast<std::size_t>(id)]; }
    bool isOutput(ValueId id) const { return m_uses.isOutput[static_cast<std::size_t>(id)]; }

    // Every reader of a quantized weight, and whether it can compute on codes.
    void findLayerNodes() {
        for (std::size_t l = 0; l < m_model.layers.size(); ++l) {
            const Layer& layer = m_model.layers[l];
            if (!layer.quantizable || !m_schemes[l].weights) continue;
            for (const NodeId reader : readers(layer.weight)) plan(reader).layer = static_cast<int>(l);
            if (!m_schemes[l].activations) continue;
            for (const NodeId reader : readers(layer.weight)) {
                const std::string why = whyFloat(node(reader), layer, m_schemes[l]);
                if (why.empty()) plan(reader).role = QdqRole::Layer;
                else plan(reader).reason = why;
                if (!why.empty() && m_plan.layerReasons[l].empty()) m_plan.layerReasons[l] = why;
            }
        }
    }

    std::string whyFloat(const Node& n, const Layer& layer, const Scheme& scheme) const {
        if (std::string why = whyNotInteger(scheme, layer.layout.perChannel()); !why.empty()) return why;
        const bool conv = n.op == "Conv", gemm = n.op == "Gemm", product = n.op == "MatMul";
        if (!n.domain.empty() || !(conv || gemm || product)) return n.op + " has no integer form: its weights are quantized, it computes in float";
        if (n.input(1) != layer.weight || n.input(0) == layer.weight || n.input(2) == layer.weight) return "the weight is not this node's second input: it computes in float";
        const ValueId x = n.input(0);
        if (x == kNoValue || m_graph.constant(x) || !isFloatValue(m_graph, x)) return "its input is no activation: it computes in float";
        if (layer.storedAs == "float64") return "float64 arithmetic has no integer form";
        if (!conv && layer.shape.rank() != 2) return "a stack of matrices has no integer form with one scale per channel: it computes in float";
        const Tensor* bias = m_graph.constant(n.input(2));
        if (n.input(2) != kNoValue && (!bias || n.input(2) == layer.weight)) return "its bias is computed while the model runs: it computes in float";
        if (!gemm && bias && bias->count() != layer.layout.channels) return "its bias is not one number per output channel: it computes in float";
        if (gemm) {
            if (n.integer("transA", 0) != 0) return "its input is transposed: it computes in float";
            if (n.real("alpha", 1.0f) != 1.0f || (bias && n.real("beta", 1.0f) != 1.0f)) return "alpha and beta other than 1 have no integer form: it computes in float";
            const std::int64_t channels = layer.layout.channels;
            if (bias && bias->count() != 1 && (bias->count() != channels || bias->shape()[bias->shape().rank() - 1] != channels))
                return "its bias differs by row: it computes in float";
        }
        return {};
    }

    // Own and pass-through nodes with an integer node somewhere behind them; values that only integer nodes read.
    void lookBack() {
        for (auto n = static_cast<NodeId>(m_graph.nodes.size()) - 1; n >= 0; --n) {
            const Node& at = node(n);
            const bool pass = isPass(m_graph, at);
            for (const ValueId out : at.outputs) {
                if (out == kNoValue) continue;
                bool wanted = false, strong = !isOutput(out) && !readers(out).empty();
                for (const NodeId reader : readers(out)) {
                    wanted = wanted || readsAsCodes(reader, out);
                    strong = strong && onlyForCodes(reader, out);
                }
                m_strong[static_cast<std::size_t>(out)] = strong;
                if (wanted && (pass || isOwn(m_graph, at))) m_wanted[static_cast<std::size_t>(n)] = true;
                if (wanted) m_wantedValues[static_cast<std::size_t>(out)] = true;
            }
        }
    }
    bool readsAsCodes(NodeId reader, ValueId value) const {
        const auto& inputs = node(reader).inputs;
        if (m_plan.nodes[static_cast<std::size_t>(reader)].role == QdqRole::Layer) return inputs[0] == value;
        if (!m_wanted[static_cast<std::size_t>(reader)]) return false;
        for (const std::size_t i : activationInputs(node(reader)))
            if (node(reader).input(i) == value) return true;
        return false;
    }
    bool onlyForCodes(NodeId reader, ValueId value) const {
        const Node& n = node(reader);
        if (m_plan.nodes[static_cast<std::size_t>(reader)].role == QdqRole::Layer) return n.inputs[0] == value && n.input(2) != value;
        if (!isPass(m_graph, n) || n.input(0) != value) return false;
        for (std::size_t i = 1; i < n.inputs.size(); ++i)
            if (n.inputs[i] == value) return false;
        return std::all_of(n.outputs.begin(), n.outputs.end(), [&](ValueId out) { return out != kNoValue && m_strong[static_cast<std::size_t>(out)]; });
    }
    bool isWanted(ValueId value) const { return m_wantedValues[static_cast<std::size_t>(value)]; }

    void decide(NodeId id) {
        const Node& n = node(id);
        const QdqRole role = plan(id).role;
        if (role == QdqRole::Layer) return decideLayer(id, n);
        if (role == QdqRole::Fused || !m_wanted[static_cast<std::size_t>(id)] || plan(id).layer >= 0) return;
        if (isPass(m_graph, n)) return decidePass(id, n);
        if (isOwn(m_graph, n)) decideOwn(id, n);
    }

    void decideLayer(NodeId id, const Node& n) {
        makeCodes(n.input(0));
        plan(id).bias = n.input(2);
        const ValueId last = fuseBehind(n, n.op == "MatMul" ? id : -1);
        m_maker[static_cast<std::size_t>(last)] = plan(id).layer;
        if (n.op == "Conv" || isWanted(last) || losesItsFloat(n, last)) makeProduced(last, last);
        else unfuse(n.output(0));
    }

    // A Gemm with an activation right behind it becomes one float operator in ONNX Runtime, unless codes stand
    // between them or behind them.
    bool losesItsFloat(const Node& n, ValueId last) const {
        const NodeId behind = readersOrNone(n.output(0));
        const bool gemm = n.op == "Gemm" || (behind >= 0 && m_plan.nodes[static_cast<std::size_t>(behind)].biasOf >= 0);
        if (!gemm) return false;
        if (m_plan.values[static_cast<std::size_t>(last)].afterRelu) return true;
        const NodeId next = readersOrNone(last);
        return next >= 0 && !isOutput(last) && readers(last).size() == 1 && node(next).domain.empty() && isOneOf(node(next).op, kFusedIntoGemm);
    }
    NodeId readersOrNone(ValueId value) const { return readers(value).empty() ? -1 : readers(value)[0]; }

    void decidePass(NodeId id, const Node& n) {
        const ValueId x = n.input(0);
        if (x == kNoValue || m_graph.constant(x) || !isFloatValue(m_graph, x)) return;
        if (!valuePlan(x).produced) {
            for (const ValueId out : n.outputs)
                if (out == kNoValue || !m_strong[static_cast<std::size_t>(out)]) return;
            makeCodes(x);
        }
        plan(id).role = QdqRole::Pass;
        for (const ValueId out : n.outputs) makeProduced(out, valuePlan(x).root);
    }

    void decideOwn(NodeId id, const Node& n) {
        bool any = false;
        for (const std::size_t i : activationInputs(n)) {
            const ValueId x = n.input(i);
            if (x == kNoValue) return;
            if (const Tensor* constant = m_graph.constant(x)) {
                if (!isFloat(constant->type()) || bitsOf(constant->type()) < 16 || constant->type() == ElementType::F64 || constant->count() == 0) return;
            } else if (!isFloatValue(m_graph, x)) {
                return;
            } else {
                any = any || valuePlan(x).produced;
            }
        }
        if (!any) return;
        plan(id).role = QdqRole::Own;
        for (const std::size_t i : activationInputs(n))
            if (!m_graph.constant(n.input(i))) makeCodes(n.input(i));
        float most = 0;
        if (isRelu(m_graph, n, most)) {
            makeProduced(n.output(0), n.output(0));
            valuePlan(n.output(0)).afterRelu = true;
            valuePlan(n.output(0)).most = most;
            return;
        }
        const ValueId last = fuseBehind(n, -1);
        makeProduced(last, last);
    }

    // The value behind the bias Add (of `product`, a MatMul, or -1) and the Relu that belong to the node, which
    // are marked as fused.
    ValueId fuseBehind(const Node& n, NodeId product) {
        ValueId last = n.output(0);
        const auto onlyReader = [&]() -> NodeId { return !isOutput(last) && readers(last).size() == 1 ? readers(last)[0] : -1; };
        if (const NodeId next = onlyReader(); product >= 0 && next >= 0 && node(next).op == "Add" && node(next).domain.empty()) {
            const Node& add = node(next);
            const ValueId biasId = add.input(0) == last ? add.input(1) : add.input(0);
            const Tensor* bias = m_graph.constant(biasId);
            const Tensor* weight = m_graph.constant(n.input(1));
            if (bias && weight && bias->shape().rank() > 0 && bias->count() == bias->shape()[bias->shape().rank() - 1] && bias->count() == weight->shape()[1]) {
                plan(next).role = QdqRole::Fused;
                plan(next).biasOf = product;
                plan(product).bias = biasId;
                last = add.output(0);
            }
        }
        float most = 0;
        if (const NodeId next = onlyReader(); next >= 0 && node(next).captured.empty() && isRelu(m_graph, node(next), most) && node(next).input(0) == last) {
            plan(next).role = QdqRole::Fused;
            last = node(next).output(0);
            valuePlan(last).afterRelu = true;
            valuePlan(last).most = most;
        }
        return last;
    }
    // A matrix product whose result stays float has nothing fused behind it.
    void unfuse(ValueId value) {
        for (ValueId at = value; !readers(at).empty() && plan(readers(at)[0]).role == QdqRole::Fused;) {
            const NodeId next = readers(at)[0];
            plan(next).role = QdqRole::Float;
            at = node(next).output(0);
            valuePlan(at).afterRelu = false;
        }
    }

    void makeCodes(ValueId value) {
        if (valuePlan(value).root == kNoValue) valuePlan(value).root = value;
    }
    void makeProduced(ValueId value, ValueId root) {
        valuePlan(value).root = root;
        valuePlan(value).produced = true;
    }

    // A value is stored as its first reader asks, else as its maker asks, else like what it was made from.
    void assignSpecs() {
        const auto give = [&](ValueId value, const ActivationSpec& spec) {
            if (value == kNoValue || valuePlan(value).root == kNoValue) return;
            QdqPlan::ValuePlan& root = valuePlan(valuePlan(value).root);
            if (root.hasSpec) return;
            root.spec = spec;
            root.hasSpec = true;
        };
        const ActivationSpec* first = nullptr;
        for (std::size_t n = 0; n < m_graph.nodes.size(); ++n) {
            if (m_plan.nodes[n].role != QdqRole::Layer) continue;
            const ActivationSpec& spec = *m_schemes[static_cast<std::size_t>(m_plan.nodes[n].layer)].activations;
            if (!first) first = &spec;
            give(m_graph.nodes[n].input(0), spec);
        }
        if (!first) return;
        for (std::size_t v = 0; v < m_maker.size(); ++v)
            if (m_maker[v] >= 0) give(static_cast<ValueId>(v), *m_schemes[static_cast<std::size_t>(m_maker[v])].activations);
        for (std::size_t n = 0; n < m_graph.nodes.size(); ++n) {
            const Node& at = m_graph.nodes[n];
            ActivationSpec spec = *first;
            if (m_plan.nodes[n].role == QdqRole::Own || m_plan.nodes[n].role == QdqRole::Fused)
                for (const std::size_t i : activationInputs(at))
                    if (const ValueId x = at.input(i); x != kNoValue && valuePlan(x).root != kNoValue && valuePlan(valuePlan(x).root).hasSpec)
                        spec = valuePlan(valuePlan(x).root).spec;
            for (const ValueId out : at.outputs) give(out, spec);
        }
        for (const ValueId input : m_graph.inputs) give(input, *first);
    }

    void explainFloat() {
        for (std::size_t n = 0; n < m_graph.nodes.size(); ++n) {
            auto& nodePlan = m_plan.nodes[n];
            if (nodePlan.role != QdqRole::Float || !nodePlan.reason.empty() || nodePlan.biasOf >= 0) continue;
            const Node& at = m_graph.nodes[n];
            const bool behindCodes = std::any_of(at.inputs.begin(), at.inputs.end(), [&](ValueId x) { return x != kNoValue && valuePlan(x).produced; });
            const bool beforeCodes = std::any_of(at.outputs.begin(), at.outputs.end(), [&](ValueId y) { return y != kNoValue && valuePlan(y).root != kNoValue; });
            if (!behindCodes && !beforeCodes) continue;
            if (nodePlan.layer >= 0) nodePlan.reason = "only its weights are quantized";
            else if (!isPass(m_graph, at) && !isOwn(m_graph, at)) nodePlan.reason = at.qualifiedOp() + " has no integer form that is worth its error: it computes in float";
            else if (!m_wanted[n]) nodePlan.reason = "nothing behind it computes on codes";
            else nodePlan.reason = "nothing before it computes on codes";
        }
    }

    const Model& m_model;
    const Graph& m_graph;
    const std::vector<Scheme>& m_schemes;
    const Uses m_uses;
    QdqPlan m_plan;
    std::vector<bool> m_wanted;  // by node: own or pass-through with an integer reader behind it
    std::vector<bool> m_strong;  // by value: nobody but integer nodes reads it
    std::vector<bool> m_wantedValues;  // by value: some integer node reads it
    std::vector<int> m_maker;  // by value: the layer whose result it is, with what is fused behind it; -1: none
};

}  // namespace

std::vector<std::size_t> activationInputs(const Node& node) {
    if (node.op == "Add" || node.op == "Mul") return {0, 1};
    if (node.op != "Concat") return {0};
    std::vector<std::size_t> all(node.inputs.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    return all;
}

std::string whyNotInteger(const Scheme& scheme, std::int64_t perChannel) {
    const QuantSpec& spec = *scheme.weights;
    const Codec& codec = codecOf(spec);
    if (!codec.decodesAffine || spec.bits > 8) return "weights of this format cannot multiply 8-bit activations: the layer computes in float";
    const auto* group = std::get_if<PerGroup>(&spec.granularity);
    const std::int64_t size = codec.blockSize > 0 ? codec.blockSize : group ? group->size : perChannel;
    if (size < perChannel) return "groups of weights have no integer form with static activations: the layer computes in float; choose granularity channel";
    if (codec.takesSymmetric && !spec.symmetric && !std::holds_alternative<PerTensor>(spec.granularity))
        return "asymmetric weights by channel have no integer form: the layer computes in float; choose symmetric weights";
    return {};
}

QdqPlan planQdq(const Model& model, const std::vector<Scheme>& schemes) { return Planner(model, schemes).run(); }

}  // namespace bitlathe
