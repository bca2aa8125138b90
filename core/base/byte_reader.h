// Little-endian reading from untrusted bytes: every step is checked against what is left.
#pragma once

#include "core/base/error.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace bitlathe {

// Throws Error(Input) naming the file and the offset when the bytes end too early.
class ByteReader {
public:
    ByteReader(std::span<const std::byte> bytes, std::string fileName) : m_bytes(bytes), m_file(std::move(fileName)) {}

    std::size_t offset() const noexcept { return m_at; }
    std::size_t left() const noexcept { return m_bytes.size() - m_at; }

    std::span<const std::byte> take(std::uint64_t count) {
        if (count > left())
            refuseInput("'" + m_file + "' ends at byte " + std::to_string(m_bytes.size()) + ", but " + std::to_string(count) +
                        " bytes are due at byte " + std::to_string(m_at) + "; the file is truncated or damaged, fetch it again");
        auto part = m_bytes.subspan(m_at, static_cast<std::size_t>(count));
        m_at += static_cast<std::size_t>(count);
        return part;
    }
    template <class T>
    T number() {
        static_assert(std::is_arithmetic_v<T>);
        T value;
        std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
        return value;
    }
    std::string_view text(std::uint64_t length) {
        auto part = take(length);
        return {reinterpret_cast<const char*>(part.data()), part.size()};
    }

private:
    std::span<const std::byte> m_bytes;
    std::string m_file;
    std::size_t m_at = 0;
};

}  // namespace bitlathe
