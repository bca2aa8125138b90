// The implementations behind pool.h, for its driver and for the ISA files. Plain data only.
#pragma once

#include <cstdint>

namespace bitlathe {

struct PoolTile {
    const std::uint8_t* const* rows;  // tap t of pixel i: rows[t * rowsStride + i], `channels` bytes
    std::int64_t rowsStride;
    int pixels;
    std::int64_t taps;
    std::int64_t channels;
    bool isSigned;
    std::uint8_t* y;
    std::int64_t yStride;
    // Averages only:
    const float* counts;  // divisor of each pixel
    float xScale, yScale, yZero;
    std::int32_t xZero;
    float low, high;  // codes; averages of signed codes are made 128 up, yZero included
};

struct SumTask {
    const std::uint8_t* x;  // [pixels][stride]
    std::int64_t stride, pixels;
    int channels;  // 1..64
    bool isSigned;
    std::int32_t* sums;
};

struct PoolImplementation {
    void (*maximum)(const PoolTile& tile) noexcept;
    void (*average)(const PoolTile& tile) noexcept;
    void (*sums)(const SumTask& task) noexcept;
};

void maxPoolReference(const PoolTile& tile) noexcept;
void maxPoolAvx2(const PoolTile& tile) noexcept;
void maxPoolAvx512(const PoolTile& tile) noexcept;
void averagePoolReference(const PoolTile& tile) noexcept;
void averagePoolAvx2(const PoolTile& tile) noexcept;
void averagePoolAvx512(const PoolTile& tile) noexcept;
void channelSumsReference(const SumTask& task) noexcept;
void channelSumsAvx2(const SumTask& task) noexcept;
void channelSumsAvx512(const SumTask& task) noexcept;

}  // namespace bitlathe
