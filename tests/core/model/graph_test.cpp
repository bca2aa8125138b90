#include "core/model/graph.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

// x → B → y, written with its nodes in the wrong order when asked to.
Graph chain(bool backwards) {
    Graph graph;
    const ValueId x = graph.addValue("x"), m = graph.addValue("m"), y = graph.addValue("y");
    Node a{.name = "a", .op = "Relu", .inputs = {x}, .outputs = {m}}, b{.name = "b", .op = "Relu", .inputs = {m}, .outputs = {y}};
    graph.nodes = backwards ? std::vector{b, a} : std::vector{a, b};
    graph.inputs = {x};
    graph.outputs = {y};
    return graph;
}

TEST(Graph, IsSortedSoThatMakersComeBeforeReaders) {
    Graph graph = chain(true);
    sortTopologically(graph, "f");
    EXPECT_EQ(graph.nodes[0].name, "a");
    EXPECT_EQ(graph.nodes[1].name, "b");
}

TEST(Graph, RefusesACycleByName) {
    Graph graph = chain(false);
    graph.nodes[0].inputs.push_back(graph.find("y"));
    try {
        sortTopologically(graph, "bad.onnx");
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("bad.onnx"), std::string::npos);
        EXPECT_NE(error.message().find("'a'"), std::string::npos);
    }
}

TEST(Graph, DropsWhatNobodyReads) {
    Graph graph = chain(false);
    const ValueId w = graph.addConstant("w", Tensor::scalar(1.0f)), z = graph.addValue("z");
    graph.nodes.push_back({.name = "c", .op = "Add", .inputs = {graph.find("m"), w}, .outputs = {z}});
    dropUnused(graph);
    EXPECT_EQ(graph.nodes.size(), 2u);
    EXPECT_EQ(graph.find("w"), kNoValue);
    EXPECT_EQ(graph.value(graph.outputs[0]).name, "y");
    EXPECT_EQ(graph.nodes[1].outputs[0], graph.find("y"));
}

TEST(Graph, MakesNamesUnique) {
    Graph graph;
    graph.addValue("x");
    EXPECT_EQ(graph.value(graph.addValue("x")).name, "x_1");
}

TEST(Node, AnAttributeOfAnotherTypeIsRefusedByName) {
    const Node node{.name = "conv", .op = "Conv", .attributes = {{"group", Attribute(2.0f)}}};
    EXPECT_EQ(node.integer("absent", 5), 5);
    EXPECT_THROW(node.integer("group", 1), Error);
}

}  // namespace
}  // namespace bitlathe
