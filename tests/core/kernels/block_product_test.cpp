#include "core/kernels/block_product.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/kernels/block_encode.h"
#include "tests/core/kernels/bytes.h"

namespace bitlathe {
namespace {

constexpr const char* kNames[] = {"q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q2_K", "q3_K", "q4_K", "q5_K", "q6_K", "iq4_nl", "iq4_xs", "tq1_0", "tq2_0", "mxfp4"};
constexpr int kTypes = static_cast<int>(GgufType::MXFP4) + 1;  // lattice types have no products

struct Operands {
    GgufType type;
    std::int64_t n, k, m;
    std::vector<std::uint8_t> blocks;
    std::vector<float> x;
};

// Codes of random bytes, which blocks made by an encoder need not have, under scales that an encoder made.
Operands operandsOf(GgufType type, std::int64_t n, std::int64_t k, std::int64_t m, unsigned seed) {
    const GgufSize& size = kGgufSizes[static_cast<int>(type)];
    Bytes random(seed);
    Operands o{type, n, k, m, {}, {}};
    const std::int64_t blocks = n * k / size.values;
    std::vector<float> w(static_cast<std::size_t>(n * k));
    for (float& v : w) v = random.real(-1, 1);
    o.blocks.resize(static_cast<std::size_t>(blocks * size.bytes));
    GgufRun run{type, blocks, w.data()};
    run.rowBlocks = k / size.values;
    packGgufRun(Isa::Reference, run, o.blocks.data());
    const auto wild = random.next(static_cast<std::int64_t>(o.blocks.size()));
    int scaleAt = type == GgufType::Q2_K ? 80 : type == GgufType::Q3_K ? 108 : type == GgufType::Q6_K ? 208 : type == GgufType::TQ1_0 ? 52 : type == GgufType::TQ2_0 ? 64 : 0;
    for (std::size_t i = 0; i < wild.size(); ++i) {
        const int at = static_cast<int>(i % static_cast<std::size_t>(size.bytes));
        const std::size_t block = i / static_cast<std::size_t>(size.bytes);
        const bool scale = type == GgufType::MXFP4 ? at == 0 : at >= scaleAt && at < scaleAt + 4;
        if (!scale && block % 3 != 0) o.blocks[i] = wild[i];
    }
    o.x.resize(static_cast<std::size_t>(m * k));
    for (float& v : o.x) v = random.real(-3, 3) * (random.between(0, 15) == 0 ? 10.0f : 1.0f);
    return o;
}

std::vector<ActivationGroup> coded(Isa isa, const std::vector<float>& x, std::int64_t m, std::int64_t k) {
    std::vector<ActivationGroup> groups(static_cast<std::size_t>(m * activationGroups(k)));
    std::memset(groups.data(), 0xcc, groups.size() * sizeof(ActivationGroup));
    codeActivations(isa, x.data(), k, m, k, groups.data());
    return groups;
}

std::vector<float> product(Isa isa, const Operands& o, const std::vector<ActivationGroup>& a) {
    std::vector<float> y(static_cast<std::size_t>(o.m * o.n), -1.0f);
    multiplyBlocks(isa, {o.type, o.k, o.n, o.blocks.data(), o.m, a.data(), y.data(), o.n});
    return y;
}

// Where value i of a group lies.
std::size_t placeOf(std::int64_t i) {
    const std::int64_t part = i / 32, half = i % 32 / 16;
    return static_cast<std::size_t>(64 * (2 * (part % 4) + half) + 16 * (part / 4) + i % 16);
}
double activation(const ActivationGroup* row, std::int64_t i) {
    const ActivationGroup& g = row[i / kActivationGroup];
    const std::int64_t at = i % kActivationGroup;
    return double(g.scale[at / 32]) * g.codes[placeOf(at)];
}

std::vector<float> decoded(const Operands& o) {
    std::vector<float> w(static_cast<std::size_t>(o.n * o.k));
    unpackGgufRun(Isa::Reference, o.type, o.blocks.data(), o.n * o.k / kGgufSizes[static_cast<int>(o.type)].values, w.data());
    return w;
}

void expectNear(const Operands& o, const std::vector<ActivationGroup>& a, const std::vector<float>& y) {
    const std::vector<float> w = decoded(o);
    for (std::int64_t i = 0; i < o.m; ++i)
        for (std::int64_t j = 0; j < o.n; ++j) {
            double sum = 0, size = 0;
            for (std::int64_t d = 0; d < o.k; ++d) {
                const double term = double(w[static_cast<std::size_t>(j * o.k + d)]) * activation(a.data() + i * activationGroups(o.k), d);
                sum += term;
                size += std::abs(term);
            }
            ASSERT_NEAR(y[static_cast<std::size_t>(i * o.n + j)], sum, 4e-6 * size + 1e-30) << kNames[static_cast<int>(o.type)] << " row " << i << " column " << j << " k " << o.k;
        }
}

bool sameBits(const std::vector<float>& a, const std::vector<float>& b) { return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0; }

TEST(BlockProduct, IsTheProductOfDecodedWeightsAndDecodedActivations) {
    for (int t = 0; t < kTypes; ++t)
        for (const int blocks : {1, 2, 3, 16, 17}) {
            const Operands o = operandsOf(static_cast<GgufType>(t), 5, std::int64_t{blocks} * kGgufSizes[t].values, 3, static_cast<unsigned>(100 * t + blocks));
            const auto a = coded(Isa::Reference, o.x, o.m, o.k);
            expectNear(o, a, product(Isa::Reference, o, a));
        }
}

TEST(BlockProduct, HasTheSameBitsOnEveryInstructionSet) {
    for (int t = 0; t < kTypes; ++t)
        for (const int blocks : {1, 2, 5, 16, 19, 70})
            for (const int m : {1, 2, 7}) {
                const Operands o = operandsOf(static_cast<GgufType>(t), 6, std::int64_t{blocks} * kGgufSizes[t].values, m, static_cast<unsigned>(1000 * t + 10 * blocks + m));
                const auto a = coded(Isa::Reference, o.x, o.m, o.k);
                const auto expected = product(Isa::Reference, o, a);
                for (const Isa isa : testIsas()) EXPECT_TRUE(sameBits(product(isa, o, a), expected)) << kNames[t] << " " << isaName(isa) << " blocks " << blocks << " m " << m;
            }
}

TEST(BlockProduct, HasTheSameBitsOnEveryInstructionSetForLargeMatrices) {
    for (int t = 0; t < kTypes; ++t) {
        const Operands o = operandsOf(static_cast<GgufType>(t), 37, 256 * 19, 67, static_cast<unsigned>(t));
        const auto a = coded(Isa::Reference, o.x, o.m, o.k);
        const auto expected = product(Isa::Reference, o, a);
        expectNear(o, a, expected);
        for (const Isa isa : testIsas()) EXPECT_TRUE(sameBits(product(isa, o, a), expected)) << kNames[t] << " " << isaName(isa);
    }
}

TEST(BlockProduct, OfARowDoesNotDependOnTheRowsBesideIt) {
    for (int t = 0; t < kTypes; ++t) {
        const Operands o = operandsOf(static_cast<GgufType>(t), 9, 256 * 3, 5, static_cast<unsigned>(t + 7));
        const auto a = coded(Isa::Reference, o.x, o.m, o.k);
        const std::int64_t rowBytes = blockRowBytes(o.type, o.k);
        for (const Isa isa : testIsas()) {
            const auto whole = product(isa, o, a);
            for (std::int64_t i = 0; i < o.m; ++i)
                for (std::int64_t j = 0; j < o.n; ++j) {
                    // A copy that ends where the row ends, so that reading on would be seen.
                    const std::vector<std::uint8_t> row(o.blocks.begin() + j * rowBytes, o.blocks.begin() + (j + 1) * rowBytes);
                    float y = 0;
                    multiplyBlocks(isa, {o.type, o.k, 1, row.data(), 1, a.data() + i * activationGroups(o.k), &y, 1});
                    ASSERT_EQ(std::bit_cast<std::uint32_t>(y), std::bit_cast<std::uint32_t>(whole[static_cast<std::size_t>(i * o.n + j)])) << kNames[t] << " " << isaName(isa);
                }
        }
    }
}

TEST(BlockProduct, WritesNothingBetweenRows) {
    const Operands o = operandsOf(GgufType::Q4_K, 3, 256, 2, 5);
    const auto a = coded(Isa::Reference, o.x, o.m, o.k);
    for (const Isa isa : testIsas()) {
        std::vector<float> y(10, 7.0f);
        multiplyBlocks(isa, {o.type, o.k, o.n, o.blocks.data(), o.m, a.data(), y.data(), 5});
        for (const std::size_t i : {3, 4, 8, 9}) EXPECT_EQ(y[i], 7.0f);
    }
}

TEST(BlockProduct, OfRowsWithoutNumbersIsZero) {
    const std::uint8_t none = 0;
    const ActivationGroup noActivations{};
    for (int t = 0; t < kTypes; ++t)
        for (const Isa isa : testIsas())
            for (const int m : {1, 2, 5}) {
                std::vector<float> y(static_cast<std::size_t>(m * 3), 7.0f);
                multiplyBlocks(isa, {static_cast<GgufType>(t), 0, 3, &none, m, &noActivations, y.data(), 3});
                EXPECT_EQ(y, std::vector<float>(y.size(), 0.0f)) << kNames[t] << " " << isaName(isa) << " m " << m;
            }
}

TEST(CodedActivations, AreTheNearestCodesUnderTheLargestMagnitude) {
    Bytes random(3);
    for (const std::int64_t k : {1, 31, 32, 33, 512, 700}) {
        std::vector<float> x(static_cast<std::size_t>(2 * k));
        for (float& v : x) v = random.real(-2, 2);
        const auto a = coded(Isa::Reference, x, 2, k);
        for (std::int64_t r = 0; r < 2; ++r)
            for (std::int64_t i = 0; i < activationGroups(k) * kActivationGroup; ++i) {
                const ActivationGroup* row = a.data() + r * activationGroups(k);
                const double value = i < k ? double(x[static_cast<std::size_t>(r * k + i)]) : 0.0;
                EXPECT_NEAR(activation(row, i), value, 0.5001 * double(row[i / kActivationGroup].scale[i % kActivationGroup / 32]));
            }
        for (const ActivationGroup& g : a)
            for (int p = 0; p < 16; ++p)
                for (int h = 0; h < 2; ++h) {
                    int sum = 0;
                    for (int i = 0; i < 16; ++i) sum += g.codes[placeOf(32 * p + 16 * h + i)];
                    EXPECT_EQ(g.sums[h][p], sum);
                }
    }
}

TEST(CodedActivations, HaveTheSameBitsOnEveryInstructionSet) {
    Bytes random(4);
    for (const std::int64_t k : {5, 64, 500, 1024, 1500}) {
        std::vector<float> x(static_cast<std::size_t>(3 * k));
        for (float& v : x) v = random.between(0, 9) == 0 ? 0.0f : random.real(-1, 1) * std::ldexp(1.0f, random.between(-120, 100));
        if (k > 100) {
            x[40] = std::numeric_limits<float>::quiet_NaN();
            x[99] = -std::numeric_limits<float>::infinity();
        }
        const auto expected = coded(Isa::Reference, x, 3, k);
        for (const Isa isa : testIsas()) {
            const auto a = coded(isa, x, 3, k);
            for (std::size_t i = 0; i < a.size(); ++i) {
                EXPECT_EQ(std::memcmp(a[i].codes, expected[i].codes, sizeof a[i].codes), 0) << isaName(isa) << " k " << k;
                EXPECT_EQ(std::memcmp(a[i].scale, expected[i].scale, sizeof a[i].scale), 0) << isaName(isa) << " k " << k;
                EXPECT_EQ(std::memcmp(a[i].sums, expected[i].sums, sizeof a[i].sums), 0) << isaName(isa) << " k " << k;
            }
        }
    }
}

TEST(CodedActivations, TellOfNaNAndInfinityAndCodeWhatIsTinyAsZero) {
    Operands o = operandsOf(GgufType::Q8_0, 2, 64, 3, 9);
    o.x[5] = std::numeric_limits<float>::quiet_NaN();
    o.x[64 + 63] = std::numeric_limits<float>::infinity();
    for (std::int64_t i = 128; i < 192; ++i) o.x[static_cast<std::size_t>(i)] = 1e-40f;
    for (const Isa isa : testIsas()) {
        const auto y = product(isa, o, coded(isa, o.x, o.m, o.k));
        for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(std::isnan(y[i]));
        EXPECT_EQ(y[4], 0.0f);
        EXPECT_EQ(y[5], 0.0f);
    }
}

template <class T>
std::vector<T> golden(const std::string& name) {
    std::ifstream in(std::string(BITLATHE_SOURCE_DIR) + "/../shared/vectors/ggml/" + name, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
}

float halfAt(const std::uint8_t* bytes) {
    const unsigned half = bytes[0] | bytes[1] << 8, exponent = half >> 10 & 31;
    const float size = exponent ? std::ldexp(static_cast<float>(1024 + half % 1024), static_cast<int>(exponent) - 25) : std::ldexp(static_cast<float>(half % 1024), -24);
    return half >> 15 ? -size : size;
}

// ggml's own codes of two rows of 512 activations.
std::map<std::string, std::vector<ActivationGroup>> peerActivations() {
    std::map<std::string, std::vector<ActivationGroup>> all;
    for (const char* name : {"q8_0", "q8_1", "q8_K"}) {
        const bool large = name[3] == 'K';
        const int values = large ? 256 : 32, codesAt = large ? 4 : name[3] == '1' ? 4 : 2, bytes = large ? 292 : codesAt + 32;
        const auto blocks = golden<std::uint8_t>("activations." + std::string(name) + ".blocks.bin");
        if (blocks.empty()) continue;
        std::vector<ActivationGroup> groups(2);
        for (int i = 0; i < 1024; ++i) {
            const std::uint8_t* block = blocks.data() + i / values * bytes;
            ActivationGroup& g = groups[static_cast<std::size_t>(i / 512)];
            const auto code = static_cast<std::int8_t>(block[codesAt + i % values]);
            g.codes[placeOf(i % 512)] = code;
            g.sums[i % 32 / 16][i % 512 / 32] += code;
            if (large) std::memcpy(&g.scale[i % 512 / 32], block, 4);
            else g.scale[i % 512 / 32] = halfAt(block);
        }
        all[name] = groups;
    }
    return all;
}

TEST(BlockProduct, AgreesWithThePeersDotProducts) {
    std::ifstream table(std::string(BITLATHE_SOURCE_DIR) + "/../shared/vectors/ggml/vec_dot.tsv");
    if (!table) GTEST_SKIP() << "../shared/vectors/ggml is missing";
    const auto activations = peerActivations();
    int compared = 0;
    std::string line, type, peer;
    std::getline(table, line);
    while (std::getline(table, line)) {
        std::istringstream words(line);
        int row = 0, activationRow = 0;
        double theirs = 0, exact = 0;
        words >> type >> peer >> row >> activationRow >> theirs >> exact;
        for (int t = 0; t < kTypes; ++t) {
            if (type != kNames[t]) continue;
            const auto blocks = golden<std::uint8_t>(type + ".blocks.bin");
            const std::int64_t rowBytes = blockRowBytes(static_cast<GgufType>(t), 512);
            ASSERT_GE(static_cast<std::int64_t>(blocks.size()), (row + 1) * rowBytes);
            float y = 0;
            multiplyBlocks(detectIsa(), {static_cast<GgufType>(t), 512, 1, blocks.data() + row * rowBytes, 1, activations.at(peer).data() + activationRow, &y, 1});
            EXPECT_NEAR(y, exact, 3e-5 * std::abs(exact) + 1e-6) << line;
            ++compared;
        }
    }
    EXPECT_EQ(compared, 24 * kTypes);
}

}  // namespace
}  // namespace bitlathe
