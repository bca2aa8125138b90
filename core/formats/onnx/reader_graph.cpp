#include "core/formats/onnx/reader_graph.h"

#include "core/base/error.h"

#include <onnx/onnx_pb.h>

#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace bitlathe::onnx {

namespace {

using Names = std::unordered_set<std::string>;

constexpr std::string_view kEnginesOwn = "bitlathe";  // the domain of what the engine makes of graphs; its operators trust their makers

// The names that a subgraph reads from outside, into `free`.
void freeNames(const ::onnx::GraphProto& graph, Names known, Names& free) {
    for (const auto& value : graph.input()) known.insert(value.name());
    for (const auto& tensor : graph.initializer()) known.insert(tensor.name());
    for (const auto& node : graph.node())
        for (const auto& name : node.output()) known.insert(name);
    const auto reads = [&](const std::string& name) {
        if (!name.empty() && !known.contains(name)) free.insert(name);
    };
    for (const auto& node : graph.node()) {
        for (const auto& name : node.input()) reads(name);
        for (const auto& attribute : node.attribute()) {
            if (attribute.has_g()) freeNames(attribute.g(), known, free);
            for (const auto& inner : attribute.graphs()) freeNames(inner, known, free);
        }
    }
    for (const auto& value : graph.output()) reads(value.name());
}

class GraphReader {
public:
    GraphReader(const ::onnx::GraphProto& proto, TensorSource& source, JobContext& context)
        : m_proto(proto), m_source(source), m_context(context) {}

    Graph read() {
        m_graph.name = m_proto.name();
        if (m_proto.sparse_initializer_size() > 0)
            refuse("weight '" + m_proto.sparse_initializer(0).values().name() + "' is stored sparsely, which cannot be read; store it as a plain tensor");
        readInitializers();
        readInputs();
        m_graph.nodes.reserve(static_cast<std::size_t>(m_proto.node_size()));
        for (const auto& node : m_proto.node()) declare(node);
        nameFirstOutputs();
        for (std::size_t i = 0; i < m_pending.size(); ++i) connect(*m_pending[i], m_graph.nodes[m_pendingNode[i]]);
        readOutputs();
        for (const auto& value : m_proto.value_info()) annotate(value);
        return std::move(m_graph);
    }

private:
    [[noreturn]] void refuse(const std::string& what) const { refuseInput("'" + m_source.fileName + "': " + what); }

    ValueId declareValue(const std::string& name, const char* what) {
        if (name.empty()) refuse(std::string(what) + " has no name; the file is damaged, export the model again");
        const auto id = static_cast<ValueId>(m_graph.values.size());
        if (!m_ids.emplace(name, id).second)
            refuse("'" + name + "' is made twice; a value must have one producer, export the model again");
        m_graph.values.push_back({name, {}, {}, {}});
        return id;
    }
    void setConstant(ValueId id, Tensor tensor) {
        Value& value = m_graph.values[static_cast<std::size_t>(id)];
        value.type = tensor.type();
        value.shape.emplace();
        for (const auto extent : tensor.shape()) value.shape->push_back({extent, {}});
        value.constant = std::move(tensor);
    }
    std::string uniqueNodeName(std::string name, const std::string& op) {
        if (name.empty()) name = op + "_" + std::to_string(m_graph.nodes.size());
        std::string candidate = name;
        for (int i = 1; !m_nodeNames.insert(candidate).second; ++i) candidate = name + "_" + std::to_string(i);
        return candidate;
    }

    void readInitializers() {
        const double count = m_proto.initializer_size();
        double done = 0;
        for (const auto& proto : m_proto.initializer()) {
            m_context.checkpoint(done++ / count, "reading weights");
            const ValueId id = declareValue(proto.name(), "a weight");
            if (!isForeign(proto)) {
                setConstant(id, toTensor(proto, m_source, proto.name()));
                continue;
            }
            // Text and complex numbers have no Tensor: they stay a Constant node that is written back as it came.
            ::onnx::AttributeProto value;
            value.set_name("value");
            value.set_type(::onnx::AttributeProto_AttributeType_TENSOR);
            *value.mutable_t() = proto;
            Node node;
            node.name = uniqueNodeName(proto.name(), "Constant");
            node.op = "Constant";
            node.outputs = {id};
            node.attributes["value"] = OpaqueAttribute{serialized(value, m_source)};
            m_graph.nodes.push_back(std::move(node));
        }
    }

