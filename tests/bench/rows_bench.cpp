#include <random>
#include <vector>

#include "core/kernels/convert_rows.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/kernel_list.h"
#include "core/kernels/quantize.h"
#include "core/kernels/requantize.h"
#include "core/kernels/transpose.h"
#include "core/kernels/value_pass.h"
#include "tests/bench/kernels_bench.h"

namespace bitlathe {
namespace {

constexpr std::int64_t count = 1 << 24, grain = 1 << 16;

// `bytes` read and written per element, over count elements in chunks.
template <typename Body>
void rows(const Machine& machine, const void* from, const char* kind, const char* what, int bytes, const Body& body) {
    if (!machine.wants(what)) return;
    const auto all = [&] { machine.workers->forRange(count, grain, [&](std::int64_t begin, std::int64_t end) { body(begin, end - begin); }); };
    const Sample s = sample(static_cast<double>(count * bytes), 0.4, all, [&] { return sampleRead(machine, from, count * 4); });
    printSample(std::string(kernelFor(kind, machine.isa).name), what, machine.workers->threads(), s, "GB/s ");
}

}  // namespace

// Bytes read and written against the rate of reading alone.
void benchRows(const Machine& machine) {
    BigBuffer floats(count * 4), other(count * 4), bytes(count), moreBytes(count), outBytes(count);
    std::minstd_rand random(1);
    for (std::int64_t i = 0; i < count; ++i) {
        floats.as<float>()[i] = static_cast<float>(static_cast<int>(random() >> 8 & 0xffff) - 32768) / 8192;
        bytes.as<std::uint8_t>()[i] = moreBytes.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(random() >> 8);
    }
    const Isa isa = machine.isa;
    const float* x = floats.as<float>();
    float* y = other.as<float>();
    auto* codes = bytes.as<std::uint8_t>();
    auto* out = outBytes.as<std::uint8_t>();
    std::uint8_t table[256];
    for (int i = 0; i < 256; ++i) table[i] = static_cast<std::uint8_t>(255 - i);
    rows(machine, x, "value_pass", "extremes and sums", 4, [&](std::int64_t at, std::int64_t n) { valuePass(isa, x + at, n); });
    rows(machine, x, "value_pass", "extremes of groups of 128", 4, [&](std::int64_t at, std::int64_t n) {
        float low[grain / 128], high[grain / 128];
        groupExtremes(isa, x + at, n, 128, low, high);
    });
    rows(machine, x, "value_pass", "histogram of 2048 bins", 4, [&](std::int64_t at, std::int64_t n) {
        std::vector<std::int64_t> counts(2050);
        histogramPass(isa, x + at, n, false, {-4, 4, 2048, counts.data()});
    });
    rows(machine, x, "quantize", "float to u8", 5, [&](std::int64_t at, std::int64_t n) { quantizeBytes(isa, x + at, n, {0.031f, 128, 0, 255}, out + at); });
    rows(machine, x, "quantize", "u8 to float", 5, [&](std::int64_t at, std::int64_t n) { dequantizeBytes(isa, ByteType::U8, codes + at, n, 0.031f, 128, y + at); });
    rows(machine, x, "requantize", "int32 to u8", 5, [&](std::int64_t at, std::int64_t n) {
        const float scale = 1e-7f;
        requantize(isa, {reinterpret_cast<const std::int32_t*>(x) + at, 256, n / 256, 256, out + at, 256}, {&scale, false, 128, 0, 255});
    });
    rows(machine, x, "qlinear_add", "u8 + u8", 3, [&](std::int64_t at, std::int64_t n) {
        ByteBinary task;
        task.a = codes + at;
        task.b = moreBytes.as<std::uint8_t>() + at;
        task.y = out + at;
        task.count = n;
        task.aScale = task.bScale = {0.02f, 128};
        task.yScale = {0.04f, 128};
        qlinearAdd(isa, task);
    });
    rows(machine, x, "lookup", "table of 256", 2, [&](std::int64_t at, std::int64_t n) { lookupBytes(isa, table, codes + at, out + at, n); });
    rows(machine, x, "transpose", "bytes, 64 channels", 2, [&](std::int64_t at, std::int64_t n) { transposeBytes(isa, codes + at, 64, n / 64, n / 64, out + at, 64); });
    rows(machine, x, "transpose", "floats, 256 x 256", 8, [&](std::int64_t at, std::int64_t) { transposeFloats(isa, x + at, 256, 256, 256, y + at, 256); });
    rows(machine, x, "convert_rows", "f16 to f32", 6, [&](std::int64_t at, std::int64_t n) { floatsFromHalves(isa, reinterpret_cast<const std::uint16_t*>(x) + at, n, y + at); });
    rows(machine, x, "convert_rows", "f32 to bf16", 6, [&](std::int64_t at, std::int64_t n) { bfloatsFromFloats(isa, x + at, n, reinterpret_cast<std::uint16_t*>(y) + at); });
}

}  // namespace bitlathe
