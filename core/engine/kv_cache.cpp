#include "core/engine/kv_cache.h"

#include "core/base/error.h"
#include "core/kernels/convert_rows.h"
#include "core/quant/gguf_rows.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace bitlathe {

namespace {

constexpr std::int64_t kMostBytes = std::int64_t(1) << 40;

const GgufForm& formOf(CacheType type) noexcept { return ggufForm(type == CacheType::Int8 ? GgufType::Q8_0 : GgufType::Q4_0); }
}  // namespace

KvCache::KvCache(std::vector<CacheLayer> layers, std::int64_t capacity, Isa isa) : m_layers(std::move(layers)), m_capacity(capacity), m_isa(isa) {
    if (capacity < 1) throw Error(ErrorKind::Usage, "a cache for " + std::to_string(capacity) + " tokens holds nothing; choose a context of at least 1 token");
    for (const CacheLayer& layer : m_layers) {
        m_keys.push_back(makePlane(layer.heads, layer.keySize, layer.keys, "keys"));
        m_values.push_back(makePlane(layer.heads, layer.valueSize, layer.values, "values"));
    }
}

KvCache::~KvCache() = default;

KvCache::Plane KvCache::makePlane(std::int64_t heads, std::int64_t size, CacheType type, std::string_view what) {
    constexpr std::int64_t kMostNumbers = std::int64_t(1) << 24;  // of one token
    if (heads < 1 || size < 1 || heads > kMostNumbers || size > kMostNumbers / heads)
        throw Error(ErrorKind::Usage, "a cache for " + std::to_string(heads) + " heads of " + std::to_string(size) + " numbers is impossible");
    Plane plane{type, heads, size, 0, nullptr};
    plane.rowBytes = cacheRowBytes(type, size);
    if (plane.rowBytes == 0)
        throw Error(ErrorKind::Usage, std::string(what) + " of " + std::to_string(size) + " numbers are no whole number of blocks of " + std::to_string(formOf(type).values) + ", so " +
                                          std::string(nameOf(type)) + " cannot hold them; choose f16");
    const std::int64_t token = heads * plane.rowBytes;
    if (m_capacity > (kMostBytes - m_bytes) / token)
        throw Error(ErrorKind::Usage, "the cache for " + std::to_string(m_capacity) + " tokens would be larger than memory; choose types of fewer bits for keys and values");
    const std::int64_t bytes = m_capacity * token;
    plane.bytes.reset(new std::byte[static_cast<std::size_t>(bytes)]);
    m_bytes += bytes;
    return plane;
}

void KvCache::setLength(std::int64_t length) noexcept { m_length = std::clamp<std::int64_t>(length, 0, m_capacity); }

void KvCache::write(Plane& plane, std::int64_t first, std::int64_t count, const float* rows) noexcept {
    for (std::int64_t token = 0; token < count; ++token)
        for (std::int64_t head = 0; head < plane.heads; ++head) {
            const float* from = rows + (token * plane.heads + head) * plane.size;
            std::byte* to = plane.bytes.get() + (head * m_capacity + first + token) * plane.rowBytes;
            const auto size = static_cast<std::size_t>(plane.size);
            if (plane.type == CacheType::F32) std::memcpy(to, from, size * sizeof(float));
            else if (plane.type == CacheType::F16) halvesFromFloats(m_isa, from, plane.size, reinterpret_cast<std::uint16_t*>(to));
            else packGgufRows({formOf(plane.type), plane.size}, {from, size}, {to, static_cast<std::size_t>(plane.rowBytes)}, m_isa);
        }
}

const float* KvCache::read(const Plane& plane, std::int64_t head, std::int64_t first, std::int64_t count, float* scratch) const noexcept {
    const std::byte* from = plane.bytes.get() + (head * m_capacity + first) * plane.rowBytes;
    if (plane.type == CacheType::F32) return reinterpret_cast<const float*>(from);
    if (plane.type == CacheType::F16) floatsFromHalves(m_isa, reinterpret_cast<const std::uint16_t*>(from), count * plane.size, scratch);
    else unpackGgufRows(formOf(plane.type), {from, static_cast<std::size_t>(count * plane.rowBytes)}, {scratch, static_cast<std::size_t>(count * plane.size)}, m_isa);
    return scratch;
}

void KvCache::writeKeys(std::size_t layer, std::int64_t first, std::int64_t count, const float* rows) noexcept { write(m_keys[layer], first, count, rows); }
void KvCache::writeValues(std::size_t layer, std::int64_t first, std::int64_t count, const float* rows) noexcept { write(m_values[layer], first, count, rows); }

const float* KvCache::keys(std::size_t layer, std::int64_t head, std::int64_t first, std::int64_t count, float* scratch) const noexcept {
    return read(m_keys[layer], head, first, count, scratch);
}
const float* KvCache::values(std::size_t layer, std::int64_t head, std::int64_t first, std::int64_t count, float* scratch) const noexcept {
    return read(m_values[layer], head, first, count, scratch);
}

}  // namespace bitlathe
