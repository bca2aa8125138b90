#include "core/kernels/fconv.h"

#include <algorithm>
#include <cmath>

#include "core/kernels/fconv_kernels.h"

namespace bitlathe {

namespace {

constexpr FconvTileFn kTiles[] = {fconvTileReference, fconvTileAvx2, fconvTileAvx512};

}  // namespace

std::int64_t fconvPackedCount(std::int64_t outputs, std::int64_t depth) noexcept {
    return (outputs + fconvBlockOutputs - 1) / fconvBlockOutputs * fconvBlockOutputs * depth;
}

void fconvPack(const float* weights, std::int64_t outputs, std::int64_t depth, float* packed) noexcept {
    std::fill_n(packed, fconvPackedCount(outputs, depth), 0.0f);
    for (std::int64_t o = 0; o < outputs; ++o)
        for (std::int64_t k = 0; k < depth; ++k)
            packed[(o / fconvBlockOutputs * depth + k) * fconvBlockOutputs + o % fconvBlockOutputs] = weights[o * depth + k];
}

void fconvTileReference(const FconvTile& t) noexcept {
    for (int o = 0; o < t.outputs; ++o)
        for (int r = 0; r < t.rows; ++r) {
            float* y = t.y[r] + o * t.yStride;
            for (int lane = 0; lane < fconvLanes; ++lane) {
                if (!(t.lanes[r] >> lane & 1u)) continue;
                float sum = 0.0f;
                for (std::int64_t k = 0; k < t.depth; ++k)
                    sum = std::fma(t.packed[k * fconvBlockOutputs + o], t.x[r][t.taps[k] + lane], sum);
                if (t.hasBias) sum += t.bias[o];
                if (t.bounded) sum = std::min(std::max(sum, t.low), t.high);
                *y++ = sum;
            }
        }
}

void fconv(Isa isa, const FconvCall& call, const FconvRow* rows, std::int64_t count, std::int64_t outputBegin,
           std::int64_t outputEnd) noexcept {
    const FconvTileFn run = kTiles[static_cast<int>(lowered(Isa::Avx512Vnni, isa))];
    FconvTile tile;
    tile.taps = call.taps;
    tile.depth = call.depth;
    tile.yStride = call.yStride;
    tile.hasBias = call.bias != nullptr;
    tile.bounded = call.bounded;
    tile.low = call.low;
    tile.high = call.high;
    for (std::int64_t o = outputBegin; o < outputEnd; o += fconvBlockOutputs) {
        tile.packed = call.packed + o * call.depth;
        tile.outputs = static_cast<int>(std::min<std::int64_t>(fconvBlockOutputs, outputEnd - o));
        for (int i = 0; i < fconvBlockOutputs; ++i) tile.bias[i] = call.bias && i < tile.outputs ? call.bias[o + i] : 0.0f;
        const int most = fconvMostRows(tile.outputs);
        for (std::int64_t r = 0; r < count; r += most) {
            tile.rows = static_cast<int>(std::min<std::int64_t>(most, count - r));
            for (int i = 0; i < tile.rows; ++i) {
                tile.x[i] = call.x + rows[r + i].x;
                tile.y[i] = call.y + rows[r + i].y + o * call.yStride;
                tile.lanes[i] = rows[r + i].lanes;
            }
            run(tile);
        }
    }
}

}  // namespace bitlathe
