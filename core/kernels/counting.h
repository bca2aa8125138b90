// Exact histograms of indices, by the plainest means: several tables, so that equal neighbours do not
// wait for each other's increment. Internal to this room.
#pragma once

#include <cstdint>

#include "core/kernels/counting_kernels.h"
#include "core/kernels/isa.h"

namespace bitlathe {

// Indices 0..size-1 of one byte each. size 0: does nothing.
class CodeCounter {
public:
    CodeCounter(Isa isa, int size) noexcept;
    void count(const std::uint8_t* index, int n) noexcept;
    void addTo(std::int64_t* counts) const noexcept;  // `size` entries

private:
    int m_size;
    CountFewFn m_few;  // where there are 16 codes at most
    std::uint32_t m_tables[4][256];
};

// Indices 0..bins+1 of two bytes each, bins <= 4096, or bins+2 for what is not to be counted. bins 0: does
// nothing.
class BinCounter {
public:
    explicit BinCounter(int bins) noexcept;
    void count(const std::uint16_t* index, std::int64_t n) noexcept;
    void addTo(std::int64_t* counts) const noexcept;  // bins + 2 entries

private:
    static constexpr int m_entries = 8208;
    int m_size;    // bins + 3, or 0
    int m_tables;  // 4, or fewer where they would not fit: 2 or 1
    std::uint32_t m_counts[m_entries];
};

}  // namespace bitlathe
