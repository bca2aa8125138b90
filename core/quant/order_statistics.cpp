#include "core/quant/order_statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
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

}  // namespace

ValueRange percentileOf(std::span<const float> x, double percent, bool symmetric) {
    std::vector<float> values;
    values.reserve(x.size());
    std::copy_if(x.begin(), x.end(), std::back_inserter(values), [](float v) { return std::isfinite(v); });
    if (values.empty()) return {};
    const std::size_t cut = cutOf(percent, values.size());
    if (symmetric) {
        for (float& v : values) v = std::fabs(v);
        const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::min(cut, values.size() - 1));
        std::nth_element(values.begin(), at, values.end(), std::greater<>());
        return {-*at, *at};
    }
    const auto side = static_cast<std::ptrdiff_t>(std::min(cut / 2, (values.size() - 1) / 2));
    std::nth_element(values.begin(), values.begin() + side, values.end());
    const float lo = values[static_cast<std::size_t>(side)];
    std::nth_element(values.begin(), values.end() - 1 - side, values.end());
    return {lo, *(values.end() - 1 - side)};
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
