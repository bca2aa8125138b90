#include <cstdio>
#include <random>
#include <vector>

#include "core/kernels/iconv.h"
#include "core/kernels/igemm.h"
#include "core/kernels/kernel_list.h"
#include "tests/bench/kernels_bench.h"

namespace bitlathe {
namespace {

void fill(void* data, std::int64_t count) {
    std::minstd_rand random(1);
    for (std::int64_t i = 0; i < count; ++i) static_cast<std::uint8_t*>(data)[i] = static_cast<std::uint8_t>(random() >> 8);
}

// m x n x k, weights packed, requantized to bytes. The limit: multiply-adds in registers for m >= 16, the
// read rate of the packed weights below.
void matrix(const Machine& machine, std::int64_t m, std::int64_t n, std::int64_t k) {
    char what[64];
    std::snprintf(what, sizeof what, "%ldx%ldx%ld", static_cast<long>(m), static_cast<long>(n), static_cast<long>(k));
    if (!machine.wants(what)) return;
    const IgemmShape shape{1, k, n};
    BigBuffer a(m * k), b(k * n), packed(igemmPackedBytes(shape)), y(m * n);
    fill(a.data(), m * k);
    fill(b.data(), k * n);
    igemmPack(shape, {b.data(), ByteType::S8, 0, n, 1}, packed.data());
    std::vector<std::int32_t> offsets(static_cast<std::size_t>(igemmPaddedColumns(n))), zeros(offsets.size());
    igemmOffsets(shape, packed.data(), {ByteType::U8, 121, ByteType::S8}, nullptr, offsets.data(), zeros.data());
    const std::vector<float> scales(static_cast<std::size_t>(n), 1e-5f);
    IgemmCall call;
    call.shape = shape;
    call.packed = packed.data();
    call.offsets = offsets.data();
    call.a = a.data();
    call.aStride = k;
    call.y = y.data();
    call.yStride = n;
    call.rule = {scales.data(), true, 128, 0, 255};
    const bool wide = m >= 16;
    const std::int64_t rowGrain = wide ? 192 : m, columnGrain = wide && m >= 384 ? n : 256;
    const std::int64_t rowChunks = (m + rowGrain - 1) / rowGrain, columnChunks = (n + columnGrain - 1) / columnGrain;
    const auto body = [&] {
        machine.workers->forEach(rowChunks * columnChunks, [&](std::int64_t chunk) {
            const std::int64_t row = chunk / columnChunks * rowGrain, column = chunk % columnChunks * columnGrain;
            igemm(machine.isa, call, row, std::min(row + rowGrain, m), column, std::min(column + columnGrain, n));
        });
    };
    const auto macs = static_cast<double>(m * n * k);
    const std::string name(kernelFor("igemm", machine.isa).name);
    const int threads = machine.workers->threads();
    if (wide) {
        Sample s = sample(2 * macs, 0.5, body, [&] { return 2 * sampleMultiplies(machine); });
        printSample(name, what, threads, s, "Gop/s");
    } else {
        Sample s = sample(static_cast<double>(k * n), 0.5, body, [&] { return sampleRead(machine, packed.data(), k * n); });
        printSample(name, what, threads, s, "GB/s ");
    }
}

void convolution(const Machine& machine, const char* what, std::int64_t size, std::int64_t channels, std::int64_t outputs,
                 std::int64_t kernel, std::int64_t stride, std::int64_t groups) {
    if (!machine.wants(what)) return;
    IconvShape s;
    s.height = s.width = size;
    s.channels = channels;
    s.outputs = outputs;
    s.groups = groups;
    s.kernelHeight = s.kernelWidth = kernel;
    s.strideHeight = s.strideWidth = stride;
    s.padTop = s.padLeft = kernel / 2;
    s.outHeight = s.outWidth = (size + 2 * (kernel / 2) - kernel) / stride + 1;
    BigBuffer x(size * size * channels), packed(iconvPackedBytes(s)), y(s.pixels() * outputs);
    std::vector<std::uint8_t> w(static_cast<std::size_t>(outputs * channels / groups * s.taps())), padding(static_cast<std::size_t>(channels), 121);
    fill(x.data(), size * size * channels);
    fill(w.data(), static_cast<std::int64_t>(w.size()));
    iconvPack(s, w.data(), ByteType::S8, packed.data());
    std::vector<std::int32_t> offsets(static_cast<std::size_t>(iconvOffsetCount(s))), zeros(offsets.size());
    iconvOffsets(s, packed.data(), {ByteType::U8, 121, ByteType::S8}, nullptr, offsets.data(), zeros.data());
    const std::vector<float> scales(static_cast<std::size_t>(outputs), 1e-4f);
    IconvCall call;
    call.shape = s;
    call.packed = packed.data();
    call.offsets = offsets.data();
    call.x = x.data();
    call.paddingRow = padding.data();
    call.y = y.data();
    call.rule = {scales.data(), true, 128, 0, 255};
    const auto body = [&] {
        machine.workers->forRange(s.pixels(), 96, [&](std::int64_t begin, std::int64_t end) { iconv(machine.isa, call, begin, end); });
    };
    const auto macs = static_cast<double>(s.pixels() * outputs * channels / groups * s.taps());
    const Sample result = sample(2 * macs, 0.3, body, [&] { return 2 * sampleMultiplies(machine); });
    printSample(std::string(kernelFor(iconvKernelKind(s), machine.isa).name), what, machine.workers->threads(), result, "Gop/s");
}

}  // namespace

void benchMatrices(const Machine& machine) {
    for (const std::int64_t size : {256, 512, 1024, 2048, 4096}) matrix(machine, size, size, size);
    for (const std::int64_t m : {1, 2, 4, 8, 16, 32, 128}) matrix(machine, m, 4096, 4096);
    matrix(machine, 196, 256, 1024);
    matrix(machine, 3136, 64, 64);
    matrix(machine, 12544, 16, 96);
    matrix(machine, 12544, 32, 32);
}

void benchConvolutions(const Machine& machine) {
    convolution(machine, "7x7/2 3->64 @224", 224, 3, 64, 7, 2, 1);
    convolution(machine, "3x3 64->64 @56", 56, 64, 64, 3, 1, 1);
    convolution(machine, "3x3/2 64->128 @56", 56, 64, 128, 3, 2, 1);
    convolution(machine, "3x3 128->128 @28", 28, 128, 128, 3, 1, 1);
    convolution(machine, "3x3 256->256 @14", 14, 256, 256, 3, 1, 1);
    convolution(machine, "3x3 512->512 @7", 7, 512, 512, 3, 1, 1);
    convolution(machine, "1x1 64->256 @56", 56, 64, 256, 1, 1, 1);
    convolution(machine, "1x1 24->144 @56", 56, 24, 144, 1, 1, 1);
    convolution(machine, "3x3 depthwise 144 @56", 56, 144, 144, 3, 1, 144);
    convolution(machine, "3x3 depthwise 32 @112", 112, 32, 32, 3, 1, 32);
    convolution(machine, "3x3 8 groups of 16 @28", 28, 128, 128, 3, 1, 8);
}

}  // namespace bitlathe
