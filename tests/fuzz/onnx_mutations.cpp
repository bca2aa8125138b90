#include "tests/fuzz/mutations.h"
#include "tests/fuzz/random.h"

#include <onnx/onnx_pb.h>

#include <array>
#include <limits>

namespace bitlathe {

namespace {

constexpr std::array<const char*, 40> kOps = {"Conv", "Gemm", "MatMul", "BatchNormalization", "Relu", "Clip", "Add", "Concat", "Slice", "Split", "Squeeze", "Unsqueeze",
    "Softmax", "Upsample", "Resize", "Pad", "TopK", "Dropout", "ReduceSum", "ReduceMax", "GroupNormalization", "PRelu", "ConvTranspose", "Gather", "LSTM", "Scatter",
    "DequantizeLinear", "QuantizeLinear", "Identity", "MaxPool", "Reshape", "Transpose", "Constant", "ConstantOfShape", "Expand", "Shape", "DFT", "GridSample", "Cast", "Range"};
constexpr std::array<std::int64_t, 12> kNumbers = {0, 1, -1, 2, 3, 7, -2, 64, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(),
    std::int64_t(1) << 31, std::int64_t(1) << 40};
constexpr std::array<const char*, 14> kAttributes = {"axes", "axis", "transB", "group", "min", "max", "k", "split", "starts", "ends", "scales", "training_mode", "spatial", "block_size"};

void changeTensor(::onnx::TensorProto& tensor, Random& random) {
    switch (random.below(4)) {
    case 0: tensor.add_dims(kNumbers[random.below(kNumbers.size())]); break;
    case 1:
        if (tensor.dims_size() > 0) tensor.set_dims(static_cast<int>(random.below(static_cast<std::size_t>(tensor.dims_size()))), kNumbers[random.below(kNumbers.size())]);
        break;
    case 2: tensor.set_data_type(static_cast<int>(random.below(28))); break;
    default:  // another shape of as many elements
        if (tensor.dims_size() > 1) {
            std::int64_t count = 1;
            for (const auto dim : tensor.dims()) count = dim > 0 && count < 1'000'000 ? count * dim : count;
            tensor.clear_dims();
            tensor.add_dims(count);
        } else {
            tensor.add_dims(1);
        }
    }
}

void changeAttributes(::onnx::NodeProto& node, Random& random) {
    if (node.attribute_size() > 0 && random.below(2)) {
        auto& attribute = *node.mutable_attribute(static_cast<int>(random.below(static_cast<std::size_t>(node.attribute_size()))));
        switch (random.below(5)) {
        case 0: attribute.set_i(kNumbers[random.below(kNumbers.size())]); break;
        case 1: attribute.add_ints(kNumbers[random.below(kNumbers.size())]); break;
        case 2: attribute.clear_ints(); break;
        case 3: attribute.set_type(static_cast<::onnx::AttributeProto_AttributeType>(random.below(9))); break;
        default:
            if (attribute.has_t()) changeTensor(*attribute.mutable_t(), random);
            else attribute.set_name(kAttributes[random.below(kAttributes.size())]);
        }
        return;
    }
    auto& attribute = *node.add_attribute();
    attribute.set_name(kAttributes[random.below(kAttributes.size())]);
    if (random.below(2)) {
        attribute.set_type(::onnx::AttributeProto_AttributeType_INT);
        attribute.set_i(kNumbers[random.below(kNumbers.size())]);
    } else {
        attribute.set_type(::onnx::AttributeProto_AttributeType_INTS);
        for (std::size_t i = random.below(4); i > 0; --i) attribute.add_ints(kNumbers[random.below(kNumbers.size())]);
    }
}

}  // namespace

std::string mutatedOnnx(const std::string& sample, std::uint64_t index) {
    ::onnx::ModelProto model;
    if (!model.ParseFromString(sample) || model.graph().node_size() == 0) return sample;
    Random random{index * 2654435761u + sample.size()};
    auto& graph = *model.mutable_graph();
    for (std::size_t times = 1 + random.below(3); times > 0; --times) {
        auto& node = *graph.mutable_node(static_cast<int>(random.below(static_cast<std::size_t>(graph.node_size()))));
        switch (random.below(10)) {
        case 0: node.set_op_type(kOps[random.below(kOps.size())]); break;
        case 1:
            if (node.input_size() > 0) node.mutable_input()->DeleteSubrange(static_cast<int>(random.below(static_cast<std::size_t>(node.input_size()))), 1);
            break;
        case 2:
            if (node.input_size() > 0) node.add_input(random.below(3) ? node.input(0) : std::string());
            break;
        case 3: node.add_output("extra" + std::to_string(times)); break;
        case 4:
            if (node.output_size() > 1) node.mutable_output()->RemoveLast();
            break;
        case 5:
        case 6: changeAttributes(node, random); break;
        case 7:
            if (graph.initializer_size() > 0) changeTensor(*graph.mutable_initializer(static_cast<int>(random.below(static_cast<std::size_t>(graph.initializer_size())))), random);
            break;
        case 8:
            if (model.opset_import_size() > 0) model.mutable_opset_import(0)->set_version(static_cast<std::int64_t>(1 + random.below(26)));
            break;
        default: {  // reads a weight, or another node's value
            if (node.input_size() == 0) break;
            auto& input = *node.mutable_input(static_cast<int>(random.below(static_cast<std::size_t>(node.input_size()))));
            if (graph.initializer_size() > 0 && random.below(2)) input = graph.initializer(static_cast<int>(random.below(static_cast<std::size_t>(graph.initializer_size())))).name();
            else if (graph.node(0).output_size() > 0) input = graph.node(0).output(0);
        }
        }
    }
    return model.SerializeAsString();
}

}  // namespace bitlathe
