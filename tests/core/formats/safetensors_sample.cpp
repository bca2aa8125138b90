#include "tests/core/formats/safetensors_sample.h"

#include "tests/core/formats/gguf_sample.h"

#include <cmath>

namespace bitlathe {

SafetensorsSample& SafetensorsSample::tensor(std::string_view name, std::string_view type, const std::vector<std::int64_t>& shape, const std::string& data) {
    std::string dims;
    for (const std::int64_t n : shape) dims += (dims.empty() ? "" : ",") + std::to_string(n);
    m_entries += (m_entries.empty() ? "\"" : ",\"") + std::string(name) + "\":{\"dtype\":\"" + std::string(type) + "\",\"shape\":[" + dims + "],\"data_offsets\":[" + std::to_string(m_data.size()) + "," +
                 std::to_string(m_data.size() + data.size()) + "]}";
    m_data += data;
    return *this;
}

SafetensorsSample& SafetensorsSample::metadata(std::string_view key, std::string_view value) {
    m_metadata += (m_metadata.empty() ? "\"" : ",\"") + std::string(key) + "\":\"" + std::string(value) + "\"";
    return *this;
}

std::string SafetensorsSample::bytes(std::size_t padding) const {
    std::string head = "{";
    if (!m_metadata.empty()) head += "\"__metadata__\":{" + m_metadata + "}" + (m_entries.empty() ? "" : ",");
    head += m_entries + "}";
    while (head.size() % 8 != 0) head += ' ';
    return safetensorsFile(head + std::string(padding, ' '), m_data);
}

std::string safetensorsFile(const std::string& head, const std::string& data) {
    const auto length = static_cast<std::uint64_t>(head.size());
    return std::string(reinterpret_cast<const char*>(&length), 8) + head + data;
}

std::string smallSafetensors() {
    std::vector<float> values(8 * 16);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(0.1f * float(i));
    const std::vector<std::uint32_t> words(64, 0x76543210u);
    const std::vector<std::uint16_t> ones(64, 0x3c00);  // float16
    const std::vector<std::int32_t> order = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
    const std::vector<std::int64_t> shape = {8, 16};
    const auto part = [&](std::size_t count) { return bytesOf(std::vector<std::uint32_t>(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count))); };
    const auto halves = [&](std::size_t count) { return bytesOf(std::vector<std::uint16_t>(ones.begin(), ones.begin() + static_cast<std::ptrdiff_t>(count))); };
    return SafetensorsSample()
        .metadata("format", "pt")
        .tensor("lm_head.weight", "F32", {8, 16}, bytesOf(values))
        .tensor("model.embed_tokens.weight", "F16", {4, 16}, halves(64))
        .tensor("layers.10.up.qweight", "I32", {2, 8}, part(16))
        .tensor("layers.10.up.qzeros", "I32", {2, 1}, part(2))
        .tensor("layers.10.up.scales", "F16", {2, 8}, halves(16))
        .tensor("layers.10.up.g_idx", "I32", {16}, bytesOf(order))
        .tensor("layers.2.down.weight_packed", "I32", {8, 1}, part(8))
        .tensor("layers.2.down.weight_scale", "BF16", {8, 2}, halves(16))
        .tensor("layers.2.down.weight_shape", "I64", {2}, bytesOf(shape))
        .tensor("layers.2.gate.weight", "F8_E4M3", {8, 16}, std::string(128, '\x3c'))
        .tensor("layers.2.gate.weight_scale", "F32", {1}, bytesOf(std::vector<float>{2}))
        .tensor("layers.2.norm.weight", "BF16", {8}, halves(8))
        .tensor("counter", "I64", {}, std::string(8, '\x01'))
        .tensor("mask", "BOOL", {3}, std::string("\x01\x00\x01", 3))
        .bytes();
}

}  // namespace bitlathe
