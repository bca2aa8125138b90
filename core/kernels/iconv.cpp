#include "core/kernels/iconv.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "core/kernels/depthwise_kernels.h"
#include "core/kernels/iconv_rows.h"
#include "core/kernels/igemm_block.h"

namespace bitlathe {
namespace {

constexpr std::int64_t mostPointers = 4096;     // row pointers of one block, on the stack
constexpr std::int64_t copyBytes = 48 * 1024;   // copied rows of one block, on the stack
constexpr std::int64_t inPlaceChannels = 16;    // from here on rows are read where they lie
constexpr std::int64_t depthwiseChannels = 64;  // per tile

enum class Path { Depthwise, InPlace, Copied };

std::int64_t groupChannels(const IconvShape& s) noexcept { return s.channels / s.groups; }
std::int64_t groupOutputs(const IconvShape& s) noexcept { return s.outputs / s.groups; }
std::int64_t copiedStride(const IconvShape& s) noexcept { return (s.taps() * groupChannels(s) + 7 + 7) / 8 * 8; }

Path pathOf(const IconvShape& s) noexcept {
    if (iconvIsDepthwise(s)) return Path::Depthwise;
    if (s.taps() == 1 || groupChannels(s) >= inPlaceChannels || copiedStride(s) > copyBytes) return Path::InPlace;
    return Path::Copied;
}

IgemmShape groupShape(const IconvShape& s) noexcept {
    if (pathOf(s) == Path::Copied) return {1, s.taps() * groupChannels(s), groupOutputs(s)};
    return {s.taps(), groupChannels(s), groupOutputs(s)};
}

std::int64_t depthwiseBlocks(const IconvShape& s) noexcept {
    return (s.channels + depthwiseChannels - 1) / depthwiseChannels;
}
std::int64_t depthwiseBlockBytes(const IconvShape& s) noexcept {
    return (s.taps() + 3) / 4 * 4 * depthwiseChannels;
}

void packDepthwise(const IconvShape& s, const std::uint8_t* weights, ByteType type, std::int8_t* packed) noexcept {
    const std::int64_t blockBytes = depthwiseBlockBytes(s);
    std::memset(packed, 0, static_cast<std::size_t>(iconvPackedBytes(s)));
    auto* sums = reinterpret_cast<std::int32_t*>(packed + depthwiseBlocks(s) * blockBytes);
    for (std::int64_t channel = 0; channel < s.channels; ++channel) {
        const std::int64_t c = channel % depthwiseChannels;
        std::int8_t* block = packed + channel / depthwiseChannels * blockBytes;
        for (std::int64_t tap = 0; tap < s.taps(); ++tap) {
            const std::uint8_t byte = weights[channel * s.taps() + tap];
            const auto w = static_cast<std::int8_t>(type == ByteType::U8 ? byte ^ 0x80u : byte);
            block[tap / 4 * 256 + (c / 4 % 4) * 64 + c / 16 * 16 + c % 4 * 4 + tap % 4] = w;
            sums[channel] += w;
        }
    }
}

DepthwiseTileFn depthwiseTile(Isa isa) noexcept {
    constexpr DepthwiseTileFn tiles[] = {depthwiseTileReference, depthwiseTileAvx2, depthwiseTileAvx512Vnni};
    return tiles[static_cast<int>(lowered(Isa::Avx512Vnni, isa))];
}

// Weights with a zero point of their own: rare, so plain.
void subtractDepthwiseZeros(const DepthwiseTile& t, const std::int32_t* zeros) noexcept {
    const auto flip = static_cast<std::uint8_t>(t.flip);
    for (int i = 0; i < t.pixels; ++i)
        for (int c = 0; c < t.channels; ++c) {
            std::uint32_t sum = 0;
            for (std::int64_t tap = 0; tap < t.taps; ++tap)
                sum += static_cast<std::uint8_t>(t.rows[tap * t.rowsStride + i][t.channelBegin + c] ^ flip);
            std::int32_t& out = t.c[i * t.cStride + c];
            out = static_cast<std::int32_t>(static_cast<std::uint32_t>(out) - static_cast<std::uint32_t>(zeros[c]) * sum);
        }
}

void depthwiseBlock(Isa isa, const IconvCall& call, const std::uint8_t* const* rows, std::int64_t rowsStride,
                    std::int64_t pixel, int count) noexcept {
    const IconvShape& s = call.shape;
    alignas(64) std::int32_t scratch[igemmBlockRows * depthwiseChannels];
    for (std::int64_t channel = 0; channel < s.channels; channel += depthwiseChannels) {
        DepthwiseTile tile;
        tile.rows = rows;
        tile.rowsStride = rowsStride;
        tile.pixels = count;
        tile.taps = s.taps();
        tile.channelBegin = channel;
        tile.channels = static_cast<int>(std::min(depthwiseChannels, s.channels - channel));
        tile.weights = static_cast<const std::int8_t*>(call.packed) + channel / depthwiseChannels * depthwiseBlockBytes(s);
        tile.start = call.offsets + channel;
        tile.flip = igemmFlip(call.xType);
        tile.c = scratch;
        tile.cStride = depthwiseChannels;
        depthwiseTile(isa)(tile);
        if (call.outputZeros) subtractDepthwiseZeros(tile, call.outputZeros + channel);
        if (call.c) {
            for (int i = 0; i < count; ++i)
                std::memcpy(call.c + (pixel + i) * s.outputs + channel, scratch + i * depthwiseChannels,
                            static_cast<std::size_t>(tile.channels) * sizeof(std::int32_t));
        } else {
            auto* y = static_cast<std::uint8_t*>(call.y) + pixel * s.outputs + channel;
            igemmImplementation(isa).requantize(requantizeTask(
                {scratch, depthwiseChannels, count, tile.channels, y, s.outputs}, call.rule, channel));
        }
    }
}

// One group of one block of pixels, its rows already found.
void groupBlock(Isa isa, const IconvCall& call, std::int64_t group, const std::uint8_t* const* rows,
                std::int64_t rowsStride, std::int64_t pixel, int count) noexcept {
    const IconvShape& s = call.shape;
    const std::int64_t n = groupOutputs(s), padded = igemmPaddedColumns(n);
    Requantize rule = call.rule;
    if (rule.perColumn) rule.scales += group * n;
    IgemmBlock block;
    block.shape = groupShape(s);
    block.packed = static_cast<const std::int8_t*>(call.packed) + group * igemmPackedBytes(block.shape);
    block.offsets = call.offsets + group * padded;
    block.columnZeros = call.outputZeros ? call.outputZeros + group * padded : nullptr;
    // Copied rows may be read beyond their end, where the packed weights are 0: no odd depths to treat.
    if (pathOf(s) == Path::Copied && !block.columnZeros) block.shape.depth = (block.shape.depth + 3) / 4 * 4;
    block.rows = rows;
    block.rowsStride = rowsStride;
    block.rowCount = count;
    block.flip = igemmFlip(call.xType);
    const std::int64_t at = pixel * s.outputs + group * n;
    block.c = call.c ? call.c + at : nullptr;
    block.y = call.c ? nullptr : static_cast<std::uint8_t*>(call.y) + at;
    block.cStride = block.yStride = s.outputs;
    block.rule = &rule;
    igemmBlock(igemmImplementation(isa), block, 0, n);
}

void runCopied(Isa isa, const IconvCall& call, std::int64_t begin, std::int64_t end) noexcept {
    const IconvShape& s = call.shape;
    alignas(64) std::uint8_t copied[copyBytes];
    const std::uint8_t* rows[igemmBlockRows];
    const std::int64_t stride = copiedStride(s);
    const int most = static_cast<int>(std::min<std::int64_t>(igemmBlockRows, copyBytes / stride));
    for (int i = 0; i < most; ++i) rows[i] = copied + i * stride;
    for (std::int64_t pixel = begin; pixel < end; pixel += most) {
        const int count = static_cast<int>(std::min<std::int64_t>(most, end - pixel));
        for (std::int64_t group = 0; group < s.groups; ++group) {
            iconvCopyRows(call, pixel, count, group * groupChannels(s), groupChannels(s), copied, stride);
            groupBlock(isa, call, group, rows, most, pixel, count);
        }
    }
}

void runInPlace(Isa isa, const IconvCall& call, std::int64_t begin, std::int64_t end, bool depthwise) noexcept {
    const IconvShape& s = call.shape;
    assert(s.taps() <= mostPointers);
    const std::uint8_t* rows[mostPointers];
    const int most = static_cast<int>(std::min<std::int64_t>(igemmBlockRows, mostPointers / s.taps()));
    for (std::int64_t pixel = begin; pixel < end; pixel += most) {
        const int count = static_cast<int>(std::min<std::int64_t>(most, end - pixel));
        for (std::int64_t group = 0; group < (depthwise ? 1 : s.groups); ++group) {
            iconvRowPointers(call, pixel, count, group * groupChannels(s), rows, most);
            if (depthwise) depthwiseBlock(isa, call, rows, most, pixel, count);
            else groupBlock(isa, call, group, rows, most, pixel, count);
        }
    }
}

}  // namespace

bool iconvFits(const IconvShape& s) noexcept { return s.taps() <= mostPointers; }

bool iconvIsDepthwise(const IconvShape& s) noexcept {
    return s.groups > 1 && s.groups == s.channels && s.outputs == s.channels;
}

const char* iconvKernelKind(const IconvShape& s) noexcept { return iconvIsDepthwise(s) ? "depthwise" : "igemm"; }

std::int64_t iconvPackedBytes(const IconvShape& s) noexcept {
    if (iconvIsDepthwise(s))
        return depthwiseBlocks(s) * (depthwiseBlockBytes(s) +
                                     depthwiseChannels * static_cast<std::int64_t>(sizeof(std::int32_t)));
    return s.groups * igemmPackedBytes(groupShape(s));
}

void iconvPack(const IconvShape& s, const void* weights, ByteType type, void* packed) noexcept {
    const auto* bytes = static_cast<const std::uint8_t*>(weights);
    auto* out = static_cast<std::int8_t*>(packed);
    if (iconvIsDepthwise(s)) return packDepthwise(s, bytes, type, out);
    const IgemmShape shape = groupShape(s);
    const std::int64_t columnStride = s.taps() * groupChannels(s);
    for (std::int64_t group = 0; group < s.groups; ++group) {
        IgemmSource source{bytes + group * groupOutputs(s) * columnStride, type, 1, s.taps(), columnStride};
        if (pathOf(s) == Path::Copied) source.run = groupChannels(s);
        igemmPack(shape, source, out + group * igemmPackedBytes(shape));
    }
}

std::int64_t iconvOffsetCount(const IconvShape& s) noexcept {
    return iconvIsDepthwise(s) ? depthwiseBlocks(s) * depthwiseChannels
                               : s.groups * igemmPaddedColumns(groupOutputs(s));
}

bool iconvOffsets(const IconvShape& s, const void* packed, const IgemmZeroPoints& zeros, const std::int32_t* bias,
                  std::int32_t* offsets, std::int32_t* outputZeros) noexcept {
    const auto* bytes = static_cast<const std::int8_t*>(packed);
    if (iconvIsDepthwise(s)) {
        const auto* sums = reinterpret_cast<const std::int32_t*>(bytes + depthwiseBlocks(s) * depthwiseBlockBytes(s));
        return igemmFoldOffsets(sums, s.taps(), s.channels, iconvOffsetCount(s), zeros, bias, offsets, outputZeros);
    }
    const IgemmShape shape = groupShape(s);
    bool any = false;
    for (std::int64_t group = 0; group < s.groups; ++group) {
        IgemmZeroPoints own = zeros;
        if (own.weightZeroCount > 1) {
            own.weightZeros += group * shape.n;
            own.weightZeroCount = shape.n;
        }
        const std::int64_t at = group * igemmPaddedColumns(shape.n);
        any |= igemmOffsets(shape, bytes + group * igemmPackedBytes(shape), own,
                            bias ? bias + group * shape.n : nullptr, offsets + at, outputZeros + at);
    }
    return any;
}

void iconv(Isa isa, const IconvCall& call, std::int64_t pixelBegin, std::int64_t pixelEnd) noexcept {
    const Path path = pathOf(call.shape);
    if (path == Path::Copied) runCopied(isa, call, pixelBegin, pixelEnd);
    else runInPlace(isa, call, pixelBegin, pixelEnd, path == Path::Depthwise);
}

}  // namespace bitlathe
