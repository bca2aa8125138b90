#include "tests/interop/peer_llama.h"

#include <dlfcn.h>

#include <cstdint>
#include <vector>

namespace bitlathe {

namespace {

// llama.h: llama_model_imatrix_data; a list of them ends with a null name.
struct Columns {
    const char* tensor;
    const float* values;
    std::size_t count;
};

// llama.h: llama_model_quantize_params, with room for what later versions add behind.
struct Parameters {
    std::int32_t threads, fileType, outputType, embeddingType;
    bool again, output, copyOnly, pure, split, dry;
    const Columns* importance;
    unsigned char rest[512];
};
using Defaults = Parameters (*)();
using Quantize = std::uint32_t (*)(const char*, const char*, const Parameters*);

// lib*.so or lib*.v0.5.0.so: the version is part of the name.
std::filesystem::path libraryIn(const std::filesystem::path& folder, const std::string& stem) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename();
        if (name.starts_with(stem + ".") && name.ends_with(".so")) return entry.path();
    }
    return folder / (stem + ".so");
}

}  // namespace

PeerLlama::PeerLlama() {
    const std::filesystem::path folder = BITLATHE_SOURCE_DIR "/tests/interop/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64";
    if (!std::filesystem::is_directory(folder)) {
        m_why = "node-llama-cpp is not installed; run npm ci --ignore-scripts in tests/interop";
        return;
    }
    void *ggml = nullptr, *llama = nullptr;  // kept open; each needs those before it
    for (const char* stem : {"libggml-base", "libggml", "libllama"}) {
        ggml = llama;
        llama = dlopen(libraryIn(folder, stem).c_str(), RTLD_NOW | RTLD_GLOBAL);
        if (llama) continue;
        m_why = dlerror();
        return;
    }
    const auto load = reinterpret_cast<void (*)(const char*)>(dlsym(ggml, "ggml_backend_load_all_from_path"));
    const auto begin = reinterpret_cast<void (*)()>(dlsym(llama, "llama_backend_init"));
    const auto log = reinterpret_cast<void (*)(void (*)(int, const char*, void*), void*)>(dlsym(llama, "llama_log_set"));
    m_defaults = dlsym(llama, "llama_model_quantize_default_params");
    void* quantize = dlsym(llama, "llama_model_quantize");
    if (!load || !begin || !log || !m_defaults || !quantize) {
        m_why = "this llama.cpp has no llama_model_quantize";
        return;
    }
    log([](int, const char*, void*) {}, nullptr);
    load(folder.c_str());
    begin();
    // Where the fields lie is known of one version: its defaults tell.
    const Parameters usual = reinterpret_cast<Defaults>(m_defaults)();
    if (!usual.again && usual.output && !usual.copyOnly && !usual.pure && !usual.split && !usual.dry && !usual.importance) m_quantize = quantize;
    else m_why = "this llama.cpp's parameters of quantizing are not those that are known here";
}

bool PeerLlama::quantize(const std::filesystem::path& from, const std::filesystem::path& to, int fileType, const Importance* importance) const {
    Parameters parameters = reinterpret_cast<Defaults>(m_defaults)();
    parameters.threads = 1;
    parameters.fileType = fileType;
    std::vector<Columns> columns;
    if (importance) {
        for (const auto& [tensor, values] : importance->tensors) columns.push_back({tensor.c_str(), values.data(), values.size()});
        columns.push_back({nullptr, nullptr, 0});
        parameters.importance = columns.data();
    }
    return reinterpret_cast<Quantize>(m_quantize)(from.c_str(), to.c_str(), &parameters) == 0;
}

}  // namespace bitlathe
