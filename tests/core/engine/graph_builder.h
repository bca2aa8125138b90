// Small networks made in memory, for tests of the engine.
#pragma once

#include "core/engine/run.h"

#include <random>

namespace bitlathe {

class GraphBuilder {
public:
    explicit GraphBuilder(unsigned seed = 1) : m_random(seed) {}

    ValueId input(std::string name, ElementType type = ElementType::F32) {
        const ValueId id = m_graph.addValue(std::move(name));
        m_graph.values[static_cast<std::size_t>(id)].type = type;
        m_graph.inputs.push_back(id);
        return id;
    }
    ValueId constant(Tensor tensor) { return m_graph.addConstant("constant", std::move(tensor)); }
    template <class T>
    ValueId scalar(T value) { return constant(Tensor::scalar<T>(value)); }

    ValueId node(std::string op, std::vector<ValueId> inputs, Attributes attributes = {}, std::string domain = "") {
        Node node;
        node.name = op + std::to_string(m_graph.nodes.size());
        node.op = std::move(op);
        node.domain = std::move(domain);
        node.inputs = std::move(inputs);
        node.outputs = {m_graph.addValue(node.name + "_out")};
        node.attributes = std::move(attributes);
        m_graph.nodes.push_back(node);
        return node.outputs[0];
    }
    void output(ValueId value) { m_graph.outputs.push_back(value); }

    // Through codes and back: u8 with this scale and zero point.
    ValueId codes(ValueId value, float scale, std::uint8_t zero) {
        const ValueId s = scalar(scale), z = scalar(zero);
        return node("DequantizeLinear", {node("QuantizeLinear", {value, s, z}), s, z});
    }
    // A random s8 weight behind a DequantizeLinear, one scale per index of axis 0.
    ValueId weight(Shape shape, std::vector<float>& scales) {
        std::vector<std::int8_t> values(static_cast<std::size_t>(shape.count()));
        for (auto& value : values) value = static_cast<std::int8_t>(std::uniform_int_distribution<int>(-127, 127)(m_random));
        scales.clear();
        for (std::int64_t i = 0; i < shape[0]; ++i) scales.push_back(0.002f + 0.001f * static_cast<float>(i % 3));
        const Shape perChannel{shape[0]};
        return node("DequantizeLinear", {constant(Tensor::of(shape, values)), constant(Tensor::of(perChannel, scales)),
                                         constant(Tensor::of(perChannel, std::vector<std::int8_t>(scales.size(), 0)))}, {{"axis", std::int64_t(0)}});
    }
    // An int32 bias behind a DequantizeLinear, in units of xScale · scales.
    ValueId bias(float xScale, const std::vector<float>& scales) {
        std::vector<std::int32_t> values;
        std::vector<float> units;
        for (const float scale : scales) {
            values.push_back(std::uniform_int_distribution<int>(-2000, 2000)(m_random));
            units.push_back(xScale * scale);
        }
        const Shape shape{static_cast<std::int64_t>(scales.size())};
        return node("DequantizeLinear", {constant(Tensor::of(shape, values)), constant(Tensor::of(shape, units)),
                                         constant(Tensor::of(shape, std::vector<std::int32_t>(scales.size(), 0)))}, {{"axis", std::int64_t(0)}});
    }
    Tensor random(Shape shape) {
        std::vector<float> values(static_cast<std::size_t>(shape.count()));
        for (auto& value : values) value = std::normal_distribution<float>()(m_random);
        return Tensor::of(std::move(shape), values);
    }

    std::shared_ptr<const Model> model() const {
        auto model = std::make_shared<Model>();
        model->graph = m_graph;
        return model;
    }

private:
    Graph m_graph;
    std::mt19937 m_random;
};

inline std::vector<Tensor> runOnce(const Executable& executable, const std::vector<Tensor>& inputs, int threads = 1) {
    Workspace workspace;
    Workers workers(threads);
    JobContext job;
    return run(executable, workspace, workers, inputs, job);
}

}  // namespace bitlathe
