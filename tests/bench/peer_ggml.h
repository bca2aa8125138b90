// ggml's own encoders, from the library that node-llama-cpp ships, opened at run time. Not needed to build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bitlathe {

class PeerGgml {
public:
    // Opens `library`, or the one in tests/interop/node_modules where it is empty.
    explicit PeerGgml(const std::string& library);
    PeerGgml(const PeerGgml&) = delete;
    PeerGgml& operator=(const PeerGgml&) = delete;

    explicit operator bool() const { return m_quantize != nullptr; }
    const std::string& library() const { return m_library; }
    const std::string& why() const { return m_why; }  // it is missing

    void prepare(int type) const { m_init(type); }
    // Rows [firstRow, firstRow + rows) of src into their place in dst, both given from row 0.
    void quantize(int type, const float* src, void* dst, std::int64_t firstRow, std::int64_t rows, std::int64_t columns, const float* importance) const {
        m_quantize(type, src, dst, firstRow * columns, rows, columns, importance);
    }

private:
    std::string m_library, m_why;
    void (*m_init)(int) = nullptr;
    std::size_t (*m_quantize)(int, const float*, void*, std::int64_t, std::int64_t, std::int64_t, const float*) = nullptr;
};

}  // namespace bitlathe
