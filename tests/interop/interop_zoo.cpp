// Small networks with made-up weights: one for each pattern that a consumer's optimiser treats in its own way.
#include "tests/interop/interop_cases.h"

#include "core/formats/onnx/onnx.h"
#include "core/model/graph_edit.h"

#include <cmath>

namespace bitlathe::interop {

namespace {

class Builder {
public:
    explicit Builder(Shape input) : m_edit(m_model.graph) {
        m_last = m_edit.addValue("x");
        Value& value = m_model.graph.values.back();
        value.type = ElementType::F32;
        value.shape.emplace();
        for (const auto extent : input) value.shape->push_back({extent, {}});
        m_model.graph.inputs = {m_last};
        m_model.opsets[""] = 21;
    }
    ValueId last() const { return m_last; }
    void from(ValueId value) { m_last = value; }

    ValueId weights(Shape shape, float size) {
        std::vector<float> values(static_cast<std::size_t>(shape.count()));
        for (float& value : values) {
            m_state = m_state * 1664525u + 1013904223u;
            value = size * (static_cast<float>(m_state >> 8) / 8388608.0f - 1.0f);
        }
        return m_edit.addConstant("w" + std::to_string(m_count++), Tensor::of(std::move(shape), values));
    }
    ValueId integers(const std::vector<std::int64_t>& values) {
        return m_edit.addConstant("i" + std::to_string(m_count++), Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values));
    }
    ValueId floats(const std::vector<float>& values) { return m_edit.addConstant("f" + std::to_string(m_count++), Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values)); }
    ValueId scalar(float value) { return m_edit.addConstant("s" + std::to_string(m_count++), Tensor::scalar(value)); }
    ValueId op(const char* name, std::vector<ValueId> inputs, Attributes attributes = {}) {
        m_last = m_edit.addValue(std::string(name) + "_" + std::to_string(m_count) + "_out");
        m_edit.emit(name, std::string(name) + "_" + std::to_string(m_count++), std::move(inputs), {m_last}, std::move(attributes));
        return m_last;
    }
    ValueId then(const char* name, std::vector<ValueId> more = {}, Attributes attributes = {}) {
        more.insert(more.begin(), m_last);
        return op(name, std::move(more), std::move(attributes));
    }
    // in → out channels, k × k with padding; spatial extents stay.
    ValueId conv(std::int64_t in, std::int64_t out, std::int64_t k = 3, std::int64_t group = 1, bool bias = true) {
        const std::int64_t pad = k / 2;
        std::vector<ValueId> inputs = {weights(Shape{out, in / group, k, k}, 2.0f / std::sqrt(static_cast<float>(in / group * k * k)))};
        if (bias) inputs.push_back(weights(Shape{out}, 0.2f));
        return then("Conv", inputs, {{"pads", std::vector<std::int64_t>{pad, pad, pad, pad}}, {"group", group}});
    }
    ValueId relu() { return then("Relu"); }
    ValueId relu6() { return then("Clip", {scalar(0), scalar(6)}); }
    ValueId linear(std::int64_t in, std::int64_t out, bool rows) {
        const ValueId w = weights(rows ? Shape{out, in} : Shape{in, out}, 2.0f / std::sqrt(static_cast<float>(in)));
        return then("Gemm", {w, weights(Shape{out}, 0.2f)}, {{"transB", std::int64_t(rows)}});
    }
    std::string write(const std::filesystem::path& folder, const std::string& name) {
        m_edit.finish();
        m_model.graph.outputs = {m_last};
        m_model.graph.values[static_cast<std::size_t>(m_last)].type = ElementType::F32;
        const auto path = folder / ("zoo-" + name + ".onnx");
        JobContext job;
        onnx::write(m_model, path, {}, job);
        return path;
    }

private:
    Model m_model;
    GraphEdit m_edit;
    ValueId m_last = kNoValue;
    std::uint32_t m_state = 2024;
    int m_count = 0;
};

const Shape kPicture{1, 8, 12, 12};
const std::vector<std::string> kOnce = {"int8"};
const std::vector<std::string> kAll = {"int8", "int8-tensor", "int8-symmetric", "uint8-tensor", "int4-static", "int2-static", "int1-static", "int8-weights", "int4-g32", "int3-g64"};

}  // namespace

