#include "core/base/plain_text.h"

namespace bitlathe {

bool isPlainText(std::string_view text, bool lines) noexcept {
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i++]);
        const int more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : c >= 0xf0 && c < 0xf5 ? 3 : -1;
        if (more < 0 || c == 0x7f || (c < 0x20 && !(lines && (c == '\t' || c == '\n' || c == '\r')))) return false;
        for (int k = 0; k < more; ++k)
            if (i >= text.size() || (static_cast<unsigned char>(text[i++]) & 0xc0) != 0x80) return false;
    }
    return true;
}

std::string plainText(std::string_view text, bool lines) {
    std::string plain(text);
    if (!isPlainText(text, lines))
        for (char& c : plain)
            if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
    return plain;
}

}  // namespace bitlathe
