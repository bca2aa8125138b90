#include "core/formats/safetensors/tensor_order.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <string_view>
#include <tuple>

namespace bitlathe::safetensors {

namespace {

// Where a name belongs: its section, of equals the numbered list that it is in, of equals the number in that list.
struct Place {
    int section = 1;
    std::size_t list = 0;
    std::uint64_t number = 0;
    auto key() const { return std::tuple(section, list, number); }
};

bool isNumber(std::string_view part) { return !part.empty() && part.size() < 10 && std::all_of(part.begin(), part.end(), [](unsigned char c) { return c >= '0' && c <= '9'; }); }

// The first part between dots that is a number, and what stands before it; the whole name where there is none.
std::pair<std::string, std::uint64_t> listOf(const std::string& name) {
    for (std::size_t at = 0; at < name.size();) {
        const std::size_t end = std::min(name.find('.', at), name.size());
        if (const auto part = std::string_view(name).substr(at, end - at); isNumber(part)) return {name.substr(0, at), std::stoull(std::string(part))};
        at = end + 1;
    }
    return {name, 0};
}

int sectionOf(const std::string& name) {
    constexpr std::string_view kFirst[] = {"embed_tokens.", "wte.", "wpe.", "word_embeddings.", "position_embeddings.", "token_type_embeddings.", "embed_in."};
    constexpr std::string_view kLast[] = {"lm_head.", "embed_out.", "score.", "classifier.", "cls."};
    const bool inBlock = listOf(name).first != name;
    const auto holds = [&](std::string_view part) { return name.starts_with(part) || name.find("." + std::string(part)) != std::string::npos; };
    if (!inBlock && std::any_of(std::begin(kFirst), std::end(kFirst), holds)) return 0;
    return !inBlock && std::any_of(std::begin(kLast), std::end(kLast), [&](std::string_view part) { return name.starts_with(part); }) ? 2 : 1;
}

}  // namespace

std::vector<std::size_t> readingOrder(const std::vector<std::string>& names) {
    std::map<std::string, std::size_t> lists;
    std::vector<Place> places;
    for (const std::string& name : names) {
        const auto [list, number] = listOf(name);
        places.push_back({sectionOf(name), lists.emplace(list, lists.size()).first->second, number});
    }
    std::vector<std::size_t> order(names.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return places[a].key() < places[b].key(); });
    return order;
}

}  // namespace bitlathe::safetensors
