// The ONNX backend suite (Debian package libonnx-testdata): every case whose operators are all in
// operators() must give the suite's outputs at the suite's own tolerances.
#include "core/engine/operator_list.h"
#include "core/engine/run.h"
#include "core/formats/onnx/onnx.h"
#include "tests/core/engine/suite_reader.h"

#include "core/base/error.h"
#include "core/tensor/convert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

namespace bitlathe {

namespace {

namespace fs = std::filesystem;

const fs::path kSuite = "/usr/share/libonnx-testdata/data";
// onnx/backend/test/runner: numpy.testing.assert_allclose with these, against the expected value.
constexpr double kRelative = 1e-3, kAbsolute = 1e-7;

// Cases of the suite's version 1.12 that contradict ONNX or themselves; later versions mended them.
const std::map<std::string, std::string> kDefects = {
    {"test_cast_FLOAT_to_BFLOAT16", "expects the cast to cut bits off, where ONNX rounds"},
    {"test_castlike_FLOAT_to_BFLOAT16", "its second input is declared 3 × 4 and has one element"},
    {"test_castlike_FLOAT_to_BFLOAT16_expanded", "its second input is declared 3 × 4 and has one element"},
    {"test_castlike_BFLOAT16_to_FLOAT", "its second input is declared 3 × 4 and has one element"},
    {"test_castlike_BFLOAT16_to_FLOAT_expanded", "its second input is declared 3 × 4 and has one element"},
};

// Empty when equal; else the first difference.
std::string difference(const Tensor& got, const Tensor& expected) {
    if (got.type() != expected.type())
        return "type " + std::string(nameOf(got.type())) + " instead of " + std::string(nameOf(expected.type()));
    if (got.shape() != expected.shape()) return "shape " + toText(got.shape()) + " instead of " + toText(expected.shape());
    for (std::int64_t i = 0; i < got.count(); ++i) {
        const double a = elementAt(got.type(), got.bytes().data(), i), b = elementAt(expected.type(), expected.bytes().data(), i);
        const bool same = a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= kAbsolute + kRelative * std::abs(b);
        if (!same) return "element " + std::to_string(i) + " is " + std::to_string(a) + " instead of " + std::to_string(b);
    }
    return {};
}

struct Tally {
    int present = 0, passed = 0;
    std::map<std::string, int> missing;  // operator → cases that it alone or with others keeps out
    std::map<std::string, std::string> failed, unreadable;
};

std::vector<std::optional<Tensor>> tensorsIn(const fs::path& folder, const std::string& stem) {
    std::vector<std::optional<Tensor>> tensors;
    for (int i = 0;; ++i) {
        const fs::path path = folder / (stem + "_" + std::to_string(i) + ".pb");
        if (!fs::exists(path)) return tensors;
        tensors.push_back(readSuiteTensor(path));
    }
}

// The suite's files store bfloat16 as uint16; the graph knows better.
Tensor asDeclared(Tensor tensor, const Value& value) {
    if (tensor.type() != ElementType::U16 || value.type != ElementType::BF16) return tensor;
    return Tensor(ElementType::BF16, tensor.shape(), tensor.bytes(), tensor.owner());
}

// Empty when the case passed, else why not.
std::string runCase(const std::shared_ptr<const Model>& model, const fs::path& folder, const Machine& machine, Workers& workers) {
    const auto executable = Executable::compile(model, {.machine = machine});
    const Graph& graph = model->graph;
    Workspace workspace(std::int64_t(1) << 30);
    JobContext job;
    for (const auto& set : fs::directory_iterator(folder)) {
        if (!set.is_directory()) continue;
        std::vector<Tensor> inputs;
        for (auto& tensor : tensorsIn(set.path(), "input")) {
            if (!tensor) return "an input is not a tensor";
            const std::size_t i = inputs.size();
            inputs.push_back(i < graph.inputs.size() ? asDeclared(std::move(*tensor), graph.value(graph.inputs[i])) : std::move(*tensor));
        }
        auto expected = tensorsIn(set.path(), "output");
        for (std::size_t i = 0; i < expected.size(); ++i) {
            if (!expected[i]) return "an output is not a tensor";
            if (i < graph.outputs.size()) expected[i] = asDeclared(std::move(*expected[i]), graph.value(graph.outputs[i]));
        }
        const auto outputs = run(*executable, workspace, workers, inputs, job);
        if (expected.size() != outputs.size()) return "another number of outputs";
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            if (const std::string text = difference(outputs[i], *expected[i]); !text.empty())
                return "output " + std::to_string(i) + ": " + text;
        }
    }
    return {};
}

Tally runSuite(const std::string& part, const Machine& machine, const std::string& only) {
    Tally tally;
    Workers workers(2);
    std::set<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(kSuite / part))
        if (fs::exists(entry.path() / "model.onnx")) folders.insert(entry.path());
    for (const fs::path& folder : folders) {
        const std::string name = folder.filename();
        if (!only.empty() && name.find(only) == std::string::npos) continue;
        ++tally.present;
        if (const auto defect = kDefects.find(name); defect != kDefects.end()) {
            tally.unreadable[name] = defect->second;
            continue;
        }
        try {
            JobContext job;
            const auto model = std::make_shared<const Model>(onnx::read(folder / "model.onnx", job));
            std::set<std::string> lacking;
            for (const Node& node : model->graph.nodes)
                if (!isRunnable(node.op, node.domain)) lacking.insert(node.qualifiedOp());
            for (const auto& op : lacking) ++tally.missing[op];
            if (!lacking.empty()) continue;
            const std::string why = runCase(model, folder, machine, workers);
            if (why.empty()) ++tally.passed;
            else if (why.ends_with("is not a tensor")) tally.unreadable[name] = why;
            else tally.failed[name] = why;
        } catch (const Error& error) {
            tally.failed[name] = error.message();
        }
    }
    return tally;
}

class BackendSuite : public testing::TestWithParam<const char*> {};

TEST_P(BackendSuite, GivesTheSuitesOutputsForEveryListedOperator) {
    if (!fs::exists(kSuite / GetParam())) GTEST_SKIP() << "the package libonnx-testdata is not installed";
    const char* only = std::getenv("BITLATHE_SUITE_CASE");  // part of a case's name, to look at one
    const Tally tally = runSuite(GetParam(), Machine::detect(), only ? only : "");
    std::cout << GetParam() << ": " << tally.passed << " passed of " << tally.present << " present\n";
    for (const auto& [op, cases] : tally.missing) std::cout << "  not listed: " << op << " (" << cases << " cases)\n";
    for (const auto& [name, why] : tally.unreadable) std::cout << "  out of scope: " << name << ": " << why << "\n";
    for (const auto& [name, why] : tally.failed) ADD_FAILURE() << name << ": " << why;
    EXPECT_GT(tally.passed + static_cast<int>(tally.missing.size()), 0);
}

INSTANTIATE_TEST_SUITE_P(Parts, BackendSuite, testing::Values("node", "simple", "pytorch-operator", "pytorch-converted"),
                         [](const auto& info) {
                             std::string name = info.param;
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

}  // namespace

}  // namespace bitlathe
