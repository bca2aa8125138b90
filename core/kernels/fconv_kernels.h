// The tiles behind fconv.h, for its driver and for the ISA files. Plain data only.
#pragma once

#include <cstdint>

namespace bitlathe {

// `outputs` channels (1..8) of `rows` rows: at most fconvMostRows(outputs) of them.
struct FconvTile {
    const float* packed;  // [depth][8]
    const std::int64_t* taps;
    std::int64_t depth;
    int outputs;
    int rows;
    const float* x[8];  // of each row
    float* y[8];        // of each row, first channel
    std::uint32_t lanes[8];
    std::int64_t yStride;
    float bias[8];  // zeros where there is none
    bool hasBias;
    bool bounded;
    float low, high;
};

using FconvTileFn = void (*)(const FconvTile& tile) noexcept;

// One channel leaves registers for more rows.
constexpr int fconvMostRows(int outputs) noexcept { return outputs == 1 ? 8 : 3; }

void fconvTileReference(const FconvTile& tile) noexcept;
void fconvTileAvx2(const FconvTile& tile) noexcept;
void fconvTileAvx512(const FconvTile& tile) noexcept;

}  // namespace bitlathe
