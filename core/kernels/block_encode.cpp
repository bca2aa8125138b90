#include "core/kernels/block_encode.h"

#include "core/kernels/block_encode_kernels.h"

#include <algorithm>
#include <array>
#include <bit>

namespace bitlathe {
namespace {

const BlockKernels& kernels(Isa isa) noexcept {
    if (isa >= Isa::Avx512Vnni) return blockKernelsAvx512();
    return isa >= Isa::Avx2 ? blockKernelsAvx2() : blockKernelsReference();
}

const BlockTypeKernels& kernels(Isa isa, GgufType type) noexcept { return kernels(isa).types[static_cast<int>(type)]; }

const GgufSize& sizeOf(GgufType type) noexcept { return kGgufSizes[static_cast<int>(type)]; }

constexpr std::int64_t kMostValues = 256;

// Blocks that are handled together: their codes stay in the nearest cache.
std::int64_t pieceOf(GgufType type) noexcept { return 16 * kMostValues / sizeOf(type).values; }

void fitSixteen(const BlockKernels& k, const GgufRun& run, std::int64_t first, GgufParameters* out) noexcept {
    GgufSixteen sixteen{};
    const std::int64_t values = sizeOf(run.type).values;
    sixteen.type = run.type;
    sixteen.blocks = static_cast<int>(std::min<std::int64_t>(ggufTogether, run.blocks - first));
    alignas(64) std::array<float, ggufTogether> squares;
    const std::int64_t rows = std::max<std::int64_t>(run.rowBlocks, 1);
    for (int lane = 0; lane < ggufTogether; ++lane) {
        const std::int64_t block = first + std::min(lane, sixteen.blocks - 1), inRows = run.firstBlock % rows + block;
        sixteen.x[lane] = run.x + block * values;
        sixteen.importance[lane] = run.importance ? run.importance + inRows % rows * values : nullptr;
        if (run.rowMeanSquares) squares[static_cast<std::size_t>(lane)] = run.rowMeanSquares[inRows / rows];
    }
    if (run.rowMeanSquares) sixteen.meanSquares = squares.data();
    k.fit(sixteen, out);
}

}  // namespace

bool regularGguf(Isa isa, GgufType type, const float* x, std::int64_t count) noexcept {
    const float far = type == GgufType::MXFP4 ? 0x1p127f : kGgufFar;  // beyond, twice a level is infinite
    return kernels(isa).largestBits(x, count) <= std::bit_cast<std::uint32_t>(far);
}

void fitGgufRun(Isa isa, const GgufRun& run, GgufParameters* out) noexcept {
    for (std::int64_t first = 0; first < run.blocks; first += ggufTogether) fitSixteen(kernels(isa), run, first, out + first);
}
void encodeGgufRun(Isa isa, GgufType type, const float* x, const GgufParameters* parameters, std::int64_t blocks, std::uint8_t* codes) noexcept {
    kernels(isa, type).encode(x, parameters, blocks, codes);
}
void joinGgufRun(Isa isa, GgufType type, const GgufParameters* parameters, const std::uint8_t* codes, std::int64_t blocks, std::uint8_t* bytes) noexcept {
    kernels(isa, type).join(parameters, codes, blocks, bytes);
}
void splitGgufRun(Isa isa, GgufType type, const std::uint8_t* bytes, std::int64_t blocks, GgufParameters* parameters, std::uint8_t* codes) noexcept {
    kernels(isa, type).split(bytes, blocks, parameters, codes);
}
void decodeGgufRun(Isa isa, GgufType type, const GgufParameters* parameters, const std::uint8_t* codes, std::int64_t blocks, float* out) noexcept {
    kernels(isa, type).decode(parameters, codes, blocks, out);
}

void packGgufRun(Isa isa, const GgufRun& run, std::uint8_t* bytes) noexcept {
    const BlockKernels& k = kernels(isa);
    const auto pack = kernels(isa, run.type).pack;
    const GgufSize& size = sizeOf(run.type);
    std::array<GgufParameters, ggufTogether> parameters;
    for (std::int64_t first = 0; first < run.blocks; first += ggufTogether) {
        fitSixteen(k, run, first, parameters.data());
        pack(run.x + first * size.values, parameters.data(), std::min<std::int64_t>(ggufTogether, run.blocks - first), bytes + first * size.bytes);
    }
}

void unpackGgufRun(Isa isa, GgufType type, const std::uint8_t* bytes, std::int64_t blocks, float* out) noexcept {
    const BlockTypeKernels& each = kernels(isa, type);
    const GgufSize& size = sizeOf(type);
    std::array<GgufParameters, 16 * kMostValues / 32> parameters;
    std::array<std::uint8_t, 16 * kMostValues> codes;
    for (std::int64_t first = 0; first < blocks; first += pieceOf(type)) {
        const std::int64_t count = std::min(pieceOf(type), blocks - first);
        each.split(bytes + first * size.bytes, count, parameters.data(), codes.data());
        each.decode(parameters.data(), codes.data(), count, out + first * size.values);
    }
}

}  // namespace bitlathe
