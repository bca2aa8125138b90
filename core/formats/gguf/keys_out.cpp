#include "core/formats/gguf/keys_out.h"

#include <cstring>

namespace bitlathe::gguf {

namespace {

template <class T>
void append(std::string& out, T value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); }
void appendText(std::string& out, std::string_view text) {
    append(out, static_cast<std::uint64_t>(text.size()));
    out += text;
}
std::string listOf(ValueType type, std::size_t count) {
    std::string out;
    append(out, static_cast<std::uint32_t>(type));
    append(out, static_cast<std::uint64_t>(count));
    return out;
}

}  // namespace

void KeysOut::add(std::string key, ValueType type, std::string value) {
    const std::string& name = m_texts.emplace_back(std::move(key));
    const std::string& bytes = m_texts.emplace_back(std::move(value));
    m_keys.push_back({name, type, std::as_bytes(std::span(bytes.data(), bytes.size()))});
}

void KeysOut::text(std::string key, std::string_view value) {
    std::string out;
    appendText(out, value);
    add(std::move(key), ValueType::String, std::move(out));
}
void KeysOut::number(std::string key, std::uint32_t value) {
    std::string out;
    append(out, value);
    add(std::move(key), ValueType::U32, std::move(out));
}
void KeysOut::real(std::string key, float value) {
    std::string out;
    append(out, value);
    add(std::move(key), ValueType::F32, std::move(out));
}
void KeysOut::flag(std::string key, bool value) { add(std::move(key), ValueType::Bool, std::string(1, value ? '\1' : '\0')); }
void KeysOut::texts(std::string key, const std::vector<std::string>& values) {
    std::string out = listOf(ValueType::String, values.size());
    for (const std::string& value : values) appendText(out, value);
    add(std::move(key), ValueType::Array, std::move(out));
}
void KeysOut::reals(std::string key, const std::vector<float>& values) {
    std::string out = listOf(ValueType::F32, values.size());
    for (const float value : values) append(out, value);
    add(std::move(key), ValueType::Array, std::move(out));
}
void KeysOut::integers(std::string key, const std::vector<std::int32_t>& values) {
    std::string out = listOf(ValueType::I32, values.size());
    for (const std::int32_t value : values) append(out, value);
    add(std::move(key), ValueType::Array, std::move(out));
}
void KeysOut::bytes(std::string key, std::string_view value) { add(std::move(key), ValueType::Array, listOf(ValueType::U8, value.size()) + std::string(value)); }

}  // namespace bitlathe::gguf
