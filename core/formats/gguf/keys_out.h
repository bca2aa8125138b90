// Keys with values that are made, not copied. Owns what the list of keys points into. Private to this folder.
#pragma once

#include "core/formats/gguf/container.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe::gguf {

class KeysOut {
public:
    void text(std::string key, std::string_view value);
    void number(std::string key, std::uint32_t value);
    void real(std::string key, float value);
    void flag(std::string key, bool value);
    void texts(std::string key, const std::vector<std::string>& values);
    void reals(std::string key, const std::vector<float>& values);
    void integers(std::string key, const std::vector<std::int32_t>& values);
    void bytes(std::string key, std::string_view value);  // uint8

    const std::vector<KeyValue>& keys() const noexcept { return m_keys; }

private:
    void add(std::string key, ValueType type, std::string value);
    std::deque<std::string> m_texts;
    std::vector<KeyValue> m_keys;
};

}  // namespace bitlathe::gguf
