#include "core/model/fold.h"

#include "core/tensor/convert.h"

#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>

namespace bitlathe {

namespace {

bool isFoldable(const Tensor* tensor) noexcept {
    return tensor && (tensor->type() == ElementType::F32 || tensor->type() == ElementType::F16);
}

std::vector<double> valuesOf(const Tensor& tensor) {
    std::vector<double> values(static_cast<std::size_t>(tensor.count()));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = elementAt(tensor.type(), tensor.bytes().data(), static_cast<std::int64_t>(i));
    return values;
}

// The values in `type`, F32 or F16, rounded once.
Tensor tensorOf(ElementType type, const Shape& shape, const std::vector<double>& values) {
    std::byte* to = nullptr;
    Tensor tensor = Tensor::allocate(type, shape, to);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto value = static_cast<float>(values[i]);
        const std::uint16_t half = floatToHalf(value);
        if (type == ElementType::F16) std::memcpy(to + 2 * i, &half, 2);
        else std::memcpy(to + 4 * i, &value, 4);
    }
    return tensor;
}

// y = x · scale + shift by channel: what a batch normalisation does at inference.
struct PerChannelAffine {
    std::vector<double> scale, mean, shift;  // y = (x − mean) · scale + shift
};

std::optional<PerChannelAffine> affineOf(const Graph& graph, const Node& norm) {
    if (norm.op != "BatchNormalization" || !norm.domain.empty() || norm.input(0) == kNoValue || norm.integer("training_mode", 0) != 0 || norm.outputs.size() != 1) return std::nullopt;
    std::vector<double> parameters[4];  // γ, β, μ, σ²
    for (std::size_t i = 0; i < 4; ++i) {
        const Tensor* tensor = graph.constant(norm.input(i + 1));
        if (!isFoldable(tensor) || tensor->shape().rank() != 1) return std::nullopt;
        parameters[i] = valuesOf(*tensor);
        if (parameters[i].size() != parameters[0].size()) return std::nullopt;
    }
    PerChannelAffine affine{std::move(parameters[0]), std::move(parameters[2]), std::move(parameters[1])};
    const auto epsilon = static_cast<double>(norm.real("epsilon", 1e-5f));
    for (std::size_t c = 0; c < affine.scale.size(); ++c) {
        affine.scale[c] /= std::sqrt(parameters[3][c] + epsilon);
        if (!std::isfinite(affine.scale[c])) return std::nullopt;
    }
    return affine;
}

// The output channel of each weight is (i / inner) % channels, plus the group's share for ConvTranspose.
struct WeightChannels {
    std::int64_t channels = 0, inner = 1;
    std::int64_t perGroup = 0, group = 1;  // ConvTranspose: input channels of one group × O/group, groups
    std::int64_t of(std::int64_t i) const noexcept {
        if (group == 1) return i / inner % channels;
        return i / (perGroup * inner) * (channels / group) + i / inner % (channels / group);
    }
};

std::optional<WeightChannels> channelsOf(const Node& node, const Tensor& weight) {
    const Shape& s = weight.shape();
    if (!node.domain.empty()) return std::nullopt;
    if (node.op == "Conv" && s.rank() >= 3) return WeightChannels{s[0], s.count(1, s.rank()), 0, 1};
    if (node.op == "ConvTranspose" && s.rank() >= 3) {
        const std::int64_t group = node.integer("group", 1);
        if (group < 1 || s[0] % group != 0) return std::nullopt;
        return WeightChannels{s[1] * group, s.count(2, s.rank()), s[0] / group * s[1], group};
    }
    if (node.op == "Gemm" && s.rank() == 2 && (node.input(2) == kNoValue || node.real("beta", 1.0f) == 1.0f)) {
        const bool transposed = node.integer("transB", 0) != 0;
        return WeightChannels{transposed ? s[0] : s[1], transposed ? s[1] : 1, 0, 1};
    }
    return std::nullopt;
}

class Folder {
public:
    explicit Folder(Model& model) : m_model(model), m_graph(model.graph) {}

    void run() {
        const int passed = removePassing();
        int norms = 0;
        while (const int more = foldNorms()) norms += more;
        if (passed > 0) m_model.notes.push_back(std::to_string(passed) + " × Identity and Dropout removed: they change nothing at inference");
        if (norms > 0) m_model.notes.push_back(std::to_string(norms) + " × BatchNormalization folded into the layer before it");
        if (passed + norms > 0) dropUnused(m_graph);
        m_model.layers = findLayers(m_graph);
    }

private:
    Node& node(NodeId id) { return m_graph.nodes[static_cast<std::size_t>(id)]; }

