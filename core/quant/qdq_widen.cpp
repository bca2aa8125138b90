#include "core/quant/qdq_widen.h"

#include "core/model/graph_edit.h"

#include <algorithm>

namespace bitlathe {

namespace {

constexpr std::int64_t kFloat = 1, kFloat16 = 10, kBFloat16 = 16;  // TensorProto.DataType

bool isHalf(ElementType type) noexcept { return type == ElementType::F16 || type == ElementType::BF16; }
std::int64_t numberOf(ElementType type) noexcept { return type == ElementType::F16 ? kFloat16 : kBFloat16; }

}  // namespace

std::map<std::string, std::string> widenToFloat32(Graph& graph) {
    std::map<std::string, std::string> standsFor;
    const auto half = [](const Value& value) { return value.type && isHalf(*value.type); };
    if (std::none_of(graph.values.begin(), graph.values.end(), half)) return standsFor;

    for (Value& value : graph.values)
        if (value.constant && isHalf(value.constant->type())) value.constant = toFloat32(*value.constant);
    for (Node& node : graph.nodes)
        for (auto& [key, attribute] : node.attributes) {
            if (auto* tensor = std::get_if<Tensor>(&attribute); tensor && isHalf(tensor->type())) *tensor = toFloat32(*tensor);
            auto* number = std::get_if<std::int64_t>(&attribute);
            if (number && (key == "to" || key == "dtype" || key == "output_dtype") && (*number == kFloat16 || *number == kBFloat16)) *number = kFloat;
        }

    GraphEdit edit(graph);
    std::vector<ValueId> reads(graph.values.size()), makes(graph.values.size());
    for (std::size_t i = 0; i < reads.size(); ++i) reads[i] = makes[i] = static_cast<ValueId>(i);
    struct Exit { ValueId from, to; std::int64_t type; };
    std::vector<Exit> exits;
    const auto cast = [&](ValueId from, ValueId to, std::int64_t type) {
        edit.emit("Cast", graph.value(to).name + "_Cast", {from}, {to}, {{"to", type}});
    };
    for (const ValueId input : graph.inputs) {
        if (!half(graph.value(input))) continue;
        const std::string name = graph.value(input).name;
        const ValueId wide = edit.addValue(name + "_float32");
        graph.values.back().type = ElementType::F32;
        graph.values.back().shape = graph.value(input).shape;
        standsFor[graph.values.back().name] = name;
        reads[static_cast<std::size_t>(input)] = wide;
        cast(input, wide, kFloat);
    }
    for (const ValueId output : graph.outputs) {
        if (!half(graph.value(output)) || graph.constant(output)) continue;
        const std::string name = graph.value(output).name;
        const std::int64_t type = numberOf(*graph.value(output).type);
        const ValueId wide = edit.addValue(name + "_float32");
        graph.values.back().type = ElementType::F32;
        graph.values.back().shape = graph.value(output).shape;
        standsFor[graph.values.back().name] = name;
        reads[static_cast<std::size_t>(output)] = makes[static_cast<std::size_t>(output)] = wide;
        exits.push_back({wide, output, type});
    }
    for (Node& node : graph.nodes) {
        for (ValueId& input : node.inputs)
            if (input != kNoValue) input = reads[static_cast<std::size_t>(input)];
        for (ValueId& output : node.outputs)
            if (output != kNoValue) output = makes[static_cast<std::size_t>(output)];
        edit.emit(std::move(node));
    }
    for (const Exit& exit : exits) cast(exit.from, exit.to, exit.type);
    edit.finish();

    std::vector<bool> ends(graph.values.size(), false);
    for (const auto* list : {&graph.inputs, &graph.outputs})
        for (const ValueId value : *list) ends[static_cast<std::size_t>(value)] = true;
    for (std::size_t i = 0; i < graph.values.size(); ++i)
        if (!ends[i] && half(graph.values[i])) graph.values[i].type = ElementType::F32;
    return standsFor;
}

}  // namespace bitlathe
