// How a language model holds the keys and values of the tokens it has read: one type for all blocks of the network, and
// others for some of them, keys and values apart. A part of a recipe. Knows no model: how many blocks there are and
// how long their heads are is the caller's to say.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

// Int8 and Int4 are the blocks of ggml's q8_0 and q4_0 along a head: 32 numbers share a scale in half precision.
enum class CacheType : std::uint8_t { F32, F16, Int8, Int4 };
inline constexpr CacheType kAllCacheTypes[] = {CacheType::F32, CacheType::F16, CacheType::Int8, CacheType::Int4};

std::string_view nameOf(CacheType type) noexcept;  // "f32", "f16", "int8", "int4"
// ggml's names and short ones too: "q8_0", "q8", "q4_0", "q4".
std::optional<CacheType> cacheTypeFromName(std::string_view name) noexcept;
// Of a head's numbers as the cache holds them; 0 where they are no whole number of blocks.
std::int64_t cacheRowBytes(CacheType type, std::int64_t numbers) noexcept;

// What is said; where nothing is, something more general holds.
struct CacheTypes {
    std::optional<CacheType> keys, values;
    bool operator==(const CacheTypes&) const = default;
    bool empty() const noexcept { return !keys && !values; }
};

struct CacheChoice {
    static constexpr std::int64_t kMostBlocks = 4096;
    CacheTypes all;
    std::map<std::int64_t, CacheTypes> blocks;  // by the block's number, from 0; wins over `all`
    bool operator==(const CacheChoice&) const = default;
    bool empty() const noexcept { return all.empty() && blocks.empty(); }
};

// How one block holds them.
struct CacheHeld {
    CacheType keys = CacheType::F32, values = CacheType::F32;
    bool operator==(const CacheHeld&) const = default;
};
// One for each of so many blocks; `otherwise` where nothing is said.
std::vector<CacheHeld> cacheHeld(const CacheChoice& choice, std::int64_t blocks, CacheHeld otherwise = {});

// The choice that says the same, the most frequent types for all blocks.
CacheChoice cacheChoiceOf(const std::vector<CacheHeld>& held);

enum class CacheSide : std::uint8_t { Keys, Values };
// The choice with one side changed as a line says: "int8" for all blocks, "0-3=f16,4-=int4" for some of them (a number, a
// span, or a span without an end), or both: "int4,0=f16". Later parts win. A type for all blocks forgets what stood for some.
// Throws Error(Usage) that quotes the part and says what there is.
CacheChoice withCacheLine(CacheChoice choice, CacheSide side, std::string_view line, std::int64_t blocks);
// The line of one side, as withCacheLine() reads it; empty where nothing is said.
std::string cacheLine(const CacheChoice& choice, CacheSide side);
// For people: "keys int8; values int4, f16 in blocks 0–3".
std::string cacheText(const CacheChoice& choice);

}  // namespace bitlathe
