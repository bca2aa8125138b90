#include "core/base/big_buffer.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace bitlathe {

BigBuffer::BigBuffer(std::int64_t bytes) : m_data(nullptr) {
    constexpr std::size_t page = 2 << 20;
    const std::size_t size = (static_cast<std::size_t>(bytes) + 8192 + page - 1) / page * page;
    m_data = std::aligned_alloc(page, size);
    if (!m_data) throw std::bad_alloc();
    madvise(m_data, size, MADV_HUGEPAGE);
    std::memset(m_data, 1, size);
}

BigBuffer::~BigBuffer() { std::free(m_data); }

}  // namespace bitlathe
