#include "core/base/error.h"
#include "core/formats/format.h"
#include "tests/core/formats/text_model.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

const char* kRelu = "input { name: 'x' } output { name: 'y' } node { name: 'r' op_type: 'Relu' input: 'x' output: 'y' }";

TEST(OnnxReader, SaysWhatTheFileSays) {
    const Model model = readText("ir_version: 8 producer_name: 'pytorch' producer_version: '2.1' opset_import { version: 17 } opset_import { domain: 'com.microsoft' version: 1 }"
                                 "metadata_props { key: 'k' value: 'v' } graph { name: 'g' " + std::string(kRelu) + "}");
    EXPECT_EQ(model.name, "m");
    EXPECT_EQ(model.format, "onnx");
    EXPECT_EQ(model.producer, "pytorch 2.1");
    EXPECT_EQ(model.opsets, (std::map<std::string, std::int64_t>{{"", 17}, {"com.microsoft", 1}}));
    EXPECT_EQ(model.metadata, (std::vector<std::pair<std::string, std::string>>{{"k", "v"}}));
    EXPECT_EQ(model.sha256.size(), 64u);
    EXPECT_EQ(describe(model.graph), "Relu(x) -> y");
    EXPECT_TRUE(model.notes.empty());
}

TEST(OnnxReader, KeepsNamedUnknownAndFixedExtents) {
    const Model model = readText(graphText("input { name: 'x' type { tensor_type { elem_type: 1 shape { dim { dim_param: 'batch' } dim {} dim { dim_value: 3 } dim { dim_value: -1 } } } } }"
                                           "output { name: 'y' } node { op_type: 'Relu' input: 'x' output: 'y' }"));
    const Value& x = model.graph.value(model.graph.inputs[0]);
    EXPECT_EQ(x.type, ElementType::F32);
    EXPECT_EQ(*x.shape, (std::vector<Dim>{{-1, "batch"}, {-1, ""}, {3, ""}, {-1, ""}}));
}

TEST(OnnxReader, SortsNodesAndNamesTheNameless) {
    const Model model = readText(graphText("input { name: 'x' } output { name: 'z' }"
                                           "node { op_type: 'Relu' input: 'y' output: 'z' } node { op_type: 'Abs' input: 'x' output: 'y' }"));
    EXPECT_EQ(describe(model.graph), "Abs(x) -> y; Relu(y) -> z");
    EXPECT_EQ(model.graph.nodes[0].name, "Abs_1");
}

TEST(OnnxReader, MakesDoubleNodeNamesUnique) {
    const Model model = readText(graphText("input { name: 'x' } output { name: 'z' }"
                                           "node { name: 'n' op_type: 'Abs' input: 'x' output: 'y' } node { name: 'n' op_type: 'Relu' input: 'y' output: 'z' }"));
    EXPECT_EQ(model.graph.nodes[0].name, "n");
    EXPECT_EQ(model.graph.nodes[1].name, "n_1");
}

TEST(OnnxReader, TakesWeightsListedAsInputsForWeights) {
    const Model model = readText(graphText("input { name: 'x' } input { name: 'w' } output { name: 'y' } initializer { name: 'w' dims: 2 data_type: 1 float_data: [1, 2] }"
                                           "node { op_type: 'Add' input: ['x', 'w'] output: 'y' }"));
    EXPECT_EQ(model.graph.inputs.size(), 1u);
    EXPECT_EQ(describe(model.graph), "Add(x, [1 2]) -> y");
}

TEST(OnnxReader, TurnsEveryKindOfConstantNodeIntoAWeight) {
    const Model model = readText(graphText(
        "output { name: 'y' } node { op_type: 'Sum' input: ['a', 'b', 'c', 'd', 'e'] output: 'y' }"
        "node { op_type: 'Constant' output: 'a' attribute { name: 'value' type: TENSOR t { dims: 2 data_type: 1 float_data: [1, 2] } } }"
        "node { op_type: 'Constant' output: 'b' attribute { name: 'value_float' type: FLOAT f: 3 } }"
        "node { op_type: 'Constant' output: 'c' attribute { name: 'value_int' type: INT i: 4 } }"
        "node { op_type: 'Constant' output: 'd' attribute { name: 'value_floats' type: FLOATS floats: [5, 6] } }"
        "node { op_type: 'Constant' output: 'e' attribute { name: 'value_ints' type: INTS ints: [7, 8] } }"));
    EXPECT_EQ(describe(model.graph), "Sum([1 2], 3, 4, [5 6], [7 8]) -> y");
}

