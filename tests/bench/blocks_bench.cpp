#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/kernels/block_product.h"
#include "core/kernels/kernel_list.h"
#include "tests/bench/kernels_bench.h"

namespace bitlathe {
namespace {

constexpr const char* kNames[] = {"q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q2_K", "q3_K", "q4_K", "q5_K", "q6_K", "iq4_nl", "iq4_xs", "tq1_0", "tq2_0", "mxfp4"};
constexpr std::int64_t kColumns = 2048, kTokens = 128;
constexpr std::int64_t kWeights = 320 << 20;  // bytes: far more than caches hold

struct Case {
    GgufType type;
    const BigBuffer& weights;
    std::int64_t rows;  // of weights
    std::int64_t m;
    const std::vector<ActivationGroup>& a;
    std::vector<float>& y;
};

void product(const Machine& machine, const Case& c) {
    constexpr std::int64_t grain = 64;
    machine.workers->forRange(c.rows, grain, [&](std::int64_t from, std::int64_t to) {
        multiplyBlocks(machine.isa, {c.type, kColumns, to - from, c.weights.as<std::uint8_t>() + from * blockRowBytes(c.type, kColumns), c.m, c.a.data(), c.y.data() + from, c.rows});
    });
}

// One token: bytes of weights per second, beside reading them. Many: multiply-adds beside those in registers.
void benchType(const Machine& machine, GgufType type, const BigBuffer& weights, const std::vector<ActivationGroup>& a, std::vector<float>& y) {
    const std::string kernel(kernelFor("block_product", machine.isa).name), name = kNames[static_cast<int>(type)];
    const int threads = machine.workers->threads();
    const std::int64_t rowBytes = blockRowBytes(type, kColumns), all = kWeights / rowBytes;
    if (const std::string what = name + " 1 token"; machine.wants(what)) {
        const Case c{type, weights, all, 1, a, y};
        printSample(kernel, what, threads, sample(double(all * rowBytes), 0.6, [&] { product(machine, c); }, [&] { return sampleRead(machine, weights.data(), kWeights); }), "GB/s ");
    }
    if (const std::string what = name + " 1 token, cached"; machine.wants(what)) {
        const Case c{type, weights, 256, 1, a, y};
        printSample(kernel, what, threads, sample(double(256 * rowBytes), 0.1, [&] { product(machine, c); }, [&] { return sampleRead(machine, weights.data(), 1 << 20); }), "GB/s ");
    }
    if (const std::string what = name + " 128 tokens"; machine.wants(what)) {
        const Case c{type, weights, 2048, kTokens, a, y};
        printSample(kernel, what, threads, sample(2.0 * kTokens * 2048 * kColumns, 0.3, [&] { product(machine, c); }, [&] { return 2 * sampleMultiplies(machine); }), "Gop/s");
    }
}

}  // namespace

void benchBlocks(const Machine& machine) {
    BigBuffer weights(kWeights);
    std::minstd_rand random(1);
    for (std::int64_t i = 0; i < kWeights / 4; ++i) weights.as<std::uint32_t>()[i] = static_cast<std::uint32_t>(random()) & 0x3f3f3f3fu;  // scales of any type stay finite
    std::vector<float> x(static_cast<std::size_t>(kTokens * kColumns));
    std::uniform_real_distribution<float> even(-1, 1);
    for (float& v : x) v = even(random);
    std::vector<ActivationGroup> a(static_cast<std::size_t>(kTokens * activationGroups(kColumns)));
    if (machine.wants("coding")) {
        const auto code = [&] { codeActivations(machine.isa, x.data(), kColumns, kTokens, kColumns, a.data()); };
        printSample(std::string(kernelFor("block_product", machine.isa).name), "coding of activations", 1,
                    sample(double(x.size() * 4), 0.1, code, [&] { return sampleRead(machine, x.data(), static_cast<std::int64_t>(x.size() * 4)); }), "GB/s ");
    }
    codeActivations(machine.isa, x.data(), kColumns, kTokens, kColumns, a.data());
    std::vector<float> y(static_cast<std::size_t>(std::max(kTokens * 2048, kWeights / blockRowBytes(GgufType::TQ1_0, kColumns))));
    for (int t = 0; t < static_cast<int>(std::size(kNames)); ++t) {
        if (static_cast<GgufType>(t) == GgufType::MXFP4)  // exponents of its own: small ones would measure subnormal floats
            for (std::int64_t i = 0; i < kWeights / 17; ++i) weights.as<std::uint8_t>()[17 * i] = static_cast<std::uint8_t>(115 + i % 8);
        benchType(machine, static_cast<GgufType>(t), weights, a, y);
    }
}

}  // namespace bitlathe
