#include "core/quant/cache_choice.h"

#include "core/base/error.h"
#include "core/quant/gguf_blocks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace bitlathe {

namespace {

struct Name {
    std::string_view name;
    CacheType type;
};
// The first of each type is the one that files hold.
constexpr std::array kNames{Name{"f32", CacheType::F32},   Name{"f16", CacheType::F16},  Name{"int8", CacheType::Int8}, Name{"int4", CacheType::Int4},
                            Name{"q8_0", CacheType::Int8}, Name{"q8", CacheType::Int8}, Name{"q4_0", CacheType::Int4}, Name{"q4", CacheType::Int4}};

std::optional<CacheType>& sideOf(CacheTypes& types, CacheSide side) { return side == CacheSide::Keys ? types.keys : types.values; }
const std::optional<CacheType>& sideOf(const CacheTypes& types, CacheSide side) { return side == CacheSide::Keys ? types.keys : types.values; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

[[noreturn]] void refuse(std::string_view part, const std::string& why) {
    throw Error(ErrorKind::Usage, "'" + std::string(part) + "' says nothing of the cache: " + why + "; write a type (f32, f16, int8, int4), or blocks and a type such as 0-3=f16 or 4-=int4, parted by commas");
}

CacheType typeOf(std::string_view text, std::string_view part) {
    const auto type = cacheTypeFromName(trimmed(text));
    if (!type) refuse(part, "there is no type '" + std::string(trimmed(text)) + "'");
    return *type;
}

std::int64_t numberOf(std::string_view text, std::string_view part) {
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || problem != std::errc() || end != text.data() + text.size() || number < 0) refuse(part, "'" + std::string(text) + "' is no block's number");
    return number;
}

// "3", "0-3", "4-"
std::pair<std::int64_t, std::int64_t> spanOf(std::string_view text, std::string_view part, std::int64_t blocks) {
    text = trimmed(text);
    const auto dash = text.find('-');
    const std::int64_t first = numberOf(trimmed(text.substr(0, dash)), part);
    const std::string_view end = dash == std::string_view::npos ? std::string_view() : trimmed(text.substr(dash + 1));
    const std::int64_t last = dash == std::string_view::npos ? first : end.empty() ? blocks - 1 : numberOf(end, part);
    if (first >= blocks || last >= blocks) refuse(part, "the model has the blocks 0 to " + std::to_string(blocks - 1));
    if (last < first) refuse(part, "the last block comes before the first");
    return {first, last};
}

struct Run {
    std::int64_t first, last;
    CacheType type;
};

// Blocks side by side that are held alike.
std::vector<Run> runsOf(const CacheChoice& choice, CacheSide side) {
    std::vector<Run> runs;
    for (const auto& [block, types] : choice.blocks) {
        const auto& type = sideOf(types, side);
        if (!type) continue;
        if (!runs.empty() && runs.back().last + 1 == block && runs.back().type == *type) runs.back().last = block;
        else runs.push_back({block, block, *type});
    }
    return runs;
}

}  // namespace

std::string_view nameOf(CacheType type) noexcept { return kNames[static_cast<std::size_t>(type)].name; }

std::optional<CacheType> cacheTypeFromName(std::string_view name) noexcept {
    const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const Name& row) { return row.name == name; });
    if (found == kNames.end()) return std::nullopt;
    return found->type;
}

std::int64_t cacheRowBytes(CacheType type, std::int64_t numbers) noexcept {
    if (type == CacheType::F32 || type == CacheType::F16) return numbers * (type == CacheType::F32 ? 4 : 2);
    const GgufForm& form = ggufForm(type == CacheType::Int8 ? GgufType::Q8_0 : GgufType::Q4_0);
    return numbers % form.values == 0 ? numbers / form.values * form.bytes : 0;
}

std::vector<CacheHeld> cacheHeld(const CacheChoice& choice, std::int64_t blocks, CacheHeld otherwise) {
    const CacheHeld all{choice.all.keys.value_or(otherwise.keys), choice.all.values.value_or(otherwise.values)};
    std::vector<CacheHeld> held(static_cast<std::size_t>(std::max<std::int64_t>(blocks, 0)), all);
    for (const auto& [block, types] : choice.blocks) {
        if (block < 0 || block >= blocks) continue;
        CacheHeld& one = held[static_cast<std::size_t>(block)];
        one = {types.keys.value_or(one.keys), types.values.value_or(one.values)};
    }
    return held;
}

CacheChoice cacheChoiceOf(const std::vector<CacheHeld>& held) {
    CacheChoice choice;
    if (held.empty()) return choice;
    const auto put = [&](CacheType CacheHeld::*side, CacheSide of) {
        std::array<std::int64_t, std::size(kAllCacheTypes)> counts{};
        for (const CacheHeld& one : held) ++counts[static_cast<std::size_t>(one.*side)];
        const auto most = static_cast<CacheType>(std::max_element(counts.begin(), counts.end()) - counts.begin());
        sideOf(choice.all, of) = most;
        for (std::size_t i = 0; i < held.size(); ++i)
            if (held[i].*side != most) sideOf(choice.blocks[static_cast<std::int64_t>(i)], of) = held[i].*side;
    };
    put(&CacheHeld::keys, CacheSide::Keys);
    put(&CacheHeld::values, CacheSide::Values);
    return choice;
}

CacheChoice withCacheLine(CacheChoice choice, CacheSide side, std::string_view line, std::int64_t blocks) {
    for (std::size_t begin = 0; begin <= line.size();) {
        const std::size_t end = std::min(line.find(',', begin), line.size());
        const std::string_view part = trimmed(line.substr(begin, end - begin));
        begin = end + 1;
        const auto equals = part.find('=');
        if (equals == std::string_view::npos) {
            sideOf(choice.all, side) = typeOf(part, part);
            for (auto& [block, types] : choice.blocks) sideOf(types, side).reset();
            std::erase_if(choice.blocks, [](const auto& row) { return row.second.empty(); });
            continue;
        }
        const CacheType type = typeOf(part.substr(equals + 1), part);
        const auto [first, last] = spanOf(part.substr(0, equals), part, blocks);
        for (std::int64_t block = first; block <= last; ++block) sideOf(choice.blocks[block], side) = type;
    }
    return choice;
}

std::string cacheLine(const CacheChoice& choice, CacheSide side) {
    std::string line;
    if (const auto& all = sideOf(choice.all, side)) line = nameOf(*all);
    for (const Run& run : runsOf(choice, side))
        line += (line.empty() ? "" : ",") + std::to_string(run.first) + (run.last > run.first ? "-" + std::to_string(run.last) : "") + "=" + std::string(nameOf(run.type));
    return line;
}

std::string cacheText(const CacheChoice& choice) {
    std::string text;
    for (const CacheSide side : {CacheSide::Keys, CacheSide::Values}) {
        std::string said;
        if (const auto& all = sideOf(choice.all, side)) said = nameOf(*all);
        for (const Run& run : runsOf(choice, side))
            said += (said.empty() ? "" : ", ") + std::string(nameOf(run.type)) + (run.last > run.first ? " in blocks " + std::to_string(run.first) + "–" + std::to_string(run.last) : " in block " + std::to_string(run.first));
        if (!said.empty()) text += (text.empty() ? "" : "; ") + std::string(side == CacheSide::Keys ? "keys " : "values ") + said;
    }
    return text;
}

}  // namespace bitlathe
