#include "core/quant/order_statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace bitlathe {

namespace {

std::size_t cutOf(double percent, std::size_t count) noexcept {
    return static_cast<std::size_t>(std::max(0.0, (100.0 - percent) / 100.0 * double(count) + 1e-9));
}

// Keys sort as the floats do.
std::uint32_t keyOf(float v) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(v);
    return bits & 0x8000'0000u ? ~bits : bits | 0x8000'0000u;
}
float valueOf(std::uint32_t key) noexcept { return std::bit_cast<float>(key & 0x8000'0000u ? key & 0x7fff'ffffu : ~key); }

constexpr std::size_t kBuckets = 1 << 16;
using Counts = std::vector<std::uint64_t>;

// Counts bucketOf(key) of every finite value; a bucket of kBuckets counts nothing.
template <class Key, class Bucket>
Counts countBuckets(std::span<const float> x, const ForChunks& forChunks, Key key, Bucket bucketOf) {
    const auto count = static_cast<std::int64_t>(x.size());
    std::vector<std::vector<std::uint32_t>> parts(static_cast<std::size_t>(chunksOf(count)));
    forChunks(chunksOf(count), [&](std::int64_t chunk) {
        auto& part = parts[static_cast<std::size_t>(chunk)];
        part.assign(kBuckets + 1, 0);
        const auto begin = static_cast<std::size_t>(chunk * kChunkValues);
        for (const float v : x.subspan(begin, std::min<std::size_t>(kChunkValues, x.size() - begin)))
            if (v - v == 0.0f) ++part[bucketOf(key(v))];
    });
    Counts counts(kBuckets);
    for (const auto& part : parts)
        for (std::size_t i = 0; i < std::min(part.size(), kBuckets); ++i) counts[i] += part[i];
    return counts;
}

// The bucket of the value with this rank, which becomes its rank within the bucket.
std::size_t findBucket(const Counts& counts, std::uint64_t& rank) noexcept {
    std::size_t bucket = 0;
    while (bucket + 1 < kBuckets && rank >= counts[bucket]) rank -= counts[bucket++];
    return bucket;
}

// The value with the given rank, ascending, where `high` counts the keys' upper halves.
template <class Key>
std::uint32_t selectKey(std::span<const float> x, const Counts& high, std::uint64_t rank, const ForChunks& forChunks, Key key) {
    const std::size_t upper = findBucket(high, rank);
    const Counts low = countBuckets(x, forChunks, key, [&](std::uint32_t k) { return k >> 16 == upper ? std::size_t(k & 0xffffu) : kBuckets; });
    return static_cast<std::uint32_t>(upper << 16 | findBucket(low, rank));
}

// The key of the finite value with so many larger ones. Few values are kept: those above the least that still
// could be it, which rises as they come.
template <class Key>
float largest(std::span<const float> x, std::size_t larger, Key key) {
    constexpr std::size_t kBlock = 32;
    std::vector<float> kept;
    const std::size_t room = 2 * larger + 64;
    kept.reserve(room + kBlock);
    float least = -std::numeric_limits<float>::infinity();
    const auto drop = [&] {
        const auto at = kept.begin() + static_cast<std::ptrdiff_t>(larger);
        std::nth_element(kept.begin(), at, kept.end(), std::greater<>());
        least = *at;
        kept.resize(larger + 1);
    };
    for (std::size_t begin = 0; begin < x.size(); begin += kBlock) {
        const auto block = x.subspan(begin, std::min(kBlock, x.size() - begin));
        int any = 0;
        for (const float v : block) any |= key(v) > least;
        if (any == 0) continue;
        for (const float v : block)
            if (key(v) > least && v - v == 0.0f) kept.push_back(key(v));
        if (kept.size() >= room) drop();
    }
    drop();
    return least;
}

}  // namespace

ValueRange percentileOf(std::span<const float> x, double percent, bool symmetric) {
    std::size_t count = 0;
    for (const float v : x) count += v - v == 0.0f;
    if (count == 0) return {};
    const std::size_t cut = cutOf(percent, count);
    if (symmetric) {
        const float limit = largest(x, std::min(cut, count - 1), [](float v) { return std::fabs(v); });
        return {-limit, limit};
    }
    const std::size_t side = std::min(cut / 2, (count - 1) / 2);
    return {-largest(x, side, [](float v) { return -v; }), largest(x, side, [](float v) { return v; })};
}

ValueRange percentileOf(std::span<const float> x, double percent, bool symmetric, const ForChunks& forChunks) {
    const auto key = [symmetric](float v) { return keyOf(symmetric ? std::fabs(v) : v); };
    const Counts high = countBuckets(x, forChunks, key, [](std::uint32_t k) { return std::size_t(k >> 16); });
    std::size_t count = 0;
    for (const auto c : high) count += c;
    if (count == 0) return {};
    const std::size_t cut = cutOf(percent, count);
    if (symmetric) {
        const float limit = valueOf(selectKey(x, high, count - 1 - std::min(cut, count - 1), forChunks, key));
        return {-limit, limit};
    }
    const std::size_t side = std::min(cut / 2, (count - 1) / 2);
    return {valueOf(selectKey(x, high, side, forChunks, key)), valueOf(selectKey(x, high, count - 1 - side, forChunks, key))};
}

}  // namespace bitlathe
