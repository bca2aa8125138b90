#include "core/quant/code_entropy.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/quantized_tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace bitlathe {
namespace {

TEST(Huffman, CodesOfKnownCountsHaveKnownLengths) {
    EXPECT_EQ(huffmanLengths(std::vector<std::uint64_t>{8, 4, 2, 1, 1}), (std::vector<int>{1, 2, 3, 4, 4}));
    EXPECT_EQ(huffmanLengths(std::vector<std::uint64_t>{5, 5, 5, 5}), (std::vector<int>{2, 2, 2, 2}));
    EXPECT_EQ(huffmanLengths(std::vector<std::uint64_t>{0, 7, 0}), (std::vector<int>{0, 1, 0}));
    EXPECT_EQ(huffmanLengths(std::vector<std::uint64_t>{0, 0}), (std::vector<int>{0, 0}));
}

TEST(Huffman, LengthsFillTheCodeSpaceAndStayWithinABitOfTheBound) {
    std::mt19937 random(1);
    for (int round = 0; round < 100; ++round) {
        std::vector<std::uint64_t> counts(256);
        for (auto& count : counts) count = random() % 4 ? random() >> (random() % 30) : 0;
        const auto lengths = huffmanLengths(counts);
        double space = 0, bits = 0, all = 0;
        for (std::size_t s = 0; s < counts.size(); ++s) {
            EXPECT_EQ(lengths[s] > 0, counts[s] > 0);
            if (lengths[s] > 0) space += std::exp2(-lengths[s]);
            bits += double(counts[s]) * lengths[s];
            all += double(counts[s]);
        }
        EXPECT_DOUBLE_EQ(space, 1.0);
        EXPECT_GE(bits, entropyBits(counts) * (1 - 1e-12));
        EXPECT_LE(bits, entropyBits(counts) + all);
    }
}

TEST(CodeEntropy, CountsCodesTableAndParameters) {
    std::mt19937 random(2);
    std::normal_distribution<float> normal(0, 1);
    std::vector<float> x(64 * 1024);
    for (float& v : x) v = normal(random);
    Workers workers(2);
    JobContext job;
    const ChannelLayout layout{1, 64, 1024};
    for (const int bits : {4, 8, 12}) {
        const QuantizedTensor q = quantizeWeights(Tensor::of(Shape{64, 1024}, x), layout, QuantSpec{"int", bits, true, true, PerChannel{}}, workers, job);
        const CodeEntropy entropy = codeEntropy(q, workers);
        EXPECT_LT(entropy.bitsPerCode, bits) << bits;
        const double parameters = 64 * 4 + std::exp2(bits);  // scales, and a byte per symbol
        EXPECT_GE(double(entropy.huffmanBytes), entropy.bitsPerCode * 65536 / 8 + parameters) << bits;
        EXPECT_LE(double(entropy.huffmanBytes), (entropy.bitsPerCode + 0.1) * 65536 / 8 + parameters + 1) << bits;
        EXPECT_DOUBLE_EQ(entropy.huffmanBitsPerWeight, 8.0 * double(entropy.huffmanBytes) / 65536);
        Workers one(1);
        EXPECT_EQ(codeEntropy(q, one), entropy);
    }
}

}  // namespace
}  // namespace bitlathe
