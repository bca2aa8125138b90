// The status line counts what the file will hold.
#include "app/totals.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

// Weights of a GGUF file: two float matrices of `rows` rows of these widths.
Model weightsOf(std::int64_t rows, std::initializer_list<std::int64_t> widths) {
    Model model;
    model.format = "gguf";
    model.graph.weightsOnly = true;
    for (const std::int64_t width : widths) {
        Layer layer;
        layer.name = "w" + std::to_string(width);
        layer.shape = {rows, width};
        layer.layout = {1, rows, width};
        layer.parameters = rows * width;
        layer.bytes = 4 * rows * width;
        layer.storedAs = "float32";
        layer.quantizable = true;
        model.layers.push_back(layer);
    }
    return model;
}

TEST(Totals, CountLayersWhoseRowsDoNotFillABlockAsTheyAreStored) {
    const Model model = weightsOf(10, {64, 172});
    Scheme scheme;
    scheme.weights = QuantSpec{.codec = "q8_0", .bits = 8, .granularity = PerGroup{32}};
    const Totals totals = totalsOf(model, {scheme, scheme});
    EXPECT_EQ(totals.quantizable, 2u);
    EXPECT_EQ(totals.quantized, 1u);
    EXPECT_EQ(totals.bytesBefore, 4 * 10 * (64 + 172));
    EXPECT_EQ(totals.bytesAfter, 10 * 2 * 34 + 4 * 10 * 172) << "a block of 32 takes 34 bytes";
    EXPECT_DOUBLE_EQ(totals.bitsPerWeight, 8.0 * double(totals.bytesAfter) / (10 * (64 + 172)));
    EXPECT_EQ(storedScheme(model, model.layers[0], scheme), scheme);
    EXPECT_FALSE(storedScheme(model, model.layers[1], scheme).weights);
}

TEST(Totals, GraphsAreCountedAsAsked) {
    Model model = weightsOf(10, {172});
    model.format = "onnx";
    model.graph.weightsOnly = false;
    Scheme scheme;
    scheme.weights = QuantSpec{};
    EXPECT_EQ(storedScheme(model, model.layers[0], scheme), scheme);
    EXPECT_EQ(totalsOf(model, {scheme}).quantized, 1u);
}

}  // namespace
}  // namespace bitlathe
