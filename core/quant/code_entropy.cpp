#include "core/quant/code_entropy.h"

#include "core/base/parallel.h"
#include "core/quant/quantized_tensor.h"

#include <cmath>
#include <cstddef>
#include <queue>

namespace bitlathe {

namespace {

// Counts of codes by their bits as an unsigned number.
std::vector<std::uint64_t> countCodes(const Tensor& codes, Workers& workers) {
    const bool wide = bitsOf(codes.type()) == 16;
    const std::size_t symbols = wide ? 65536 : 256;
    constexpr std::int64_t kGrain = 1 << 20;
    const std::int64_t count = codes.count();
    std::vector<std::vector<std::uint64_t>> parts(static_cast<std::size_t>((count + kGrain - 1) / kGrain));
    const std::byte* bytes = codes.bytes().data();
    workers.forRange(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
        auto& part = parts[static_cast<std::size_t>(begin / kGrain)];
        part.assign(symbols, 0);
        if (wide)
            for (const auto* c = reinterpret_cast<const std::uint16_t*>(bytes) + begin, *last = c + (end - begin); c < last; ++c) ++part[*c];
        else
            for (std::int64_t i = begin; i < end; ++i) ++part[std::to_integer<std::size_t>(bytes[i])];
    });
    std::vector<std::uint64_t> counts(symbols);
    for (const auto& part : parts)
        for (std::size_t s = 0; s < symbols; ++s) counts[s] += part[s];
    return counts;
}

}  // namespace

std::vector<int> huffmanLengths(std::span<const std::uint64_t> counts) {
    struct Node {
        std::uint64_t count;
        std::size_t index;  // leaves first, then inner nodes in the order of their making
        bool operator>(const Node& other) const noexcept { return count != other.count ? count > other.count : index > other.index; }
    };
    std::priority_queue<Node, std::vector<Node>, std::greater<>> open;
    for (std::size_t s = 0; s < counts.size(); ++s)
        if (counts[s] > 0) open.push({counts[s], s});
    std::vector<int> lengths(counts.size(), 0);
    if (open.size() == 1) lengths[open.top().index] = 1;
    std::vector<std::size_t> parents(counts.size(), 0);
    std::size_t next = counts.size();
    while (open.size() > 1) {
        const Node a = open.top();
        open.pop();
        const Node b = open.top();
        open.pop();
        parents[a.index] = parents[b.index] = next;
        parents.push_back(0);
        open.push({a.count + b.count, next++});
    }
    if (next == counts.size()) return lengths;
    std::vector<int> depths(next, 0);  // the root is the last one made
    for (std::size_t n = next - 1; n-- > counts.size();) depths[n] = depths[parents[n]] + 1;
    for (std::size_t s = 0; s < counts.size(); ++s)
        if (counts[s] > 0) lengths[s] = depths[parents[s]] + 1;
    return lengths;
}

double entropyBits(std::span<const std::uint64_t> counts) {
    double all = 0, bits = 0;
    for (const std::uint64_t count : counts) all += double(count);
    for (const std::uint64_t count : counts)
        if (count > 0) bits -= double(count) * std::log2(double(count) / all);
    return bits;
}

CodeEntropy codeEntropy(std::span<const std::uint64_t> counts, const ChannelLayout& layout, const QuantSpec& spec) {
    CodeEntropy result;
    std::uint64_t counted = 0, bits = 0;
    for (const std::uint64_t count : counts) counted += count;
    if (counted == 0) return result;
    const auto lengths = huffmanLengths(counts);
    for (std::size_t s = 0; s < counts.size(); ++s) bits += counts[s] * static_cast<std::uint64_t>(lengths[s]);
    const std::int64_t count = layout.channels * layout.perChannel();
    if (static_cast<std::uint64_t>(count) != counted) bits = static_cast<std::uint64_t>(std::llround(double(bits) / double(counted) * double(count)));
    const std::int64_t plainCodes = (count * spec.bits + 7) / 8;
    const std::int64_t table = std::int64_t{1} << spec.bits;
    result.bitsPerCode = entropyBits(counts) / double(counted);
    result.huffmanBytes = static_cast<std::int64_t>((bits + 7) / 8) + table + storedBytes(layout, spec) - plainCodes;
    result.huffmanBitsPerWeight = 8.0 * double(result.huffmanBytes) / double(count);
    return result;
}

CodeEntropy codeEntropy(const QuantizedTensor& q, Workers& workers) {
    if (q.codes.count() == 0) return {};
    return codeEntropy(countCodes(q.codes, workers), q.layout, q.spec);
}

}  // namespace bitlathe
