// Fused QDQ networks against ONNX Runtime's outputs (tests/golden/qdq): the same operators, the same codes, on
// every instruction set and in both layouts.
#include "core/engine/blas.h"
#include "core/formats/onnx/onnx.h"
#include "tests/core/engine/graph_builder.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace bitlathe {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const fs::path kGolden = fs::path(BITLATHE_SOURCE_DIR) / "tests" / "golden" / "qdq";

std::vector<float> readFloats(const std::string& file) {
    std::vector<float> values(fs::file_size(kGolden / file) / sizeof(float));
    std::ifstream(kGolden / file, std::ios::binary).read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
    return values;
}

// What is neither a conversion nor a change of layout, without its domain.
std::vector<std::string> coreOperators(const Executable& executable) {
    std::vector<std::string> ops;
    for (const Step& step : executable.steps()) {
        std::string op = step.placement.op.substr(step.placement.op.rfind('.') + 1);
        if (op != "QuantizeLinear" && op != "DequantizeLinear" && !op.starts_with("ToChannels")) ops.push_back(std::move(op));
    }
    return ops;
}

TEST(QdqGolden, FusesToOnnxRuntimesOperatorsAndGivesItsCodes) {
    std::ifstream stream(kGolden / "cases.json");
    const Json cases = Json::parse(stream);
    ASSERT_GE(cases.size(), 25u);
    for (const Json& item : cases) {
        const std::string name = item["name"];
        JobContext job;
        const auto model = std::make_shared<const Model>(onnx::read(kGolden / (name + ".onnx"), job));
        std::vector<Tensor> inputs;
        for (const std::string file : item["inputs"]) inputs.push_back(Tensor::of(Shape(item["shape"].get<std::vector<std::int64_t>>()), readFloats(file)));
        const auto expected = readFloats(item["output"]);
        std::vector<std::string> becomes;
        for (const std::string op : item["becomes"])
            if (op != "Transpose") becomes.push_back(op);
        for (const Isa isa : isasUpTo(detectIsa()))
            for (const bool fuse : {true, false}) {
                const auto executable = Executable::compile(model, {.machine = {isa, Blas::plain()}, .integer = true, .fuse = fuse});
                EXPECT_EQ(coreOperators(*executable), becomes) << name;
                const Tensor y = runOnce(*executable, inputs)[0];
                ASSERT_EQ(y.count(), static_cast<std::int64_t>(expected.size())) << name;
                int different = 0;
                for (std::size_t i = 0; i < expected.size(); ++i) different += y.as<float>()[i] != expected[i];
                EXPECT_EQ(different, 0) << name << " on " << isaName(isa) << (fuse ? "" : ", channels first") << ", of " << expected.size();
            }
    }
}

}  // namespace

}  // namespace bitlathe
