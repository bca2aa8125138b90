#include "core/kernels/fconv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace bitlathe {

namespace {

struct Problem {
    std::vector<float> weights, packed, image, bias;
    std::vector<std::int64_t> taps;
    std::vector<FconvRow> rows;
    FconvCall call;
    std::int64_t plane = 0;

    Problem(std::int64_t outputs, std::int64_t depth, std::int64_t count, unsigned seed) {
        std::mt19937 random(seed);
        std::normal_distribution<float> normal;
        weights.resize(static_cast<std::size_t>(outputs * depth));
        image.resize(static_cast<std::size_t>(64 + 4 * depth + 20 * count));
        bias.resize(static_cast<std::size_t>(outputs));
        for (auto* list : {&weights, &image, &bias})
            for (auto& value : *list) value = normal(random);
        for (std::int64_t k = 0; k < depth; ++k) taps.push_back(std::uniform_int_distribution<std::int64_t>(0, 4 * depth)(random));
        for (std::int64_t r = 0; r < count; ++r) {
            const std::uint32_t lanes = r % 3 == 0 ? 0xFFFF : std::uniform_int_distribution<std::uint32_t>(1, 0xFFFF)(random);
            rows.push_back({20 * r, plane, lanes});
            plane += __builtin_popcount(lanes);
        }
        packed.resize(static_cast<std::size_t>(fconvPackedCount(outputs, depth)));
        fconvPack(weights.data(), outputs, depth, packed.data());
        call.packed = packed.data();
        call.taps = taps.data();
        call.depth = depth;
        call.outputs = outputs;
        call.x = image.data();
        call.yStride = plane;
    }
    std::vector<float> run(Isa isa) {
        std::vector<float> y(static_cast<std::size_t>(call.outputs * plane), -77.0f);
        call.y = y.data();
        fconv(isa, call, rows.data(), static_cast<std::int64_t>(rows.size()), 0, call.outputs);
        return y;
    }
};

bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(Fconv, IsTheChainOfFusedMultiplyAddsOverTheTaps) {
    Problem p(3, 5, 2, 1);
    p.call.bias = p.bias.data();
    const auto y = p.run(Isa::Reference);
    for (std::int64_t o = 0; o < 3; ++o)
        for (const FconvRow& row : p.rows) {
            std::int64_t at = row.y;
            for (int lane = 0; lane < 16; ++lane) {
                if (!(row.lanes >> lane & 1u)) continue;
                float sum = 0.0f;
                for (std::size_t k = 0; k < 5; ++k) sum = std::fma(p.weights[static_cast<std::size_t>(o) * 5 + k], p.image[static_cast<std::size_t>(row.x + lane + p.taps[k])], sum);
                EXPECT_EQ(y[static_cast<std::size_t>(o * p.plane + at++)], sum + p.bias[static_cast<std::size_t>(o)]);
            }
        }
}

TEST(Fconv, GivesTheReferencesBitsOnEveryInstructionSet) {
    for (std::int64_t outputs = 1; outputs <= 19; ++outputs)
        for (const std::int64_t depth : {1, 2, 9, 27, 130})
            for (const std::int64_t count : {1, 2, 3, 5, 9, 17}) {
                Problem p(outputs, depth, count, static_cast<unsigned>(outputs * 1000 + depth + count));
                if (count % 2) p.call.bias = p.bias.data();
                p.call.bounded = depth % 2 == 0;
                p.call.low = 0.0f;
                p.call.high = depth == 2 ? 1.0f : std::numeric_limits<float>::infinity();
                const auto expected = p.run(Isa::Reference);
                for (const Isa isa : isasUpTo(detectIsa()))
                    ASSERT_TRUE(sameBits(p.run(isa), expected)) << isaName(isa) << " outputs " << outputs << " depth " << depth << " rows " << count;
            }
}

TEST(Fconv, KeepsNanThroughItsBounds) {
    Problem p(8, 3, 3, 5);
    p.image.assign(p.image.size(), std::numeric_limits<float>::quiet_NaN());
    p.call.bounded = true;
    p.call.low = 0.0f;
    p.call.high = 6.0f;
    for (const Isa isa : isasUpTo(detectIsa()))
        for (const float value : p.run(isa)) ASSERT_TRUE(std::isnan(value)) << isaName(isa);
}

TEST(Fconv, NeitherReadsNorWritesLanesThatAreNotSet) {
    // The image ends where the last set lane of the last tap ends; address sanitizers see a byte more.
    for (const Isa isa : isasUpTo(detectIsa())) {
        const std::vector<float> image(7, 1.0f);
        std::vector<float> y(5, -1.0f), packed(static_cast<std::size_t>(fconvPackedCount(1, 2)));
        const std::vector<float> weights{2.0f, 3.0f};
        fconvPack(weights.data(), 1, 2, packed.data());
        const std::vector<std::int64_t> taps{0, 3};
        FconvCall call;
        call.packed = packed.data();
        call.taps = taps.data();
        call.depth = 2;
        call.outputs = 1;
        call.x = image.data();
        call.y = y.data();
        const FconvRow row{0, 1, 0b1011};
        fconv(isa, call, &row, 1, 0, 1);
        EXPECT_EQ(y, (std::vector<float>{-1.0f, 5.0f, 5.0f, 5.0f, -1.0f}));
    }
}

}  // namespace

}  // namespace bitlathe