    bool passes(const Node& node) const {
        if (!node.domain.empty() || node.input(0) == kNoValue || node.outputs.size() != 1) return false;
        if (node.op == "Identity") return true;
        if (node.op != "Dropout") return false;
        if (node.input(2) == kNoValue) return true;
        const Tensor* training = m_graph.constant(node.input(2));
        return training && training->count() == 1 && elementAt(training->type(), training->bytes().data(), 0) == 0.0;
    }

    // Readers of a passing node's output read its input instead. What is an output of the network, or is
    // read by name in a subgraph, stays.
    int removePassing() {
        std::vector<bool> fixed(m_graph.values.size(), false);
        for (const ValueId output : m_graph.outputs) fixed[static_cast<std::size_t>(output)] = true;
        for (const Node& n : m_graph.nodes)
            for (const ValueId value : n.captured) fixed[static_cast<std::size_t>(value)] = true;
        std::vector<ValueId> instead(m_graph.values.size());
        std::iota(instead.begin(), instead.end(), 0);
        int removed = 0;
        for (Node& n : m_graph.nodes) {
            for (ValueId& input : n.inputs)
                if (input != kNoValue) input = instead[static_cast<std::size_t>(input)];
            if (!passes(n) || fixed[static_cast<std::size_t>(n.output(0))]) continue;
            instead[static_cast<std::size_t>(n.output(0))] = n.input(0);
            ++removed;
        }
        return removed;
    }

    int foldNorms() {
        int folded = 0;
        const Uses uses(m_graph);
        for (std::size_t i = 0; i < m_graph.nodes.size(); ++i) {
            const auto affine = affineOf(m_graph, m_graph.nodes[i]);
            if (!affine) continue;
            const ValueId x = m_graph.nodes[i].input(0);
            const NodeId maker = uses.producer[static_cast<std::size_t>(x)];
            if (maker < 0 || uses.isOutput[static_cast<std::size_t>(x)] || uses.consumers[static_cast<std::size_t>(x)].size() != 1) continue;
            if (!foldInto(node(maker), uses, *affine)) continue;
            node(maker).outputs[0] = m_graph.nodes[i].output(0);
            m_graph.nodes[i].outputs.clear();  // dropUnused() takes the rest away
            ++folded;
        }
        return folded;
    }

    bool foldInto(Node& layer, const Uses& uses, const PerChannelAffine& affine) {
        if (layer.outputs.size() != 1) return false;
        const ValueId weightId = layer.input(1), biasId = layer.input(2);
        const Tensor *weight = m_graph.constant(weightId), *bias = m_graph.constant(biasId);
        if (!isFoldable(weight) || (biasId != kNoValue && !isFoldable(bias))) return false;
        const auto channels = channelsOf(layer, *weight);
        const auto count = static_cast<std::int64_t>(affine.scale.size());
        if (!channels || channels->channels != count || count == 0) return false;
        // A Gemm's C may be a scalar, [N] or [1,N]; anything else differs by row.
        if (bias && bias->count() != count && bias->count() != 1) return false;
        if (bias && bias->shape().rank() > 1 && bias->shape()[bias->shape().rank() - 1] != bias->count()) return false;

        auto w = valuesOf(*weight);
        for (std::size_t i = 0; i < w.size(); ++i) w[i] *= affine.scale[static_cast<std::size_t>(channels->of(static_cast<std::int64_t>(i)))];
        auto b = bias ? valuesOf(*bias) : std::vector<double>{0.0};
        if (b.size() == 1) b.assign(static_cast<std::size_t>(count), b[0]);
        for (std::size_t c = 0; c < b.size(); ++c) b[c] = (b[c] - affine.mean[c]) * affine.scale[c] + affine.shift[c];

        const ElementType type = weight->type();
        const Shape shape = weight->shape();
        layer.inputs.resize(3, kNoValue);
        layer.inputs[1] = replace(uses, weightId, m_graph.value(weightId).name, tensorOf(type, shape, w));
        layer.inputs[2] = replace(uses, biasId, layer.name + ".bias", tensorOf(type, Shape{count}, b));
        return true;
    }

    // The constant with new values: in place where one node reads it, so that it keeps its name.
    ValueId replace(const Uses& uses, ValueId id, const std::string& name, Tensor tensor) {
        const bool own = id != kNoValue && uses.consumers[static_cast<std::size_t>(id)].size() == 1 && !uses.isOutput[static_cast<std::size_t>(id)];
        if (!own) return m_graph.addConstant(name, std::move(tensor));
        Value& value = m_graph.values[static_cast<std::size_t>(id)];
        value.shape.emplace();
        for (const auto extent : tensor.shape()) value.shape->push_back({extent, {}});
        value.constant = std::move(tensor);
        return id;
    }

    Model& m_model;
    Graph& m_graph;
};

}  // namespace

void fold(Model& model) { Folder(model).run(); }

}  // namespace bitlathe
