#include "tests/bench/bench_model.h"

#include "core/formats/format.h"
#include "core/tensor/convert.h"

#include <cmath>
#include <string>

namespace bitlathe {
namespace {

// Close to normal: the sum of four uniform numbers; deviation 0.02, as weights of large layers have.
float noise(std::uint64_t& state) noexcept {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const std::uint64_t bits = state ^ (state >> 29);
    float sum = 0;
    for (int i = 0; i < 4; ++i) sum += float((bits >> (16 * i)) & 0xFFFF) / 65536.0f - 0.5f;
    return 0.02f * 1.732f * sum;
}

Tensor weight(const BenchModel& what, std::uint64_t seed) {
    std::byte* bytes = nullptr;
    const Shape shape = what.transposed ? Shape{what.columns, what.rows} : Shape{what.rows, what.columns};
    const Tensor tensor = Tensor::allocate(what.type, shape, bytes);
    const auto count = static_cast<std::size_t>(shape.count());
    if (what.type == ElementType::F32) {
        for (std::size_t i = 0; i < count; ++i) reinterpret_cast<float*>(bytes)[i] = noise(seed);
    } else {
        auto* to = reinterpret_cast<std::uint16_t*>(bytes);
        for (std::size_t i = 0; i < count; ++i) to[i] = what.type == ElementType::F16 ? floatToHalf(noise(seed)) : floatToBfloat(noise(seed));
    }
    return tensor;
}

}  // namespace

std::filesystem::path benchModel(const BenchModel& what, const std::filesystem::path& folder) {
    const std::string name = "bench-" + std::to_string(what.layers) + "x" + std::to_string(what.rows) + "x" + std::to_string(what.columns) +
                             (what.transposed ? "-kn-" : "-nk-") + std::string(nameOf(what.type)) + ".onnx";
    const auto path = folder / name;
    if (std::filesystem::exists(path)) return path;
    std::filesystem::create_directories(folder);
    Model model;
    model.name = "bench";
    model.format = "onnx";
    model.opsets = {{"", 21}};
    Graph& graph = model.graph;
    ValueId x = graph.addValue("x");
    graph.values[static_cast<std::size_t>(x)].type = what.type;
    graph.values[static_cast<std::size_t>(x)].shape = std::vector<Dim>{Dim{1, ""}, Dim{what.columns, ""}};
    graph.inputs = {x};
    for (int i = 0; i < what.layers; ++i) {
        const ValueId w = graph.addConstant("blk." + std::to_string(i) + ".weight", weight(what, 1 + static_cast<std::uint64_t>(i)));
        const ValueId y = graph.addValue("y" + std::to_string(i));
        Node node;
        node.name = "blk." + std::to_string(i) + ".linear";
        node.op = what.transposed ? "MatMul" : "Gemm";
        node.inputs = {x, w};
        node.outputs = {y};
        if (!what.transposed) node.attributes["transB"] = std::int64_t{1};
        graph.nodes.push_back(node);
        graph.values[static_cast<std::size_t>(y)].type = what.type;
        graph.values[static_cast<std::size_t>(y)].shape = std::vector<Dim>{Dim{1, ""}, Dim{what.rows, ""}};
        graph.outputs.push_back(y);
    }
    WriteOptions options;
    options.externalAbove = 0;
    JobContext job;
    findFormat("onnx")->write(model, path, options, job);
    return path;
}

}  // namespace bitlathe