std::vector<Case> zoo(const std::filesystem::path& folder) {
    std::vector<Case> all;
    const auto add = [&](const std::string& name, Builder& b, std::vector<std::string> presets = kOnce) { all.push_back({"zoo-" + name, b.write(folder, name), "", "", std::move(presets)}); };
    {
        Builder b(kPicture);
        b.conv(8, 16), b.relu(), b.conv(16, 16, 3, 16), b.relu6(), b.conv(16, 8, 1), b.then("GlobalAveragePool"), b.then("Flatten"), b.linear(8, 10, true);
        add("mobile", b, kAll);
    }
    {
        Builder b(kPicture);
        const ValueId skip = b.conv(8, 8);
        b.relu6(), b.conv(8, 8, 3, 1, false), b.op("Add", {b.last(), skip}), b.relu(), b.conv(8, 4, 1);
        add("residual", b, {"int8", "int8-symmetric", "uint8-tensor"});
    }
    {
        Builder b(kPicture);  // squeeze and excitation
        const ValueId x = b.conv(8, 8);
        b.then("GlobalAveragePool"), b.conv(8, 4, 1), b.relu(), b.conv(4, 8, 1), b.then("Sigmoid");
        b.op("Mul", {x, b.last()}), b.conv(8, 4, 1);
        add("excite", b);
    }
    {
        Builder b(kPicture);
        const ValueId x = b.conv(8, 8);
        b.then("Sigmoid"), b.op("Mul", {x, b.last()}), b.conv(8, 8), b.then("LeakyRelu", {}, {{"alpha", 0.1f}}), b.conv(8, 4, 1);
        add("swish", b);
    }
    {
        Builder b(kPicture);
        b.conv(8, 8), b.then("HardSwish"), b.conv(8, 8), b.then("Tanh"), b.conv(8, 4, 1);
        add("float-activations", b);
    }
    {
        Builder b(kPicture);
        const Attributes window{{"kernel_shape", std::vector<std::int64_t>{2, 2}}, {"strides", std::vector<std::int64_t>{2, 2}}};
        b.conv(8, 8), b.relu(), b.then("MaxPool", {}, window), b.conv(8, 8), b.then("AveragePool", {}, window), b.conv(8, 4, 1);
        add("pools", b, {"int8", "int8-symmetric"});
    }
    {
        Builder b(kPicture);
        b.conv(8, 8);
        const ValueId trunk = b.relu();
        const ValueId left = b.conv(8, 8);
        b.from(trunk), b.then("MaxPool", {}, {{"kernel_shape", std::vector<std::int64_t>{2, 2}}, {"strides", std::vector<std::int64_t>{2, 2}}}), b.conv(8, 4);
        b.then("Resize", {kNoValue, b.floats({1, 1, 2, 2})}, {{"mode", std::string("nearest")}, {"coordinate_transformation_mode", std::string("asymmetric")}, {"nearest_mode", std::string("floor")}});
        b.op("Concat", {left, b.last()}, {{"axis", std::int64_t(1)}}), b.conv(12, 4, 1);
        add("branches", b);
    }
    {
        Builder b(kPicture);
        b.conv(8, 8), b.relu(), b.then("Pad", {b.integers({0, 2, 1, 1, 0, 2, 1, 1})}), b.conv(12, 8), b.relu();
        b.then("Slice", {b.integers({2}), b.integers({6}), b.integers({1})}), b.conv(4, 8, 1), b.then("Transpose", {}, {{"perm", std::vector<std::int64_t>{0, 2, 3, 1}}});
        b.then("MatMul", {b.weights(Shape{8, 6}, 0.5f)});
        add("pass-through", b);
    }
    {
        Builder b(Shape{2, 5, 16});  // a Transformer's feed-forward, on three axes
        b.then("MatMul", {b.weights(Shape{16, 32}, 0.4f)}), b.then("Add", {b.weights(Shape{32}, 0.3f)}), b.relu(), b.then("MatMul", {b.weights(Shape{32, 16}, 0.3f)}), b.then("Add", {b.weights(Shape{16}, 0.3f)});
        add("feed-forward", b, {"int8", "int8-tensor", "int4-static", "int8-weights", "int4-g32", "int3-g64"});
    }
    {
        Builder b(Shape{3, 16});
        b.linear(16, 24, true), b.relu(), b.linear(24, 24, false), b.relu(), b.linear(24, 5, true);
        add("perceptron", b, kAll);
    }
    {
        Builder b(Shape{1, 4, 40});  // one spatial axis
        b.then("Conv", {b.weights(Shape{8, 4, 5}, 0.5f), b.weights(Shape{8}, 0.2f)}, {{"pads", std::vector<std::int64_t>{2, 2}}}), b.relu();
        b.then("Conv", {b.weights(Shape{8, 1, 3}, 0.7f)}, {{"group", std::int64_t(8)}, {"dilations", std::vector<std::int64_t>{2}}});
        add("one-axis", b);
    }
    {
        Builder b(kPicture);
        b.conv(8, 8), b.relu(), b.then("ConvTranspose", {b.weights(Shape{8, 4, 2, 2}, 0.4f), b.weights(Shape{4}, 0.2f)}, {{"strides", std::vector<std::int64_t>{2, 2}}}), b.conv(4, 4, 1);
        add("transposed", b, {"int8", "int8-weights", "int4-g32"});
    }
    {
        Builder b(kPicture);
        b.conv(8, 8), b.then("Mul", {b.scalar(0.5f)}), b.then("Add", {b.weights(Shape{8, 1, 1}, 1.0f)}), b.relu(), b.conv(8, 4, 1);
        add("constants", b);
    }
    return all;
}

}  // namespace bitlathe::interop
