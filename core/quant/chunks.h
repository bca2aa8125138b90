// How a search over many values is cut, so that one thread and many do the same additions.
#pragma once

#include <cstdint>
#include <functional>

namespace bitlathe {

// Calls body(chunk) once for each chunk 0 … chunks − 1, in any order, from any thread.
using ForChunks = std::function<void(std::int64_t chunks, const std::function<void(std::int64_t chunk)>& body)>;

inline void oneAfterTheOther(std::int64_t chunks, const std::function<void(std::int64_t chunk)>& body) {
    for (std::int64_t i = 0; i < chunks; ++i) body(i);
}

constexpr std::int64_t kChunkValues = 1 << 20;
constexpr std::int64_t chunksOf(std::int64_t values) noexcept { return (values + kChunkValues - 1) / kChunkValues; }

}  // namespace bitlathe
