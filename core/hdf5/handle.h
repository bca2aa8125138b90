// What every user of the HDF5 library within a process shares: handles that close themselves, and the lock
// that lets one thread in at a time. For files of core/hdf5 alone.
#pragma once

#include <cstddef>
#include <hdf5.h>
#include <mutex>
#include <utility>

namespace bitlathe::hdf5 {

// The library keeps process-wide state and Debian's serial build does not promise to guard it.
inline std::recursive_mutex& libraryMutex() {
    static std::recursive_mutex mutex;
    // A file whose close failed (a full disk) stays in the library's lists, and its clean-up at exit would crash on it.
    // Every handle of ours closes itself: there is nothing left to clean up.
    [[maybe_unused]] static const herr_t noCleanUp = H5dont_atexit();
    return mutex;
}

// A handle that closes itself.
class Handle {
public:
    Handle(hid_t id, herr_t (*close)(hid_t)) : m_id(id), m_close(close) {}
    ~Handle() {
        if (m_id >= 0) m_close(m_id);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    operator hid_t() const { return m_id; }
    bool ok() const { return m_id >= 0; }
    // Gives the handle up, for a close whose outcome matters.
    hid_t release() { return std::exchange(m_id, -1); }

private:
    hid_t m_id;
    herr_t (*m_close)(hid_t);
};

// A little-endian float of 16 bits: IEEE's half (numpy's float16) has 5 bits of exponent, bfloat16 has 8. To be closed.
inline hid_t smallFloatType(int exponentBits) {
    const auto exponent = static_cast<std::size_t>(exponentBits), mantissa = 15 - exponent;
    const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(type, 15, mantissa, exponent, 0, mantissa);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, (std::size_t(1) << (exponent - 1)) - 1);
    return type;
}

}  // namespace bitlathe::hdf5