TEST(OnnxReader, KeepsTextTensorsAsNodesThatItDoesNotLookInto) {
    const Model model = readText(graphText("input { name: 'x' } output { name: 'y' } initializer { name: 's' dims: 1 data_type: 8 string_data: 'hello' }"
                                           "node { op_type: 'Equal' input: ['x', 's'] output: 'y' }"));
    ASSERT_EQ(model.graph.nodes.size(), 2u);
    EXPECT_EQ(model.graph.nodes[0].op, "Constant");
    EXPECT_TRUE(std::holds_alternative<OpaqueAttribute>(model.graph.nodes[0].attributes.at("value")));
}

TEST(OnnxReader, OpensModelsWithOperatorsThatNobodyKnows) {
    const Model model = readText(graphText("input { name: 'x' } output { name: 'y' } node { op_type: 'Frobnicate' domain: 'org.example' input: 'x' output: 'y' }"));
    EXPECT_EQ(describe(model.graph), "org.example.Frobnicate(x) -> y");
}

TEST(OnnxReader, OperatorsThatTheEngineKeepsForItselfAreRefused) {
    const std::string message = refusalOf(graphText("input { name: 'x' } output { name: 'y' } node { name: 'att' op_type: 'CachedAttention' domain: 'bitlathe' input: ['x', 'x', 'x'] output: 'y' }"));
    EXPECT_NE(message.find("'att' is an operator of the domain 'bitlathe'"), std::string::npos) << message;
}

TEST(OnnxReader, EveryNodeHasAFirstOutput) {
    const Model model = readText(graphText("input { name: 'x' } output { name: 'h' } node { op_type: 'Abs' input: 'x' } node { op_type: 'Neg' input: 'x' output: '' }"
                                           "node { name: 'n' op_type: 'Frobnicate' domain: 'org.example' input: 'x' output: ['', 'h'] }"));
    EXPECT_EQ(describe(model.graph), "org.example.Frobnicate(x) -> n_unused, h");
}

TEST(OnnxReader, KeepsSubgraphsAndSaysWhatTheyRead) {
    const Model model = readText(graphText(
        "input { name: 'x' } input { name: 'c' } output { name: 'y' } node { op_type: 'Abs' input: 'x' output: 'a' }"
        "node { op_type: 'If' input: 'c' output: 'y' attribute { name: 'then_branch' type: GRAPH g { name: 't' output { name: 'p' } node { op_type: 'Relu' input: 'a' output: 'p' } } }"
        " attribute { name: 'else_branch' type: GRAPH g { name: 'e' output { name: 'q' } node { op_type: 'Neg' input: 'x' output: 'q' } } } }", 21));
    const Node& node = model.graph.nodes.back();
    EXPECT_TRUE(std::holds_alternative<OpaqueAttribute>(node.attributes.at("then_branch")));
    ASSERT_EQ(node.captured.size(), 2u);
    EXPECT_EQ(model.graph.value(node.captured[0]).name, "x");
    EXPECT_EQ(model.graph.value(node.captured[1]).name, "a");
}

TEST(OnnxReader, InlinesLocalFunctions) {
    const Model model = readText("ir_version: 8 opset_import { version: 17 } opset_import { domain: 'f' version: 1 }"
        "functions { name: 'Leak' domain: 'f' input: 'p' output: 'q' attribute: 'slope' opset_import { version: 17 }"
        " node { op_type: 'LeakyRelu' input: 'p' output: 't' attribute { name: 'alpha' type: FLOAT ref_attr_name: 'slope' } } node { op_type: 'Abs' input: 't' output: 'q' } }"
        "graph { name: 'g' input { name: 'x' } output { name: 'y' } node { name: 'call' op_type: 'Leak' domain: 'f' input: 'x' output: 'y' attribute { name: 'slope' type: FLOAT f: 0.5 } } }");
    EXPECT_EQ(describe(model.graph), "LeakyRelu(x, alpha=0.5) -> call/0/t; Abs(call/0/t) -> y");
}

