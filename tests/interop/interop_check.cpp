#include "tests/interop/interop_cases.h"

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/formats/format.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <fstream>

namespace bitlathe::interop {

namespace {

using Json = nlohmann::ordered_json;

// Where a network ends in codes, nearly all values must lie within one step of the output's scale. Float
// results behind integer layers are held to the step that eight bits over their range would have.
constexpr double kShareWithinOneStep = 0.999;
constexpr double kFloatTolerance = 1e-3;  // of the largest output, for networks that compute in float

std::vector<float> floatsOf(const std::filesystem::path& file, const std::string& type) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return {};
    const auto mapped = MappedFile::open(file);
    const auto bytes = mapped->bytes();
    const ElementType element = type == "float16" ? ElementType::F16 : type == "int64" ? ElementType::I64 : ElementType::F32;
    const auto count = static_cast<std::int64_t>(bytes.size()) * 8 / bitsOf(element);
    const Tensor floats = toFloat32(Tensor(element, Shape{count}, bytes, mapped));
    return {floats.as<float>().begin(), floats.as<float>().end()};
}

struct Difference {
    std::int64_t values = 0, beyondOne = 0;
    double largest = 0;  // in steps
};

class Checking {
public:
    explicit Checking(std::filesystem::path folder) : m_folder(std::move(folder)) {}

    int run() {
        Json list;
        std::ifstream(m_folder / "manifest.json") >> list;
        std::printf("%-28s %10s %9s %12s %7s %s\n", "file", "bytes", "values", "within step", "worst", "what ONNX Runtime made of it");
        for (const Json& entry : list) one(entry);
        std::printf("%d files, %d failures\n", static_cast<int>(list.size()), m_failures);
        return m_failures;
    }

private:
    void fail(const std::string& name, const std::string& why) {
        std::printf("FAILED %s: %s\n", name.c_str(), why.c_str());
        ++m_failures;
    }

    Difference compare(const Json& entry) {
        Difference difference;
        const bool computesInFloat = entry["integerConvs"] == 0 && entry["integerLinears"] == 0;
        for (const Json& run : entry["runs"])
            for (const Json& output : run["outputs"]) {
                const auto ours = floatsOf(m_folder / output["file"], output["type"]), theirs = floatsOf(m_folder / output["ort"], output["type"]);
                if (theirs.size() != ours.size()) {
                    fail(entry["name"], "ONNX Runtime gave " + std::to_string(theirs.size()) + " values for output '" + std::string(output["name"]) + "', we gave " + std::to_string(ours.size()));
                    continue;
                }
                float lo = 0, hi = 0;
                for (const float x : theirs) lo = std::min(lo, x), hi = std::max(hi, x);
                double step = output.contains("step") ? double(output["step"]) : static_cast<double>(hi - lo) / 255.0;
                if (computesInFloat) step = kFloatTolerance * static_cast<double>(std::max(hi, -lo));
                for (std::size_t i = 0; i < ours.size(); ++i) {
                    const double steps = step > 0 ? std::abs(static_cast<double>(ours[i]) - static_cast<double>(theirs[i])) / step : ours[i] == theirs[i] ? 0 : 1e9;
                    difference.largest = std::max(difference.largest, steps);
                    difference.beyondOne += !(steps <= 1.01);
                    ++difference.values;
                }
            }
        return difference;
    }

    void one(const Json& entry) {
        const std::string name = entry["name"];
        if (entry.contains("error")) return fail(name, "ONNX Runtime: " + std::string(entry["error"]));
        const Difference difference = compare(entry);
        const double within = difference.values == 0 ? 0 : 1.0 - static_cast<double>(difference.beyondOne) / static_cast<double>(difference.values);
        std::map<std::string, int> made;
        JobContext job;
        const Model optimized = readModel(m_folder / std::string(entry["optimized"]), job);
        for (const Node& node : optimized.graph.nodes) ++made[node.op];
        std::string text;
        for (const char* op : {"QLinearConv", "Conv", "FusedConv", "QGemm", "QLinearMatMul", "MatMulIntegerToFloat", "MatMulNBits", "Gemm", "MatMul", "FusedMatMul", "FusedGemm", "QLinearAdd",
                               "QLinearConcat", "QLinearGlobalAveragePool", "QuantizeLinear", "DequantizeLinear"})
            if (made.contains(op)) text += (text.empty() ? "" : ", ") + std::to_string(made[op]) + " " + op;
        std::printf("%-28s %10ld %9ld %11.4f%% %7.4f %s\n", name.c_str(), static_cast<long>(entry["bytes"]), static_cast<long>(difference.values), within * 100, difference.largest, text.c_str());
        if (within < kShareWithinOneStep) fail(name, "too many values differ by more than one step");
        const int convs = entry["integerConvs"], linears = entry["integerLinears"];
        if (made["QLinearConv"] != convs) fail(name, "of " + std::to_string(convs) + " convolutions that we called int8, " + std::to_string(made["QLinearConv"]) + " became QLinearConv");
        if (int(entry["ourIntegerConvs"]) != convs) fail(name, "our engine runs " + entry["ourIntegerConvs"].dump() + " of " + std::to_string(convs) + " int8 convolutions in integers");
        const int products = made["QGemm"] + made["QLinearMatMul"] + made["MatMulIntegerToFloat"];
        if (products != linears) fail(name, "of " + std::to_string(linears) + " matrix products that we called int8, " + std::to_string(products) + " became integer");
    }

    std::filesystem::path m_folder;
    int m_failures = 0;
};

}  // namespace

int check(const std::filesystem::path& folder) { return Checking(folder).run(); }

}  // namespace bitlathe::interop