    void readInputs() {
        for (const auto& proto : m_proto.input()) {
            if (const auto known = m_ids.find(proto.name()); known != m_ids.end() && m_graph.constant(known->second)) continue;
            m_graph.inputs.push_back(declareValue(proto.name(), "an input"));
            annotate(proto);
        }
    }

    // The value of a Constant node as a tensor; nothing where it must stay a node.
    std::optional<Tensor> constantOf(const ::onnx::NodeProto& node) {
        if (node.attribute_size() != 1) return std::nullopt;
        const auto& value = node.attribute(0);
        if (value.name() == "value" && value.has_t() && !isForeign(value.t())) return toTensor(value.t(), m_source, node.output(0));
        if (value.name() == "value_float") return Tensor::scalar(value.f());
        if (value.name() == "value_int") return Tensor::scalar(static_cast<std::int64_t>(value.i()));
        if (value.name() == "value_floats")
            return Tensor::of(Shape{value.floats_size()}, std::vector<float>(value.floats().begin(), value.floats().end()));
        if (value.name() == "value_ints")
            return Tensor::of(Shape{value.ints_size()}, std::vector<std::int64_t>(value.ints().begin(), value.ints().end()));
        return std::nullopt;
    }

    void declare(const ::onnx::NodeProto& proto) {
        if ((m_seen++ & 63) == 0) m_context.checkpoint(1.0, "reading nodes");
        if (proto.op_type().empty()) refuse("node '" + proto.name() + "' names no operator; the file is damaged, export the model again");
        const bool standard = proto.domain().empty() || proto.domain() == "ai.onnx";
        if (proto.domain() == kEnginesOwn)
            refuse("node '" + proto.name() + "' is an operator of the domain '" + std::string(kEnginesOwn) + "', which the engine keeps for itself and no file may hold; export the model again from where it was made");
        if (standard && proto.op_type() == "Constant" && proto.output_size() == 1) {
            if (auto tensor = constantOf(proto)) {
                setConstant(declareValue(proto.output(0), "a constant"), std::move(*tensor));
                return;
            }
        }
        Node node;
        node.name = uniqueNodeName(proto.name(), proto.op_type());
        node.op = proto.op_type();
        node.domain = standard ? std::string() : proto.domain();
        for (const auto& name : proto.output()) node.outputs.push_back(name.empty() ? kNoValue : declareValue(name, "an output"));
        while (!node.outputs.empty() && node.outputs.back() == kNoValue) node.outputs.pop_back();
        if (node.outputs.empty()) return;  // nobody can read what it makes
        for (const auto& attribute : proto.attribute()) node.attributes.insert_or_assign(attribute.name(), toAttribute(attribute, node));
        m_pending.push_back(&proto);
        m_pendingNode.push_back(m_graph.nodes.size());
        m_graph.nodes.push_back(std::move(node));
    }

    // A first output that is left out gets a name, so that every node has one.
    void nameFirstOutputs() {
        for (Node& node : m_graph.nodes) {
            if (node.outputs.front() != kNoValue) continue;
            std::string name = node.name + "_unused";
            while (m_ids.contains(name)) name += '_';
            node.outputs.front() = declareValue(name, "an output");
        }
    }

