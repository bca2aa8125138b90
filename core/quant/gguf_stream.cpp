#include "core/quant/gguf_stream.h"

#include "core/base/job.h"
#include "core/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <vector>

namespace bitlathe {

namespace {

// Values of a piece, which is what one look at the stop costs, and of the chunks that threads share it in.
constexpr std::int64_t kPiece = 1 << 19, kChunk = 1 << 14;

template <class T>
std::span<const T> valuesOf(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

std::int64_t packRows(const GgufRows& rows, ElementType type, std::span<const std::byte> weights, std::span<std::byte> out, Isa isa) noexcept {
    switch (type) {
        case ElementType::F32: return packGgufRows(rows, valuesOf<float>(weights), out, isa);
        case ElementType::F16: return packGgufHalves(rows, valuesOf<std::uint16_t>(weights), out, isa);
        default: return packGgufBfloats(rows, valuesOf<std::uint16_t>(weights), out, isa);
    }
}

}  // namespace

bool streamsGguf(ElementType type) noexcept { return type == ElementType::F32 || type == ElementType::F16 || type == ElementType::BF16; }

std::int64_t streamGguf(const GgufRows& rows, ElementType type, std::span<const std::byte> weights, const std::function<void(std::span<const std::byte>)>& take,
                Workers& workers, JobContext& job, Isa isa) {
    assert(streamsGguf(type));
    const std::int64_t rowBytes = rows.columns * bitsOf(type) / 8, count = static_cast<std::int64_t>(weights.size()) / rowBytes;
    const std::int64_t chunk = std::max<std::int64_t>(1, kChunk / rows.columns), piece = std::max(chunk, kPiece / rows.columns / chunk * chunk);
    std::vector<std::byte> buffers[2];
    std::atomic<std::int64_t> notFinite{0};
    std::span<const std::byte> ready;  // encoded and not yet taken
    for (std::int64_t first = 0; first < count; first += piece) {
        const std::int64_t length = std::min(piece, count - first), chunks = (length + chunk - 1) / chunk;
        std::vector<std::byte>& buffer = buffers[first / piece % 2];
        buffer.resize(static_cast<std::size_t>(length * rows.rowBytes()));
        workers.forEach(chunks + 1, [&](std::int64_t c) {
            if (c == 0) {  // first, so that the others encode meanwhile
                if (!ready.empty()) take(ready);
                return;
            }
            const std::int64_t begin = (c - 1) * chunk, here = std::min(chunk, length - begin);
            notFinite += packRows(rows, type, weights.subspan(static_cast<std::size_t>((first + begin) * rowBytes), static_cast<std::size_t>(here * rowBytes)),
                     std::span(buffer).subspan(static_cast<std::size_t>(begin * rows.rowBytes()), static_cast<std::size_t>(here * rows.rowBytes())), isa);
        });
        ready = buffer;
        job.checkpoint(double(first + length) / double(count));
    }
    if (!ready.empty()) take(ready);
    return notFinite;
}

}  // namespace bitlathe
