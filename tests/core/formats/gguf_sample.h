// GGUF files made by hand, well-formed or not, of any version.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

class GgufSample {
public:
    explicit GgufSample(std::uint32_t version = 3, std::uint64_t alignment = 32) : m_version(version), m_alignment(alignment) {}

    GgufSample& text(std::string_view key, std::string_view value);
    GgufSample& number(std::string_view key, std::uint32_t value);
    GgufSample& texts(std::string_view key, const std::vector<std::string>& values);
    // A value of any type, its bytes as given.
    GgufSample& raw(std::string_view key, std::uint32_t type, const std::string& value);
    // dims: as in the file, the contiguous one first.
    GgufSample& tensor(std::string_view name, const std::vector<std::uint64_t>& dims, std::uint32_t type, const std::string& data);
    GgufSample& tensorAt(std::string_view name, const std::vector<std::uint64_t>& dims, std::uint32_t type, std::uint64_t offset);

    std::string bytes() const;

private:
    std::string length(std::uint64_t n) const;
    std::uint32_t m_version;
    std::uint64_t m_alignment;
    std::uint64_t m_keyCount = 0, m_tensorCount = 0;
    std::string m_keys, m_tensors, m_data;
};

// The bytes of an array.
template <class T>
std::string bytesOf(const std::vector<T>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// A small file with keys of several types and tensors of several types.
std::string smallGguf(std::uint32_t version = 3);

// Writes the bytes into a folder of this test run and returns the path.
std::filesystem::path writeSample(const std::string& name, const std::string& bytes);

}  // namespace bitlathe
