#include "tests/bench/peer_ggml.h"

#include <dlfcn.h>

namespace bitlathe {

PeerGgml::PeerGgml(const std::string& library)
    : m_library(!library.empty() ? library : BITLATHE_SOURCE_DIR "/tests/interop/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libggml-base.so") {
    void* handle = dlopen(m_library.c_str(), RTLD_NOW | RTLD_LOCAL);  // kept open
    if (!handle) {
        m_why = dlerror();
        return;
    }
    m_init = reinterpret_cast<decltype(m_init)>(dlsym(handle, "ggml_quantize_init"));
    m_quantize = reinterpret_cast<decltype(m_quantize)>(dlsym(handle, "ggml_quantize_chunk"));
    if (m_init && m_quantize) return;
    m_quantize = nullptr;
    m_why = m_library + " has no ggml_quantize_chunk";
}

}  // namespace bitlathe
