#include "core/formats/keras/codes.h"

#include "core/base/error.h"
#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"

#include <gtest/gtest.h>

#include <random>

namespace bitlathe::keras {
namespace {

struct Coded {
    QuantizedTensor weights;
    WeightOrigin origin;
};

// A filter of out × in × h × w, which the file has as h × w × in × out.
Coded filter(const QuantSpec& spec) {
    std::mt19937 random(3);
    std::normal_distribution<float> bell(0, 0.1f);
    std::vector<float> values(6 * 40 * 3 * 3);
    for (float& x : values) x = bell(random);
    Workers workers(1);
    JobContext job;
    const Shape shape{6, 40, 3, 3};
    return {quantizeWeights(Tensor::of(shape, values), {1, 6, 360}, spec, workers, job), {{}, "/model_weights/conv/kernel", {3, 2, 0, 1}, true, {3, 3, 40, 6}, {}}};
}

std::vector<QuantSpec> everySpec() {
    std::vector<QuantSpec> specs;
    for (const Codec& codec : codecs())
        for (int bits = codec.minBits; bits <= codec.maxBits; ++bits) {
            QuantSpec spec{.codec = std::string(codec.name), .bits = bits, .granularity = PerGroup{32}};
            if (codec.takesTable) {
                spec.table.resize(std::size_t(1) << bits);
                for (std::size_t i = 0; i < spec.table.size(); ++i) spec.table[i] = static_cast<float>(i) / static_cast<float>(spec.table.size()) - 0.5f;
            }
            if (!codec.scaleTypes.empty()) spec.scale = codec.scaleTypes.front();
            specs.push_back(spec);
            spec.symmetric = false;
            spec.granularity = PerTensor{};
            if (codec.takesSymmetric) specs.push_back(spec);
        }
    return specs;
}

TEST(KerasCodes, OfEveryFormatAndWidthDecodeToTheSameBits) {
    Workers workers(1);
    for (const QuantSpec& spec : everySpec()) {
        const auto [weights, origin] = filter(spec);
        const Hdf5Node node = unpackNode(pack(codesNode(weights, origin, "conv")), "bytes");
        EXPECT_EQ(decodedArray(node, "a node"), inFileOrder(origin, dequantize(weights, workers))) << formatName(spec);
        std::int64_t bytes = 0;
        for (const char* name : {"codes", "scales", "zero_points", "inner_bytes"})
            if (const Tensor* tensor = node.get<Tensor>(name)) bytes += static_cast<std::int64_t>(tensor->bytes().size());
        EXPECT_LE(bytes, codesBytes(weights.layout, spec)) << formatName(spec);
    }
}

TEST(KerasCodes, OfAnyOtherShapeAreRefused) {
    for (const QuantSpec& spec : {QuantSpec{}, QuantSpec{.codec = "nf4", .bits = 4}, QuantSpec{.codec = "kmeans", .bits = 3}, QuantSpec{.codec = "q4_k", .bits = 4}, QuantSpec{.bits = 12, .symmetric = false}}) {
        const auto [weights, origin] = filter(spec);
        Hdf5Node node = codesNode(weights, origin, "conv");
        node.add("gates", Tensor::of(Shape{2}, std::vector<std::int64_t>{1, 0}));
        const Tensor sound = decodedArray(node, "a node");
        EXPECT_EQ(sound.shape(), (Shape{3, 3, 40, 6}));
        for (std::size_t i = 0; i < node.items.size(); ++i) {
            const auto with = [&](const Hdf5Value& value) {
                Hdf5Node other = node;
                other.items[i].value = value;
                try {
                    return decodedArray(other, "a node").count();
                } catch (const Error& error) {
                    EXPECT_EQ(error.kind(), ErrorKind::Input);
                    EXPECT_EQ(error.message().find("a node"), 0u) << error.message();
                    return std::int64_t(-1);
                }
            };
            const std::string& name = node.items[i].name;
            const bool matters = name != "layer" && name != "array" && name != "format" && name != "code_bits" && name != "lowest_code" && name != "group_size" && name != "groups_per_channel";
            for (const std::int64_t number : {std::int64_t(0), std::int64_t(-1), std::int64_t(7), std::int64_t(1) << 40, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()})
                EXPECT_TRUE(with(number) == -1 || !matters) << name << " = " << number;
            for (const std::vector<std::int64_t>& list : {std::vector<std::int64_t>{}, {-1}, {3, 3, 3, 3}, {0, 1, 2, 3, 4}, {std::int64_t(1) << 62, 4, 1, 1}, {1, 1, 1, 2161}})
                EXPECT_TRUE(with(Tensor::of(Shape{static_cast<std::int64_t>(list.size())}, list)) == -1 || !matters || list.empty()) << name;
            EXPECT_TRUE(with(std::string("{\"version\": 1}")) == -1 || !matters) << name;
            if (const auto* tensor = std::get_if<Tensor>(&node.items[i].value); tensor && name != "axes" && name != "gates" && name != "array_shape")
                for (int seed = 0; seed < 20; ++seed) {  // other numbers of the right kind: other weights, or a refusal
                    std::mt19937 random(static_cast<unsigned>(seed));
                    std::byte* to = nullptr;
                    const Tensor noise = Tensor::allocate(tensor->type(), tensor->shape(), to);
                    for (std::size_t b = 0; b < noise.bytes().size(); ++b) to[b] = static_cast<std::byte>(random() & 255);
                    with(noise);
                }
        }
    }
}

TEST(KerasCodes, PutGatesAndAxesBack) {
    // Two rows of three gates with two units each: columns 0 1 | 2 3 | 4 5. The graph has gate 2 first, then 0, then 1.
    const Tensor graph = Tensor::of(Shape{1, 6, 2}, std::vector<float>{4, 14, 5, 15, 0, 10, 1, 11, 2, 12, 3, 13});
    const WeightOrigin origin{{}, {}, {1, 0}, true, {2, 6}, {2, 0, 1}};
    EXPECT_EQ(inFileOrder(origin, graph), Tensor::of(Shape{2, 6}, std::vector<float>{0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}));
}

}  // namespace
}  // namespace bitlathe::keras
