// Memory on 2 MiB pages where the system gives them: what is measured on it waits for memory and not for
// the tables of small pages.
#pragma once

#include <cstdint>

namespace bitlathe {

class BigBuffer {
public:
    explicit BigBuffer(std::int64_t bytes);  // and at least 8192 more, all touched. Throws std::bad_alloc
    ~BigBuffer();
    BigBuffer(const BigBuffer&) = delete;
    BigBuffer& operator=(const BigBuffer&) = delete;
    void* data() const { return m_data; }
    template <typename T>
    T* as() const { return static_cast<T*>(m_data); }

private:
    void* m_data;
};

}  // namespace bitlathe
