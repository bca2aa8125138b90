#include "core/formats/onnx/upgrade_rules.h"

#include <array>
#include <limits>

namespace bitlathe::onnx {

namespace {

// Moves an attribute of integers to input `at`. True when it was there and not empty.
bool toInput(Upgrading& upgrading, Node& node, const char* key, std::size_t at) {
    const auto values = node.integers(key);
    node.attributes.erase(key);
    if (values.empty()) return false;
    if (node.inputs.size() <= at) node.inputs.resize(at + 1, kNoValue);
    node.inputs[at] = upgrading.addIntegers(node.name + "_" + key, values);
    return true;
}

bool axesToInput(Upgrading& upgrading, Node& node) {
    if (toInput(upgrading, node, "axes", 1)) upgrading.note(node.op + ": the attribute 'axes' became an input");
    return true;
}

bool gemm(Upgrading&, Node& node) {
    node.attributes.erase("broadcast");
    return true;
}

bool dropout(Upgrading& upgrading, Node& node) {
    for (const char* key : {"ratio", "is_test"}) node.attributes.erase(key);
    node.inputs.resize(1, kNoValue);
    if (node.outputs.size() > 1 && !upgrading.isRead(node.outputs[1])) node.outputs.resize(1);
    return true;
}

bool reshape(Upgrading& upgrading, Node& node) {
    if (toInput(upgrading, node, "shape", 1)) upgrading.note("Reshape: the attribute 'shape' became an input");
    return true;
}

bool pad(Upgrading& upgrading, Node& node) {
    const bool known = toInput(upgrading, node, "pads", 1) || toInput(upgrading, node, "paddings", 1);
    if (!known) upgrading.refuse(node, "says nothing about its padding; export the model again");
    const float value = node.real("value", 0.0f);
    node.attributes.erase("value");
    node.inputs.resize(2, kNoValue);
    if (value != 0.0f) node.inputs.push_back(upgrading.addLike(node.input(0), node.name + "_value", static_cast<double>(value)));
    upgrading.note("Pad: the attributes 'pads' and 'value' became inputs");
    return true;
}

bool slice(Upgrading& upgrading, Node& node) {
    if (!toInput(upgrading, node, "starts", 1) || !toInput(upgrading, node, "ends", 2))
        upgrading.refuse(node, "has no starts or ends; export the model again");
    toInput(upgrading, node, "axes", 3);
    upgrading.note("Slice: the attributes 'starts', 'ends' and 'axes' became inputs");
    return true;
}

bool split(Upgrading& upgrading, Node& node) {
    if (toInput(upgrading, node, "split", 1)) upgrading.note("Split: the attribute 'split' became an input");
    return true;
}

bool splitCount(Upgrading&, Node& node) {
    if (node.input(1) == kNoValue) node.attributes["num_outputs"] = static_cast<std::int64_t>(node.outputs.size());
    return true;
}

bool clip(Upgrading& upgrading, Node& node) {
    const bool low = node.has("min"), high = node.has("max");
    const float lo = node.real("min", 0.0f), hi = node.real("max", 0.0f);
    node.attributes.erase("min");
    node.attributes.erase("max");
    node.inputs.resize(1, kNoValue);
    const ValueId x = node.input(0);
    if (low || high) node.inputs.push_back(low ? upgrading.addLike(x, node.name + "_min", static_cast<double>(lo)) : kNoValue);
    if (high) node.inputs.push_back(upgrading.addLike(x, node.name + "_max", static_cast<double>(hi)));
    upgrading.note("Clip: the attributes 'min' and 'max' became inputs");
    return true;
}

bool topK(Upgrading& upgrading, Node& node) {
    const std::int64_t k = node.integer("k", 0);
    node.attributes.erase("k");
    node.inputs.resize(1, kNoValue);
    node.inputs.push_back(upgrading.addIntegers(node.name + "_k", {k}));
    upgrading.note("TopK: the attribute 'k' became an input");
    return true;
}

bool scatter(Upgrading& upgrading, Node& node) {
    node.op = "ScatterElements";
    upgrading.note("Scatter became ScatterElements");
    return true;
}

bool concat(Upgrading&, Node& node) {
    if (!node.has("axis")) node.attributes["axis"] = std::int64_t(1);
    return true;
}

// Before opset 13 these work on the input coerced to two dimensions at `axis` (default 1).
bool softmax(Upgrading& upgrading, Node& node) {
    auto axis = node.integer("axis", 1);
    const ValueId x = node.input(0);
    const ValueId known = upgrading.rankOf(x) >= 0 ? x : node.output(0);  // input and output have one shape
    const int rank = upgrading.rankOf(known);
    if (rank >= 0) {
        if (axis < 0) axis += rank;
        bool alone = axis < rank;
        for (auto after = static_cast<int>(axis) + 1; after < rank; ++after) alone = alone && upgrading.extentOf(known, after) == 1;
        if (alone) {
            node.attributes["axis"] = axis;
            return true;
        }
    }
    const std::string name = node.name;
    const ValueId shape = upgrading.add(name + "_shape"), flat = upgrading.add(name + "_flat"), inner = upgrading.add(name + "_2d");
    const ValueId y = node.output(0);
    upgrading.emit("Shape", name + "_shape", {x}, {shape});
    upgrading.emit("Flatten", name + "_flatten", {x}, {flat}, {{"axis", axis}});
    node.inputs = {flat};
    node.outputs = {inner};
    node.attributes["axis"] = std::int64_t(-1);
    upgrading.note(node.op + " over several axes became Flatten, " + node.op + ", Reshape");
    upgrading.emit(std::move(node));
    upgrading.emit("Reshape", name + "_reshape", {inner, shape}, {y}, {{"allowzero", std::int64_t(1)}});
    return false;
}

void asResize(Upgrading& upgrading, Node& node, ValueId scales) {
    std::string mode = node.text("mode", "nearest");
    if (mode == "bilinear" || mode == "trilinear") mode = "linear";
    const std::string old = node.op;
    node.op = "Resize";
    node.inputs = {node.input(0), kNoValue, scales};
    node.attributes.clear();
    node.attributes["mode"] = mode;
    node.attributes["coordinate_transformation_mode"] = std::string("asymmetric");
    if (mode == "nearest") node.attributes["nearest_mode"] = std::string("floor");
    upgrading.note(old + " became Resize with asymmetric coordinates");
}

bool upsample(Upgrading& upgrading, Node& node) {
    ValueId scales = node.input(1);
    if (scales == kNoValue) {
        auto values = node.reals("scales");
        if (values.empty() && node.has("height_scale")) values = {1, 1, node.real("height_scale", 1), node.real("width_scale", 1)};
        if (values.empty()) upgrading.refuse(node, "has no scales; export the model again");
        scales = upgrading.add(node.name + "_scales", Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values));
    }
    asResize(upgrading, node, scales);
    return true;
}

bool resize10(Upgrading& upgrading, Node& node) {
    asResize(upgrading, node, node.input(1));
    return true;
}

// Opset 11 gives an empty tensor where later sets leave the input out.
bool resizeEmptyInputs(Upgrading& upgrading, Node& node) {
    for (std::size_t i = 1; i < node.inputs.size(); ++i)
        if (const Tensor* tensor = upgrading.constant(node.inputs[i]); tensor && tensor->count() == 0) node.inputs[i] = kNoValue;
    while (!node.inputs.empty() && node.inputs.back() == kNoValue) node.inputs.pop_back();
    return true;
}

bool gridSample(Upgrading&, Node& node) {
    const std::string mode = node.text("mode", "bilinear");
    node.attributes["mode"] = mode == "bilinear" ? std::string("linear") : mode == "bicubic" ? std::string("cubic") : mode;
    return true;
}

bool roiAlign(Upgrading&, Node& node) {
    node.attributes["coordinate_transformation_mode"] = std::string("output_half_pixel");
    return true;
}

bool dft(Upgrading& upgrading, Node& node) {
    const auto axis = node.integer("axis", 1);
    node.attributes.erase("axis");
    node.inputs.resize(3, kNoValue);
    node.inputs[2] = upgrading.add(node.name + "_axis", Tensor::scalar(axis));
    upgrading.note("DFT: the attribute 'axis' became an input");
    return true;
}

bool recurrent(Upgrading&, Node& node) {
    node.attributes.erase("output_sequence");
    return true;
}

bool cast(Upgrading& upgrading, Node& node) {
    const auto found = node.attributes.find("to");
    if (found == node.attributes.end() || !std::holds_alternative<std::string>(found->second)) return true;
    struct Row { std::string_view name; std::int64_t number; };
    static constexpr std::array kNames = {Row{"FLOAT", 1}, Row{"UINT8", 2}, Row{"INT8", 3}, Row{"UINT16", 4}, Row{"INT16", 5}, Row{"INT32", 6},
        Row{"INT64", 7}, Row{"STRING", 8}, Row{"BOOL", 9}, Row{"FLOAT16", 10}, Row{"DOUBLE", 11}, Row{"UINT32", 12}, Row{"UINT64", 13}};
    for (const Row& row : kNames)
        if (row.name == std::get<std::string>(found->second)) {
            found->second = row.number;
            return true;
        }
    upgrading.refuse(node, "casts to an unknown type; export the model again");
}

constexpr std::int64_t kAlways = std::numeric_limits<std::int64_t>::max();

// The order matters where an operator has several rows: oldest change first.
constexpr std::array kRules = {
    UpgradeRule{"Add", 7, upgradeBroadcast}, UpgradeRule{"Sub", 7, upgradeBroadcast}, UpgradeRule{"Mul", 7, upgradeBroadcast},
    UpgradeRule{"Div", 7, upgradeBroadcast}, UpgradeRule{"Pow", 7, upgradeBroadcast}, UpgradeRule{"And", 7, upgradeBroadcast},
    UpgradeRule{"Or", 7, upgradeBroadcast}, UpgradeRule{"Xor", 7, upgradeBroadcast}, UpgradeRule{"Equal", 7, upgradeBroadcast},
    UpgradeRule{"Greater", 7, upgradeBroadcast}, UpgradeRule{"Less", 7, upgradeBroadcast}, UpgradeRule{"PRelu", 7, upgradePRelu},
    UpgradeRule{"Gemm", 7, gemm}, UpgradeRule{"Cast", 6, cast}, UpgradeRule{"Concat", 4, concat}, UpgradeRule{"Reshape", 5, reshape},
    UpgradeRule{"LSTM", 7, recurrent}, UpgradeRule{"GRU", 7, recurrent}, UpgradeRule{"RNN", 7, recurrent},
    UpgradeRule{"BatchNormalization", 14, upgradeBatchNormalization}, UpgradeRule{"GroupNormalization", 21, upgradeGroupNormalization},
    UpgradeRule{"Dropout", 12, dropout}, UpgradeRule{"Pad", 11, pad}, UpgradeRule{"Slice", 10, slice}, UpgradeRule{"Clip", 11, clip},
    UpgradeRule{"TopK", 10, topK}, UpgradeRule{"Scatter", kAlways, scatter}, UpgradeRule{"Upsample", kAlways, upsample},
    UpgradeRule{"Resize", 11, resize10}, UpgradeRule{"Resize", kAlways, resizeEmptyInputs},
    UpgradeRule{"Split", 13, split}, UpgradeRule{"Split", 18, splitCount},
    UpgradeRule{"Softmax", 13, softmax}, UpgradeRule{"LogSoftmax", 13, softmax}, UpgradeRule{"Hardmax", 13, softmax},
    UpgradeRule{"Squeeze", 13, axesToInput}, UpgradeRule{"Unsqueeze", 13, axesToInput}, UpgradeRule{"ReduceSum", 13, axesToInput},
    UpgradeRule{"ReduceMax", 18, axesToInput}, UpgradeRule{"ReduceMin", 18, axesToInput}, UpgradeRule{"ReduceMean", 18, axesToInput},
    UpgradeRule{"ReduceProd", 18, axesToInput}, UpgradeRule{"ReduceL1", 18, axesToInput}, UpgradeRule{"ReduceL2", 18, axesToInput},
    UpgradeRule{"ReduceLogSum", 18, axesToInput}, UpgradeRule{"ReduceLogSumExp", 18, axesToInput}, UpgradeRule{"ReduceSumSquare", 18, axesToInput},
    UpgradeRule{"GridSample", 20, gridSample}, UpgradeRule{"RoiAlign", 16, roiAlign}, UpgradeRule{"DFT", 20, dft},
};

}  // namespace

std::span<const UpgradeRule> upgradeRules() noexcept { return kRules; }

}  // namespace bitlathe::onnx
