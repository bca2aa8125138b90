#include "core/kernels/pool.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/kernels/iconv_rows.h"
#include "core/kernels/pool_kernels.h"
#include "core/kernels/requantize.h"

namespace bitlathe {
namespace {

constexpr PoolImplementation implementations[] = {
    {maxPoolReference, averagePoolReference, channelSumsReference},
    {maxPoolAvx2, averagePoolAvx2, channelSumsAvx2},
    {maxPoolAvx512, averagePoolAvx512, channelSumsAvx512},
};
constexpr std::int64_t mostPointers = 4096;
constexpr int mostPixels = 96;

const PoolImplementation& implementation(Isa isa) noexcept {
    return implementations[static_cast<int>(lowered(Isa::Avx512Vnni, isa))];
}

std::int64_t insideTaps(std::int64_t start, std::int64_t taps, std::int64_t dilation, std::int64_t size) noexcept {
    std::int64_t inside = 0;
    for (std::int64_t t = 0; t < taps; ++t) inside += start + t * dilation >= 0 && start + t * dilation < size;
    return inside;
}

float divisor(const IconvShape& s, std::int64_t pixel, bool countPadding) noexcept {
    if (countPadding) return static_cast<float>(s.taps());
    const std::int64_t outY = pixel / s.outWidth % s.outHeight, outX = pixel % s.outWidth;
    return static_cast<float>(
        insideTaps(outY * s.strideHeight - s.padTop, s.kernelHeight, s.dilationHeight, s.height) *
        insideTaps(outX * s.strideWidth - s.padLeft, s.kernelWidth, s.dilationWidth, s.width));
}

PoolTile tileOf(const PoolCall& call, const std::uint8_t* const* rows, std::int64_t rowsStride, std::int64_t pixel,
                int count) noexcept {
    PoolTile t{};
    t.rows = rows;
    t.rowsStride = rowsStride;
    t.pixels = count;
    t.taps = call.shape.taps();
    t.channels = call.shape.channels;
    t.isSigned = call.type == ByteType::S8;
    t.y = static_cast<std::uint8_t*>(call.y) + pixel * call.shape.channels;
    t.yStride = call.shape.channels;
    return t;
}

template <typename Body>
void forEachBlock(const PoolCall& call, std::int64_t begin, std::int64_t end, const Body& body) noexcept {
    assert(iconvFits(call.shape));
    IconvCall geometry;
    geometry.shape = call.shape;
    geometry.x = call.x;
    geometry.paddingRow = call.paddingRow;
    const std::uint8_t* rows[mostPointers];
    const int most = static_cast<int>(std::min<std::int64_t>(mostPixels, mostPointers / call.shape.taps()));
    for (std::int64_t pixel = begin; pixel < end; pixel += most) {
        const int count = static_cast<int>(std::min<std::int64_t>(most, end - pixel));
        iconvRowPointers(geometry, pixel, count, 0, rows, most);
        body(tileOf(call, rows, most, pixel, count), pixel);
    }
}

}  // namespace

void maxPool(Isa isa, const PoolCall& call, std::int64_t pixelBegin, std::int64_t pixelEnd) noexcept {
    forEachBlock(call, pixelBegin, pixelEnd, [&](const PoolTile& t, std::int64_t) { implementation(isa).maximum(t); });
}

void averagePool(Isa isa, const PoolCall& call, const AverageRule& rule, std::int64_t pixelBegin,
                 std::int64_t pixelEnd) noexcept {
    forEachBlock(call, pixelBegin, pixelEnd, [&](PoolTile t, std::int64_t pixel) {
        float counts[mostPixels];
        for (int i = 0; i < t.pixels; ++i) counts[i] = divisor(call.shape, pixel + i, rule.countPadding);
        t.counts = counts;
        t.xScale = rule.x.scale;
        t.xZero = rule.x.zeroPoint;
        t.yScale = rule.y.scale;
        // ONNX Runtime makes signed codes as unsigned ones, 128 up, and rounds there: near a tie that shows.
        t.yZero = static_cast<float>(rule.y.zeroPoint - lowestCode(call.type));
        t.low = 0.0f;
        t.high = 255.0f;
        implementation(isa).average(t);
    });
}

void globalAveragePool(Isa isa, const void* x, ByteType type, std::int64_t pixels, std::int64_t channels,
                       const ByteScale& xScale, const ByteScale& yScale, void* y, std::int64_t channelBegin,
                       std::int64_t channelEnd) noexcept {
    const float scale = xScale.scale / (yScale.scale * static_cast<float>(pixels));
    const Requantize rule{&scale, false, yScale.zeroPoint, lowestCode(type), highestCode(type)};
    const auto zeros = static_cast<std::int32_t>(pixels) * xScale.zeroPoint;
    for (std::int64_t channel = channelBegin; channel < channelEnd; channel += 64) {
        const int count = static_cast<int>(std::min<std::int64_t>(64, channelEnd - channel));
        std::int32_t sums[64];
        implementation(isa).sums({static_cast<const std::uint8_t*>(x) + channel, channels, pixels, count, type == ByteType::S8, sums});
        for (int c = 0; c < count; ++c) sums[c] -= zeros;
        requantize(isa, {sums, count, 1, count, static_cast<std::uint8_t*>(y) + channel, count}, rule);
    }
}

void maxPoolReference(const PoolTile& t) noexcept {
    const std::uint8_t flip = t.isSigned ? 0x80 : 0;  // signed codes in unsigned order
    for (int i = 0; i < t.pixels; ++i)
        for (std::int64_t c = 0; c < t.channels; ++c) {
            std::uint8_t best = 0;
            for (std::int64_t tap = 0; tap < t.taps; ++tap)
                best = std::max<std::uint8_t>(best, t.rows[tap * t.rowsStride + i][c] ^ flip);
            t.y[i * t.yStride + c] = best ^ flip;
        }
}

void averagePoolReference(const PoolTile& t) noexcept {
    for (int i = 0; i < t.pixels; ++i)
        for (std::int64_t c = 0; c < t.channels; ++c) {
            float sum = 0;
            for (std::int64_t tap = 0; tap < t.taps; ++tap) {
                const std::uint8_t byte = t.rows[tap * t.rowsStride + i][c];
                const std::int32_t code = t.isSigned ? static_cast<std::int8_t>(byte) : byte;
                sum += t.xScale * static_cast<float>(code - t.xZero);
            }
            float v = sum / t.counts[i] / t.yScale + t.yZero;
            v = v > t.low ? v : t.low;
            v = v < t.high ? v : t.high;
            t.y[i * t.yStride + c] = static_cast<std::uint8_t>(static_cast<std::int32_t>(std::nearbyint(v)) ^ (t.isSigned ? 0x80 : 0));
        }
}

void channelSumsReference(const SumTask& t) noexcept {
    for (int c = 0; c < t.channels; ++c) {
        std::int32_t sum = 0;
        for (std::int64_t p = 0; p < t.pixels; ++p) {
            const std::uint8_t byte = t.x[p * t.stride + c];
            sum += t.isSigned ? static_cast<std::int8_t>(byte) : byte;
        }
        t.sums[c] = sum;
    }
}

}  // namespace bitlathe
