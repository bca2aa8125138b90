// Pieces of the passes behind value_pass.h, for their driver and for the ISA files. Plain data only.
#pragma once

#include <cstdint>

namespace bitlathe {

constexpr int valuePieceElements = 4096;

struct ValueLanes {
    float min[16], max[16], leastMagnitude[16];  // infinities where there was nothing
    float sum[16], magnitudes[16], squares[16];
    std::int32_t zeros[16], notFinite[16];
};

struct ValueImplementation {
    // count <= valuePieceElements. Writes every lane.
    void (*sums)(const float* x, int count, ValueLanes& lanes) noexcept;
    // Extremes of the finite elements; +infinity and -infinity where there are none. The sign of 0 is open.
    void (*extremes)(const float* x, std::int64_t count, float& min, float& max) noexcept;
    // index[i] as WeightBins says, bins + 2 for elements that are not finite. 16 spare entries may be written.
    void (*indices)(const float* x, int count, bool magnitudes, float low, float perUnit, float bins, std::uint16_t* index) noexcept;
};

void valueSumsReference(const float* x, int count, ValueLanes& lanes) noexcept;
void extremesReference(const float* x, std::int64_t count, float& min, float& max) noexcept;
void binIndicesReference(const float* x, int count, bool magnitudes, float low, float perUnit, float bins, std::uint16_t* index) noexcept;
void valueSumsAvx2(const float* x, int count, ValueLanes& lanes) noexcept;
void extremesAvx2(const float* x, std::int64_t count, float& min, float& max) noexcept;
void binIndicesAvx2(const float* x, int count, bool magnitudes, float low, float perUnit, float bins, std::uint16_t* index) noexcept;
void valueSumsAvx512(const float* x, int count, ValueLanes& lanes) noexcept;
void extremesAvx512(const float* x, std::int64_t count, float& min, float& max) noexcept;
void binIndicesAvx512(const float* x, int count, bool magnitudes, float low, float perUnit, float bins, std::uint16_t* index) noexcept;

}  // namespace bitlathe
