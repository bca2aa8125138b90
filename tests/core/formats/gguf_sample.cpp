#include "tests/core/formats/gguf_sample.h"

#include <cmath>
#include <fstream>

#include <unistd.h>

namespace bitlathe {

namespace {
template <class T>
std::string plain(T value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }
}  // namespace

std::string GgufSample::length(std::uint64_t n) const { return m_version == 1 ? plain(static_cast<std::uint32_t>(n)) : plain(n); }

GgufSample& GgufSample::raw(std::string_view key, std::uint32_t type, const std::string& value) {
    m_keys += length(key.size()) + std::string(key) + plain(type) + value;
    ++m_keyCount;
    return *this;
}
GgufSample& GgufSample::text(std::string_view key, std::string_view value) { return raw(key, 8, length(value.size()) + std::string(value)); }
GgufSample& GgufSample::number(std::string_view key, std::uint32_t value) { return raw(key, 4, plain(value)); }
GgufSample& GgufSample::texts(std::string_view key, const std::vector<std::string>& values) {
    std::string array = plain(std::uint32_t(8)) + length(values.size());
    for (const auto& value : values) array += length(value.size()) + value;
    return raw(key, 9, array);
}

GgufSample& GgufSample::tensorAt(std::string_view name, const std::vector<std::uint64_t>& dims, std::uint32_t type, std::uint64_t offset) {
    m_tensors += length(name.size()) + std::string(name) + plain(static_cast<std::uint32_t>(dims.size()));
    for (const std::uint64_t dim : dims) m_tensors += length(dim);
    m_tensors += plain(type) + plain(offset);
    ++m_tensorCount;
    return *this;
}
GgufSample& GgufSample::tensor(std::string_view name, const std::vector<std::uint64_t>& dims, std::uint32_t type, const std::string& data) {
    tensorAt(name, dims, type, m_data.size());
    m_data += data;
    m_data.resize((m_data.size() + m_alignment - 1) / m_alignment * m_alignment);
    return *this;
}

std::string GgufSample::bytes() const {
    std::string all = "GGUF" + plain(m_version) + length(m_tensorCount) + length(m_keyCount) + m_keys + m_tensors;
    all.resize((all.size() + m_alignment - 1) / m_alignment * m_alignment);
    return all + m_data;
}

std::string smallGguf(std::uint32_t version) {
    std::vector<float> wave(512), norm(64, 1.0f);
    for (std::size_t i = 0; i < wave.size(); ++i) wave[i] = std::sin(0.1f * static_cast<float>(i));
    std::vector<std::uint16_t> halves(256, 0x3c00);
    std::string q8;
    for (int b = 0; b < 4; ++b) q8 += std::string("\x00\x3c", 2) + std::string(32, static_cast<char>(b + 1));
    GgufSample sample(version);
    sample.text("general.architecture", "llama").number("general.alignment", 32).texts("tokenizer.ggml.tokens", {"<unk>", "a", "b c"});
    sample.raw("llama.rope.freq_base", 6, std::string("\x00\x40\x1c\x46", 4)).raw("flag", 7, std::string("\x01", 1));
    sample.tensor("output_norm.weight", {64}, 0, bytesOf(norm)).tensor("blk.0.attn_q.weight", {64, 8}, 0, bytesOf(wave));
    sample.tensor("blk.0.ffn_up.weight", {64, 4}, 1, bytesOf(halves)).tensor("token_embd.weight", {64, 2}, 8, q8);
    return sample.bytes();
}

std::filesystem::path writeSample(const std::string& name, const std::string& bytes) {
    const auto folder = std::filesystem::temp_directory_path() / ("bitlathe-gguf-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / name, std::ios::binary) << bytes;
    return folder / name;
}

}  // namespace bitlathe
