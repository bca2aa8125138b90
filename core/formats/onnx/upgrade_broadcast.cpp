#include "core/formats/onnx/upgrade_rules.h"

#include <algorithm>

namespace bitlathe::onnx {

namespace {

// The value with `count` axes of extent 1 appended.
ValueId withTrailingAxes(Upgrading& upgrading, const Node& node, ValueId value, int count) {
    const int rank = upgrading.rankOf(value);
    if (const Tensor* tensor = upgrading.constant(value)) {
        auto dims = tensor->shape().dims();
        dims.insert(dims.end(), static_cast<std::size_t>(count), 1);
        return upgrading.add(node.name + "_b", tensor->reshaped(Shape(std::move(dims))));
    }
    std::vector<std::int64_t> axes;
    for (int i = 0; i < count; ++i) axes.push_back(rank + i);
    const ValueId out = upgrading.add(node.name + "_b");
    upgrading.emit("Unsqueeze", node.name + "_b", {value, upgrading.addIntegers(node.name + "_axes", axes)}, {out});
    return out;
}

}  // namespace

bool upgradeBroadcast(Upgrading& upgrading, Node& node) {
    const bool aligned = node.integer("broadcast", 0) != 0 && node.has("axis");
    if (aligned) {
        const int a = upgrading.rankOf(node.input(0)), b = upgrading.rankOf(node.input(1));
        if (a < 0 || b < 0) upgrading.refuse(node, "broadcasts along an axis, but a rank is not known; export the model with opset 7 or later");
        auto axis = static_cast<int>(node.integer("axis", 0));
        if (axis < 0) axis += a;
        const int trailing = a - axis - b;
        if (axis < 0 || trailing < 0) upgrading.refuse(node, "broadcasts along an axis that its inputs do not have; export the model again");
        if (trailing > 0) {
            node.inputs[1] = withTrailingAxes(upgrading, node, node.inputs[1], trailing);
            upgrading.note(node.op + ": the broadcasting axis became axes of extent 1");
        }
    }
    node.attributes.erase("broadcast");
    node.attributes.erase("axis");
    return true;
}

bool upgradePRelu(Upgrading& upgrading, Node& node) {
    const int x = upgrading.rankOf(node.input(0)), slope = upgrading.rankOf(node.input(1));
    if (slope != 1 || upgrading.extentOf(node.input(1), 0) == 1) return true;
    if (x < 0) upgrading.refuse(node, "has a slope by channel, but the rank of its input is not known; export the model with opset 7 or later");
    if (x > 2) {
        node.inputs[1] = withTrailingAxes(upgrading, node, node.inputs[1], x - 2);
        upgrading.note("PRelu: the slope got axes of extent 1");
    }
    return true;
}

bool upgradeBatchNormalization(Upgrading& upgrading, Node& node) {
    const bool training = upgrading.opset() < 7 && node.integer("is_test", 0) == 0;
    if (training) upgrading.note("BatchNormalization in training mode is read as inference");
    const bool spatial = node.integer("spatial", 1) != 0;
    for (const char* key : {"is_test", "spatial", "consumed_inputs"}) node.attributes.erase(key);
    if (node.outputs.empty()) return true;
    const bool statistics = std::any_of(node.outputs.begin() + 1, node.outputs.end(), [&](ValueId value) { return upgrading.isRead(value); });
    if (statistics) {
        if (std::any_of(node.outputs.begin() + std::min<std::ptrdiff_t>(3, std::ssize(node.outputs)), node.outputs.end(),
                        [&](ValueId value) { return upgrading.isRead(value); }))
            upgrading.refuse(node, "hands out the statistics of a training batch, which later operator sets cannot say; export the model for inference");
        node.attributes["training_mode"] = std::int64_t(1);
    }
    if (!statistics && node.outputs.size() > 1) upgrading.note("BatchNormalization: training outputs that nobody reads were dropped");
    node.outputs.resize(std::min<std::size_t>(node.outputs.size(), statistics ? 3 : 1));
    if (spatial) return true;

    // Statistics for each element instead of each channel: y = (x - mean) · scale / √(var + ε) + bias.
    const std::string name = node.name;
    const ValueId centred = upgrading.add(name + "_centred"), shifted = upgrading.add(name + "_shifted"), deviation = upgrading.add(name + "_deviation");
    const ValueId divided = upgrading.add(name + "_divided"), scaled = upgrading.add(name + "_scaled");
    const ValueId epsilon = upgrading.addLike(node.input(4), name + "_epsilon", static_cast<double>(node.real("epsilon", 1e-5f)));
    upgrading.emit("Sub", name + "_sub", {node.input(0), node.input(3)}, {centred});
    upgrading.emit("Add", name + "_epsilon", {node.input(4), epsilon}, {shifted});
    upgrading.emit("Sqrt", name + "_sqrt", {shifted}, {deviation});
    upgrading.emit("Div", name + "_div", {centred, deviation}, {divided});
    upgrading.emit("Mul", name + "_mul", {divided, node.input(1)}, {scaled});
    upgrading.emit("Add", name + "_add", {scaled, node.input(2)}, {node.output(0)});
    upgrading.note("BatchNormalization by element became its arithmetic");
    return false;
}

// Opset 18 to 20: scale and bias by group; since 21 by channel.
bool upgradeGroupNormalization(Upgrading& upgrading, Node& node) {
    const std::int64_t channels = upgrading.extentOf(node.input(0), 1), groups = node.integer("num_groups", 0);
    for (std::size_t i = 1; i <= 2; ++i) {
        const Tensor* tensor = upgrading.constant(node.input(i));
        if (!tensor || channels <= 0 || groups <= 0 || channels % groups != 0 || tensor->count() != groups || bitsOf(tensor->type()) < 8)
            upgrading.refuse(node, "has scales by group that cannot be spread over its channels; export the model with opset 21 or later");
        const std::int64_t each = channels / groups, width = bitsOf(tensor->type()) / 8;
        std::byte* to = nullptr;
        Tensor spread = Tensor::allocate(tensor->type(), Shape{channels}, to);
        for (std::int64_t c = 0; c < channels; ++c) std::copy_n(tensor->bytes().data() + c / each * width, width, to + c * width);
        node.inputs[i] = upgrading.add(node.name + (i == 1 ? "_scale" : "_bias"), std::move(spread));
    }
    upgrading.note("GroupNormalization: scale and bias by group became by channel");
    return true;
}

}  // namespace bitlathe::onnx