struct Packed { const char* tensor; ElementType type; std::vector<float> values; };

TEST(OnnxReader, ReadsEveryElementTypeFromItsOwnField) {
    const Packed table[] = {
        {"data_type: 1 float_data: [1.5, -2]", ElementType::F32, {1.5f, -2}},
        {"data_type: 11 double_data: [1.5, -2]", ElementType::F64, {1.5f, -2}},
        {"data_type: 10 int32_data: [15872, 49152]", ElementType::F16, {1.5f, -2}},
        {"data_type: 16 int32_data: [16320, 49152]", ElementType::BF16, {1.5f, -2}},
        {"data_type: 7 int64_data: [5, -6]", ElementType::I64, {5, -6}},
        {"data_type: 6 int32_data: [5, -6]", ElementType::I32, {5, -6}},
        {"data_type: 5 int32_data: [5, -6]", ElementType::I16, {5, -6}},
        {"data_type: 3 int32_data: [5, -6]", ElementType::I8, {5, -6}},
        {"data_type: 13 uint64_data: [5, 6]", ElementType::U64, {5, 6}},
        {"data_type: 12 uint64_data: [5, 6]", ElementType::U32, {5, 6}},
        {"data_type: 4 int32_data: [5, 60000]", ElementType::U16, {5, 60000}},
        {"data_type: 2 int32_data: [5, 250]", ElementType::U8, {5, 250}},
        {"data_type: 9 int32_data: [0, 1]", ElementType::Bool, {0, 1}},
        {"data_type: 22 int32_data: [225]", ElementType::I4, {1, -2}},
        {"data_type: 21 int32_data: [225]", ElementType::U4, {1, 14}},
        {"data_type: 23 int32_data: [225]", ElementType::F4E2M1, {0.5f, -4}},
        {"data_type: 26 int32_data: [13]", ElementType::I2, {1, -1}},
        {"data_type: 25 int32_data: [13]", ElementType::U2, {1, 3}},
        {"data_type: 17 int32_data: [60, 192]", ElementType::F8E4M3FN, {1.5f, -2}},
        {"data_type: 19 int32_data: [62, 192]", ElementType::F8E5M2, {1.5f, -2}},
        {"data_type: 24 int32_data: [127, 128]", ElementType::F8E8M0, {1, 2}},
        {"data_type: 1 raw_data: '\\000\\000\\300?\\000\\000\\000\\300'", ElementType::F32, {1.5f, -2}},
    };
    for (const Packed& row : table) {
        SCOPED_TRACE(row.tensor);
        const Model model = readText(graphText("output { name: 'y' } initializer { name: 'w' dims: 2 " + std::string(row.tensor) + " } node { op_type: 'Identity' input: 'w' output: 'y' }"));
        const Tensor& tensor = *model.graph.constant(model.graph.nodes[0].input(0));
        EXPECT_EQ(tensor.type(), row.type);
        const Tensor floats = toFloat32(tensor);
        EXPECT_EQ(std::vector<float>(floats.as<float>().begin(), floats.as<float>().end()), row.values);
    }
}

