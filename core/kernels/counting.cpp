#include "core/kernels/counting.h"

#include <cstring>

namespace bitlathe {

CodeCounter::CodeCounter(Isa isa, int size) noexcept
    : m_size(size),
      m_few(size > fewCodes || isa < Isa::Avx2 ? nullptr : isa < Isa::Avx512Vnni ? countFewAvx2 : countFewAvx512) {
    if (m_size > 0) std::memset(m_tables, 0, sizeof m_tables);
}

void CodeCounter::count(const std::uint8_t* index, int n) noexcept {
    if (m_size == 0) return;
    if (m_few) return m_few(index, n, m_tables[0]);
    int i = 0;
    for (; i + 8 <= n; i += 8) {
        std::uint64_t eight;
        std::memcpy(&eight, index + i, 8);
        ++m_tables[0][eight & 0xff];
        ++m_tables[1][eight >> 8 & 0xff];
        ++m_tables[2][eight >> 16 & 0xff];
        ++m_tables[3][eight >> 24 & 0xff];
        ++m_tables[0][eight >> 32 & 0xff];
        ++m_tables[1][eight >> 40 & 0xff];
        ++m_tables[2][eight >> 48 & 0xff];
        ++m_tables[3][eight >> 56];
    }
    for (; i < n; ++i) ++m_tables[0][index[i]];
}

void CodeCounter::addTo(std::int64_t* counts) const noexcept {
    for (int i = 0; i < m_size; ++i)
        counts[i] += std::int64_t{m_tables[0][i]} + m_tables[1][i] + m_tables[2][i] + m_tables[3][i];
}

BinCounter::BinCounter(int bins) noexcept
    : m_size(bins > 0 ? bins + 3 : 0), m_tables(m_size * 4 <= m_entries ? 4 : m_size * 2 <= m_entries ? 2 : 1) {
    std::memset(m_counts, 0, static_cast<std::size_t>(m_size * m_tables) * sizeof m_counts[0]);
}

void BinCounter::count(const std::uint16_t* index, std::int64_t n) noexcept {
    if (m_size == 0) return;
    const int second = m_tables > 1 ? m_size : 0, third = m_tables > 2 ? 2 * m_size : 0;
    std::uint32_t *t0 = m_counts, *t1 = t0 + second, *t2 = t0 + third, *t3 = t1 + third;
    std::int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
        std::uint64_t four;
        std::memcpy(&four, index + i, 8);
        ++t0[four & 0xffff];
        ++t1[four >> 16 & 0xffff];
        ++t2[four >> 32 & 0xffff];
        ++t3[four >> 48];
    }
    for (; i < n; ++i) ++t0[index[i]];
}

void BinCounter::addTo(std::int64_t* counts) const noexcept {
    for (int table = 0; table < m_tables && m_size > 0; ++table)
        for (int i = 0; i + 1 < m_size; ++i) counts[i] += m_counts[table * m_size + i];
}

}  // namespace bitlathe