    Attribute toAttribute(const ::onnx::AttributeProto& proto, const Node& node) {
        using namespace ::onnx;
        if (!proto.ref_attr_name().empty())
            refuse("node '" + node.name + "': attribute '" + proto.name() + "' refers to a function's attribute outside any function; export the model again");
        switch (proto.type()) {
        case AttributeProto_AttributeType_FLOAT: return proto.f();
        case AttributeProto_AttributeType_INT: return static_cast<std::int64_t>(proto.i());
        case AttributeProto_AttributeType_STRING: return proto.s();
        case AttributeProto_AttributeType_FLOATS: return std::vector<float>(proto.floats().begin(), proto.floats().end());
        case AttributeProto_AttributeType_INTS: return std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
        case AttributeProto_AttributeType_STRINGS: return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
        case AttributeProto_AttributeType_TENSOR:
            if (isForeign(proto.t())) break;
            return toTensor(proto.t(), m_source, node.name + "." + proto.name());
        case AttributeProto_AttributeType_UNDEFINED:  // files of 2017 leave the type out
            if (proto.has_f()) return proto.f();
            if (proto.has_i()) return static_cast<std::int64_t>(proto.i());
            if (proto.has_s()) return proto.s();
            if (proto.has_t() && !isForeign(proto.t())) return toTensor(proto.t(), m_source, node.name + "." + proto.name());
            if (proto.floats_size() > 0) return std::vector<float>(proto.floats().begin(), proto.floats().end());
            if (proto.strings_size() > 0) return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
            if (!proto.has_g() && proto.graphs_size() == 0) return std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
            break;
        default: break;
        }
        return OpaqueAttribute{serialized(proto, m_source)};
    }

    ValueId find(const std::string& name) const {
        const auto found = m_ids.find(name);
        return found == m_ids.end() ? kNoValue : found->second;
    }

    void connect(const ::onnx::NodeProto& proto, Node& node) {
        for (const auto& name : proto.input()) {
            const ValueId id = find(name);
            if (!name.empty() && id == kNoValue)
                refuse("node '" + node.name + "' (" + node.op + ") reads '" + name + "', which nothing makes; export the model again");
            node.inputs.push_back(id);
        }
        while (!node.inputs.empty() && node.inputs.back() == kNoValue) node.inputs.pop_back();
        Names free;
        for (const auto& attribute : proto.attribute()) {
            if (attribute.has_g()) freeNames(attribute.g(), {}, free);
            for (const auto& graph : attribute.graphs()) freeNames(graph, {}, free);
        }
        for (const auto& name : free) {
            const ValueId id = find(name);
            if (id == kNoValue)
                refuse("a subgraph of node '" + node.name + "' (" + node.op + ") reads '" + name + "', which nothing makes; export the model again");
            node.captured.push_back(id);
        }
        std::sort(node.captured.begin(), node.captured.end());
    }

    void readOutputs() {
        Names seen;
        for (const auto& proto : m_proto.output()) {
            const ValueId id = find(proto.name());
            if (id == kNoValue) refuse("output '" + proto.name() + "' is made by no node; export the model again");
            if (!seen.insert(proto.name()).second) refuse("output '" + proto.name() + "' is listed twice; export the model again");
            m_graph.outputs.push_back(id);
            annotate(proto);
        }
        if (m_graph.outputs.empty()) refuse("the graph has no outputs; there is nothing to compute, export the model again");
    }

    void annotate(const ::onnx::ValueInfoProto& proto) {
        const ValueId id = find(proto.name());
        if (id == kNoValue || m_graph.constant(id) || !proto.type().has_tensor_type()) return;
        const auto& tensor = proto.type().tensor_type();
        Value& value = m_graph.values[static_cast<std::size_t>(id)];
        value.type = elementTypeOf(tensor.elem_type());
        if (!tensor.has_shape()) return;
        value.shape.emplace();
        for (const auto& dim : tensor.shape().dim()) {
            if (dim.has_dim_value() && dim.dim_value() >= 0) value.shape->push_back({dim.dim_value(), {}});
            else value.shape->push_back({-1, dim.dim_param()});
        }
    }

    const ::onnx::GraphProto& m_proto;
    TensorSource& m_source;
    JobContext& m_context;
    Graph m_graph;
    std::unordered_map<std::string, ValueId> m_ids;
    Names m_nodeNames;
    std::vector<const ::onnx::NodeProto*> m_pending;
    std::vector<std::size_t> m_pendingNode;
    int m_seen = 0;
};

}  // namespace

Graph readGraph(const ::onnx::GraphProto& proto, TensorSource& source, JobContext& context) {
    return GraphReader(proto, source, context).read();
}

}  // namespace bitlathe::onnx
