// llama.cpp's own quantizer, from the library that node-llama-cpp ships, opened at run time. Not needed to build.
#pragma once

#include "core/quant/importance.h"

#include <filesystem>
#include <string>

namespace bitlathe {

class PeerLlama {
public:
    // Opens the library in tests/interop/node_modules. One of a process.
    PeerLlama();
    PeerLlama(const PeerLlama&) = delete;
    PeerLlama& operator=(const PeerLlama&) = delete;

    explicit operator bool() const { return m_quantize != nullptr; }
    const std::string& why() const { return m_why; }  // it is missing

    // Writes `to` in a file type of llama.h's llama_ftype, as llama-quantize does; false where llama.cpp refuses.
    // importance: mean squares by tensor, or null.
    bool quantize(const std::filesystem::path& from, const std::filesystem::path& to, int fileType, const Importance* importance) const;

private:
    std::string m_why;
    void* m_defaults = nullptr;
    void* m_quantize = nullptr;
};

}  // namespace bitlathe
