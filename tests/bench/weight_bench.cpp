#include <cstdio>
#include <random>
#include <vector>

#include "core/kernels/kernel_list.h"
#include "core/kernels/weight_pass.h"
#include "tests/bench/kernels_bench.h"

namespace bitlathe {
namespace {

constexpr std::int64_t rows = 4096, columns = 4096;

enum Wanted { Sums = 0, Codes = 1, CodeCounts = 2, ErrorCounts = 4, ValueCounts = 8, Maps = 16 };

void pass(const Machine& machine, const float* x, const char* what, int bits, std::int64_t group, int wanted) {
    if (!machine.wants(what)) return;
    const std::int32_t top = (1 << (bits - 1)) - 1;
    const std::int64_t groups = rows * columns / group;
    const std::vector<float> scales(static_cast<std::size_t>(groups), 4.0f / static_cast<float>(top));
    BigBuffer codes(rows * columns);
    std::vector<float> error2(static_cast<std::size_t>(groups)), value2(error2.size());
    constexpr std::int64_t grain = 64;  // rows per chunk
    const auto body = [&] {
        machine.workers->forRange(rows, grain, [&](std::int64_t begin, std::int64_t end) {
            const std::int64_t at = begin * columns, first = at / group;
            std::vector<std::int64_t> counts(256), errors(258), values(258);
            WeightPass p;
            p.x = x + at;
            p.count = (end - begin) * columns;
            p.groupSize = group;
            p.scales = scales.data() + first;
            p.low = -top;
            p.high = top;
            if (wanted & Codes) p.codes = codes.as<std::uint8_t>() + at;
            if (wanted & CodeCounts) p.codeCounts = counts.data();
            if (wanted & ErrorCounts) p.errors = {-0.02f, 0.02f, 256, errors.data()};
            if (wanted & ValueCounts) p.values = {-5, 5, 256, values.data()};
            if (wanted & Maps) {
                p.groupError2 = error2.data() + first;
                p.groupValue2 = value2.data() + first;
            }
            weightPass(machine.isa, p);
        });
    };
    const std::int64_t bytes = rows * columns * 4;
    const Sample s = sample(static_cast<double>(bytes), 0.6, body, [&] { return sampleRead(machine, x, bytes); });
    printSample(std::string(kernelFor("weight_pass", machine.isa).name), what, machine.workers->threads(), s, "GB/s ");
}

}  // namespace

void benchWeights(const Machine& machine) {
    BigBuffer x(rows * columns * 4);
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (std::int64_t i = 0; i < rows * columns; ++i) x.as<float>()[i] = normal(random);
    const float* w = x.as<float>();
    pass(machine, w, "int8 tensor, sums", 8, rows * columns, Sums);
    pass(machine, w, "int8 channel, sums", 8, columns, Sums);
    pass(machine, w, "int8 group 128, sums", 8, 128, Sums);
    pass(machine, w, "int4 group 128, sums", 4, 128, Sums);
    pass(machine, w, "int4 group 32, sums", 4, 32, Sums);
    pass(machine, w, "int4 group 128, sums and maps", 4, 128, Maps);
    pass(machine, w, "int8 channel, sums and codes", 8, columns, Codes);
    pass(machine, w, "int8 channel, code counts", 8, columns, CodeCounts);
    pass(machine, w, "int4 channel, code counts", 4, columns, CodeCounts);
    pass(machine, w, "int8 channel, code and error counts", 8, columns, CodeCounts | ErrorCounts);
    pass(machine, w, "int4 group 128, code and error counts", 4, 128, CodeCounts | ErrorCounts);
    pass(machine, w, "int8 channel, three counts", 8, columns, CodeCounts | ErrorCounts | ValueCounts);
}

}  // namespace bitlathe
