// Keys and values of the tokens that a language model has read, so that the next token needs only its own. One
// sequence; memory for all of it is set aside when it is made (pages come in when they are written), and nothing
// is allocated later. Each layer chooses how keys and values are held. Knows no graph and no attention.
#pragma once

#include "core/kernels/isa.h"
#include "core/quant/cache_choice.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace bitlathe {

struct CacheLayer {
    std::int64_t heads = 0;                   // of keys and values
    std::int64_t keySize = 0, valueSize = 0;  // numbers of one head
    CacheType keys = CacheType::F32, values = CacheType::F32;
    bool operator==(const CacheLayer&) const = default;
};

class KvCache {
public:
    // capacity: tokens. Throws Error(Usage) for extents below 1, and where a head is no whole number of blocks.
    KvCache(std::vector<CacheLayer> layers, std::int64_t capacity, Isa isa);
    ~KvCache();
    KvCache(const KvCache&) = delete;
    KvCache& operator=(const KvCache&) = delete;

    const std::vector<CacheLayer>& layers() const noexcept { return m_layers; }
    std::int64_t capacity() const noexcept { return m_capacity; }
    std::int64_t length() const noexcept { return m_length; }  // tokens that are kept
    // Keeps the first `length` tokens, at most capacity(). After a run: the tokens that it wrote count from now on.
    void setLength(std::int64_t length) noexcept;
    std::int64_t bytes() const noexcept { return m_bytes; }         // for capacity() tokens
    std::int64_t bytesPerToken() const noexcept { return m_bytes / m_capacity; }

    // Tokens first … first + count − 1 of one layer: count rows of heads · size numbers each.
    void writeKeys(std::size_t layer, std::int64_t first, std::int64_t count, const float* rows) noexcept;
    void writeValues(std::size_t layer, std::int64_t first, std::int64_t count, const float* rows) noexcept;
    // `count` keys of one head as count × keySize floats: where they lie, or decoded into scratch, which has
    // room for them. From any thread while nobody writes.
    const float* keys(std::size_t layer, std::int64_t head, std::int64_t first, std::int64_t count, float* scratch) const noexcept;
    const float* values(std::size_t layer, std::int64_t head, std::int64_t first, std::int64_t count, float* scratch) const noexcept;

private:
    struct Plane {  // heads × capacity × size
        CacheType type = CacheType::F32;
        std::int64_t heads = 0, size = 0, rowBytes = 0;
        std::unique_ptr<std::byte[]> bytes;
    };
    Plane makePlane(std::int64_t heads, std::int64_t size, CacheType type, std::string_view what);
    void write(Plane& plane, std::int64_t first, std::int64_t count, const float* rows) noexcept;
    const float* read(const Plane& plane, std::int64_t head, std::int64_t first, std::int64_t count, float* scratch) const noexcept;

    std::vector<CacheLayer> m_layers;
    std::vector<Plane> m_keys, m_values;
    std::int64_t m_capacity = 0, m_length = 0, m_bytes = 0;
    Isa m_isa;
};

}  // namespace bitlathe