TEST(OnnxReader, RefusesWithPlaceAndCure) {
    struct Row { std::string model; const char* says; };
    const auto weight = [](const std::string& tensor) {
        return graphText("output { name: 'y' } initializer { name: 'w' " + tensor + " } node { op_type: 'Identity' input: 'w' output: 'y' }");
    };
    const Row table[] = {
        {"ir_version: 8", "holds no graph"},
        {graphText(""), "no outputs"},
        {graphText("output { name: 'y' }"), "output 'y' is made by no node"},
        {graphText("output { name: 'y' } node { name: 'r' op_type: 'Relu' input: 'gone' output: 'y' }"), "node 'r' (Relu) reads 'gone', which nothing makes"},
        {graphText("input { name: 'x' } output { name: 'y' } node { op_type: 'Relu' input: 'x' output: 'y' } node { op_type: 'Abs' input: 'x' output: 'y' }"), "'y' is made twice"},
        {graphText("output { name: 'a' } node { op_type: 'Relu' input: 'b' output: 'a' } node { op_type: 'Relu' input: 'a' output: 'b' }"), "part of a cycle"},
        {graphText("output { name: 'y' } node { input: 'y' output: 'y' }"), "names no operator"},
        {weight("dims: 3 data_type: 1 float_data: [1, 2]"), "needs 12 bytes but 8 are there"},
        {weight("dims: 3 data_type: 1 raw_data: 'abcd'"), "needs 12 bytes but 4 are there"},
        {weight("dims: 4611686018427387904 dims: 4 data_type: 1 raw_data: 'abcd'"), "impossible shape"},
        {weight("dims: 4611686018427387904 data_type: 1 raw_data: 'abcd'"), "impossible shape"},
        {weight("dims: 9000000000000000 data_type: 1"), "needs 36000000000000000 bytes but 0 are there"},
        {weight("dims: -1 data_type: 1"), "impossible shape"},
        {weight("dims: 1 data_type: 99 raw_data: 'a'"), "element type 99"},
        {graphText("output { name: 'w' } sparse_initializer { values { name: 'w' } }"), "'w' is stored sparsely"},
        {graphText("input { name: 'x' } output { name: 'y' } node { op_type: 'Add' input: 'x' input: 'x' output: 'y' attribute { name: 'broadcast' type: INT i: 1 } attribute { name: 'axis' type: INT i: 1 } }", 6),
         "a rank is not known"},
        {graphText("input { name: 'x' } output { name: 'y' } node { name: 's' op_type: 'Squeeze' input: 'x' output: 'y' attribute { name: 'axes' type: INT i: 1 } }", 9),
         "attribute 'axes' is not a list of integers"},
        {"ir_version: 8 opset_import { version: 17 } functions { name: 'F' domain: 'f' output: 'q' node { op_type: 'F' domain: 'f' output: 'q' } } graph { name: 'g' output { name: 'y' } node { op_type: 'F' domain: 'f' output: 'y' } }",
         "calls itself"},
    };
    for (const Row& row : table) {
        const std::string message = refusalOf(row.model);
        EXPECT_NE(message.find(row.says), std::string::npos) << "said: " << message << "\nexpected: " << row.says;
        EXPECT_NE(message.find("m.onnx"), std::string::npos) << message;
    }
}

TEST(OnnxReader, NamesThatAreNoTextGetOneThatIs) {
    const Model model = readText(graphText("input { name: 'x\\377' } output { name: 'y' } node { op_type: 'Relu' input: 'x\\377' output: 'y' }"));
    EXPECT_EQ(describe(model.graph), "Relu(x?) -> y");
    const Model other = readText("ir_version: 8 opset_import { version: 17 } metadata_props { key: 'a' value: 'two\\nlines' } metadata_props { key: 'b' value: '\\377' } graph { name: 'g' " + std::string(kRelu) + "}");
    EXPECT_EQ(other.metadata, (std::vector<std::pair<std::string, std::string>>{{"a", "two\nlines"}, {"b", "?"}}));
}

TEST(ReadModel, RefusesFilesOfNoKnownFormat) {
    const Folder folder;
    writeFile(folder.path() / "a.txt", "just some words, certainly no network");
    JobContext context;
    try {
        readModel(folder.path() / "a.txt", context);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Input);
        EXPECT_NE(error.message().find("no format that can be read"), std::string::npos);
    }
}

TEST(ReadModel, OpensAnOnnxFileWhateverItIsCalled) {
    const Folder folder;
    writeFile(folder.path() / "a.bin", modelBytes(graphText(kRelu)));
    JobContext context;
    const Model model = readModel(folder.path() / "a.bin", context);
    EXPECT_EQ(model.format, "onnx");
    EXPECT_EQ(sourceSha256(model, context), model.sha256);
}

TEST(ReadModel, StopsWhenAsked) {
    const Folder folder;
    writeFile(folder.path() / "a.onnx", modelBytes(graphText(kRelu)));
    std::stop_source stop;
    stop.request_stop();
    JobContext context(stop.get_token());
    EXPECT_THROW(readModel(folder.path() / "a.onnx", context), Cancelled);
}

}  // namespace
}  // namespace bitlathe
