// Models and outputs of ONNX Runtime 1.30 (../shared/vectors/ort): the engine gives the same codes, bit for
// bit, on every instruction set of this machine.
#include "core/engine/operator_list.h"
#include "core/engine/run.h"
#include "core/formats/onnx/onnx.h"
#include "core/tensor/convert.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>

namespace bitlathe {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const fs::path kVectors = fs::path(BITLATHE_SOURCE_DIR) / ".." / "shared" / "vectors" / "ort";

// "name.u8.bin" says its type.
ElementType typeOfFile(const std::string& file) {
    const std::string stem = fs::path(file).stem().string();
    const std::string type = stem.substr(stem.rfind('.') + 1);
    if (type == "u8") return ElementType::U8;
    if (type == "i8") return ElementType::I8;
    if (type == "u16") return ElementType::U16;
    if (type == "i16") return ElementType::I16;
    if (type == "i32") return ElementType::I32;
    return ElementType::F32;
}

Tensor readTensor(const std::string& file, std::vector<std::int64_t> dims) {
    std::byte* bytes = nullptr;
    Tensor tensor = Tensor::allocate(typeOfFile(file), Shape(std::move(dims)), bytes);
    std::ifstream stream(kVectors / file, std::ios::binary);
    stream.read(reinterpret_cast<char*>(bytes), static_cast<std::streamsize>(tensor.bytes().size()));
    EXPECT_TRUE(stream.good()) << file;
    return tensor;
}

// Elements that differ. Float results of sums may differ in the order of additions.
std::int64_t mismatches(const Tensor& got, const Tensor& expected, bool sums) {
    if (got.type() != expected.type() || got.count() != expected.count()) return -1;
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < got.count(); ++i) {
        const double a = elementAt(got.type(), got.bytes().data(), i), b = elementAt(expected.type(), expected.bytes().data(), i);
        const bool same = a == b || (std::isnan(a) && std::isnan(b));
        if (!same && !(sums && std::abs(a - b) <= 1e-5 * (1.0 + std::abs(b)))) ++count;
    }
    return count;
}

Json cases() {
    std::ifstream stream(kVectors / "cases.json");
    return stream ? Json::parse(stream) : Json();
}

TEST(Golden, EveryCaseOfOnnxRuntimeHasItsCodes) {
    const Json all = cases();
    if (all.is_null()) GTEST_SKIP() << "../shared/vectors/ort is missing";
    const Isa best = detectIsa();
    Workers workers(2);
    int ran = 0;
    for (const Json& item : all) {
        const std::string name = item["case"];
        // ONNX Runtime's known deviations from ONNX's text: overflow without saturation.
        if (name == "cast_e4m3fn_0" || name == "cast_e5m2_0") continue;
        JobContext job;
        const auto model = std::make_shared<const Model>(onnx::read(kVectors / "models" / (name + ".onnx"), job));
        bool runnable = true;
        for (const Node& node : model->graph.nodes) runnable = runnable && isRunnable(node.op, node.domain);
        if (!runnable) continue;
        std::vector<Tensor> inputs;
        for (const ValueId id : model->graph.inputs) {
            const Json& given = item["inputs"][model->graph.value(id).name];
            inputs.push_back(readTensor(given[1], given[2]));
        }
        for (const Isa isa : isasUpTo(best)) {
            const auto executable = Executable::compile(model, {.machine = Machine::detect(isa)});
            Workspace workspace;
            const auto outputs = run(*executable, workspace, workers, inputs, job);
            for (std::size_t i = 0; i < outputs.size(); ++i) {
                const Json& expected = item["outputs"][model->graph.value(model->graph.outputs[i]).name];
                EXPECT_EQ(mismatches(outputs[i], readTensor(expected["file"], expected["shape"]), name.starts_with("mmnb")), 0)
                    << name << " output " << i << " on " << isaName(isa);
            }
        }
        ++ran;
    }
    EXPECT_GE(ran, 20);
    std::cout << ran << " cases of " << all.size() << "\n";
}

}  // namespace

}  // namespace bitlathe
