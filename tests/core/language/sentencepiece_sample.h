// tokenizer.model files made by hand, field by field.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace bitlathe::sentencepiece {

inline std::string varint(std::uint64_t value) {
    std::string out;
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    return out + static_cast<char>(value);
}
inline std::string number(int field, std::uint64_t value) { return varint(std::uint64_t(field) << 3) + varint(value); }
inline std::string text(int field, const std::string& value) { return varint(std::uint64_t(field) << 3 | 2) + varint(value.size()) + value; }
inline std::string real(int field, float value) {
    std::string bytes(4, '\0');
    std::memcpy(bytes.data(), &value, 4);
    return varint(std::uint64_t(field) << 3 | 5) + bytes;
}
inline std::string piece(const std::string& of, float score, int kind = 1) { return text(1, text(1, of) + real(2, score) + (kind == 1 ? "" : number(3, static_cast<std::uint64_t>(kind)))); }

// A few pieces, bytes to fall back on, a trainer of `type` and a normalizer.
inline std::string model(int type, const std::string& normalizer = number(3, 1) + number(4, 0), const std::string& trainer = {}) {
    std::string out = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3);
    for (int byte = 0; byte < 256; ++byte) {
        char name[8];
        std::snprintf(name, sizeof name, "<0x%02X>", static_cast<unsigned>(byte));
        out += piece(name, 0, 6);
    }
    out += piece("▁a", -1) + piece("▁", -2) + piece("a", -3) + piece("b", -4) + piece("ab", -5) + piece("<mine>", 0, 4);
    return out + text(2, number(3, static_cast<std::uint64_t>(type)) + number(35, 1) + number(40, 0) + number(41, 1) + number(42, 2) + number(43, ~std::uint64_t(0)) + trainer) + text(3, text(1, "identity") + normalizer);
}

}  // namespace bitlathe::sentencepiece
