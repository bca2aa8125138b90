#include "core/kernels/block_encode.h"

#include "core/kernels/block_encode_kernels.h"
#include "core/kernels/block_lattice_kernels.h"
#include "core/kernels/block_lattice_layout.h"

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

const LatticeTypeKernels& latticeKernels(Isa isa, GgufType type) noexcept {
    const LatticeTypeKernels* rows = isa >= Isa::Avx512Vnni ? latticeKernelsAvx512() : isa >= Isa::Avx2 ? latticeKernelsAvx2() : latticeKernelsReference();
    return rows[static_cast<int>(type) - static_cast<int>(GgufType::IQ1_S)];
}

using LatticeCodes = std::array<std::uint8_t, latticeTogether * latticeValues>;

// The codes of the importance that blocks [first, first + count) of a run have.
void importanceOf(const GgufRun& run, std::int64_t first, std::int64_t count, LatticeCodes& codes) noexcept {
    for (std::int64_t b = 0; b < count; ++b)
        codeImportance(run.importance + (run.firstBlock + first + b) % std::max<std::int64_t>(run.rowBlocks, 1) * latticeValues, run.held > 0 ? run.held : latticeValues,
                       codes.data() + b * latticeValues);
}

LatticeSixteen latticeSixteen(const GgufRun& run, std::int64_t first, const std::uint8_t* importance) noexcept {
    LatticeSixteen sixteen{};
    sixteen.blocks = static_cast<int>(std::min<std::int64_t>(latticeTogether, run.blocks - first));
    sixteen.count = run.held > 0 ? run.held : latticeValues;
    for (int lane = 0; lane < latticeTogether; ++lane) {
        const std::int64_t block = std::min(lane, sixteen.blocks - 1);
        sixteen.x[lane] = run.x + (first + block) * latticeValues;
        sixteen.importance[lane] = importance ? importance + block * latticeValues : nullptr;
    }
    return sixteen;
}

void packLattice(Isa isa, const GgufRun& run, std::uint8_t* bytes) noexcept {
    const LatticeTypeKernels& k = latticeKernels(isa, run.type);
    std::array<GgufParameters, latticeTogether> parameters;
    LatticeCodes importance, codes;
    for (std::int64_t first = 0; first < run.blocks; first += latticeTogether) {
        const std::int64_t count = std::min<std::int64_t>(latticeTogether, run.blocks - first);
        if (run.importance) importanceOf(run, first, count, importance);
        const LatticeSixteen sixteen = latticeSixteen(run, first, run.importance ? importance.data() : nullptr);
        k.fit(sixteen, parameters.data());
        k.encode(sixteen, parameters.data(), codes.data());
        for (std::int64_t b = 0; b < count; ++b)
            joinLattice(run.type, parameters[static_cast<std::size_t>(b)], codes.data() + b * latticeValues, bytes + (first + b) * sizeOf(run.type).bytes);
    }
}

}  // namespace

bool regularGguf(Isa isa, GgufType type, const float* x, std::int64_t count) noexcept {
    const float far = type == GgufType::MXFP4 ? 0x1p127f : kGgufFar;  // beyond, twice a level is infinite
    return kernels(isa).largestBits(x, count) <= std::bit_cast<std::uint32_t>(far);
}

void fitGgufRun(Isa isa, const GgufRun& run, GgufParameters* out) noexcept {
    if (isLattice(run.type)) {
        LatticeCodes importance;
        for (std::int64_t first = 0; first < run.blocks; first += latticeTogether) {
            if (run.importance) importanceOf(run, first, std::min<std::int64_t>(latticeTogether, run.blocks - first), importance);
            latticeKernels(isa, run.type).fit(latticeSixteen(run, first, run.importance ? importance.data() : nullptr), out + first);
        }
        return;
    }
    for (std::int64_t first = 0; first < run.blocks; first += ggufTogether) fitSixteen(kernels(isa), run, first, out + first);
}
void encodeGgufRun(Isa isa, GgufType type, const float* x, const GgufParameters* parameters, std::int64_t blocks, std::uint8_t* codes) noexcept {
    if (isLattice(type)) return encodeLatticeRun(isa, {type, blocks, x}, nullptr, parameters, codes);
    kernels(isa, type).encode(x, parameters, blocks, codes);
}
void encodeLatticeRun(Isa isa, const GgufRun& run, const std::uint8_t* importance, const GgufParameters* parameters, std::uint8_t* codes) noexcept {
    for (std::int64_t first = 0; first < run.blocks; first += latticeTogether)
        latticeKernels(isa, run.type).encode(latticeSixteen(run, first, importance ? importance + first * latticeValues : nullptr), parameters + first, codes + first * latticeValues);
}
void joinGgufRun(Isa isa, GgufType type, const GgufParameters* parameters, const std::uint8_t* codes, std::int64_t blocks, std::uint8_t* bytes) noexcept {
    if (isLattice(type)) {
        for (std::int64_t b = 0; b < blocks; ++b) joinLattice(type, parameters[b], codes + b * latticeValues, bytes + b * sizeOf(type).bytes);
        return;
    }
    kernels(isa, type).join(parameters, codes, blocks, bytes);
}
void splitGgufRun(Isa isa, GgufType type, const std::uint8_t* bytes, std::int64_t blocks, GgufParameters* parameters, std::uint8_t* codes) noexcept {
    if (isLattice(type)) {
        for (std::int64_t b = 0; b < blocks; ++b) splitLattice(type, bytes + b * sizeOf(type).bytes, parameters[b], codes + b * latticeValues);
        return;
    }
    kernels(isa, type).split(bytes, blocks, parameters, codes);
}
void decodeGgufRun(Isa isa, GgufType type, const GgufParameters* parameters, const std::uint8_t* codes, std::int64_t blocks, float* out) noexcept {
    if (isLattice(type)) {
        for (std::int64_t b = 0; b < blocks; ++b) decodeLattice(type, parameters[b], codes + b * latticeValues, latticeValues, out + b * latticeValues);
        return;
    }
    kernels(isa, type).decode(parameters, codes, blocks, out);
}

void packGgufRun(Isa isa, const GgufRun& run, std::uint8_t* bytes) noexcept {
    if (isLattice(run.type)) return packLattice(isa, run, bytes);
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
    const GgufSize& size = sizeOf(type);
    std::array<GgufParameters, 16 * kMostValues / 32> parameters;
    std::array<std::uint8_t, 16 * kMostValues> codes;
    for (std::int64_t first = 0; first < blocks; first += pieceOf(type)) {
        const std::int64_t count = std::min(pieceOf(type), blocks - first);
        splitGgufRun(isa, type, bytes + first * size.bytes, count, parameters.data(), codes.data());
        decodeGgufRun(isa, type, parameters.data(), codes.data(), count, out + first * size.values);
    }
}

}  // namespace bitlathe
