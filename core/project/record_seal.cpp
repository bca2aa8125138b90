#include "core/project/record_seal.h"

#include "core/base/checksum.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace bitlathe {

namespace {

constexpr const char* kContent = "content_xxh64";
constexpr std::size_t kShortText = 4000;  // as Hdf5Writer::node divides attributes from arrays

std::string hexOf(std::uint64_t value) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(value >> shift) & 15];
    return text;
}

}  // namespace

void normalise(Hdf5Node& node) {
    for (Hdf5Item& item : node.items) {
        const auto* text = std::get_if<std::string>(&item.value);
        if ((text && text->size() <= kShortText) || item.value.index() == 1 || item.value.index() == 2) item.about.clear();
    }
    std::sort(node.items.begin(), node.items.end(), [](const Hdf5Item& a, const Hdf5Item& b) { return a.name < b.name; });
}

void seal(Hdf5Node& node) {
    const std::string content = hexOf(checksum(pack(node)));
    node.add(kContent, content);
}

bool unseal(Hdf5Node& node) {
    const std::string* content = node.get<std::string>(kContent);
    const std::string wanted = content ? *content : std::string();
    std::erase_if(node.items, [](const Hdf5Item& item) { return item.name == kContent; });
    normalise(node);
    return wanted == hexOf(checksum(pack(node)));
}

}  // namespace bitlathe
