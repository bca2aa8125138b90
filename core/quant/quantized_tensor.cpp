#include "core/quant/quantized_tensor.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/kernels/quantize.h"
#include "core/quant/block_rows.h"
#include "core/quant/codec.h"
#include "core/quant/group_fit.h"
#include "core/quant/soft_clip.h"
#include "core/quant/weight_tiles.h"

#include <algorithm>
#include <cassert>

namespace bitlathe {

GroupGrid groupGrid(const ChannelLayout& layout, const QuantSpec& spec) noexcept {
    const std::int64_t each = layout.perChannel(), channels = layout.channels;
    if (each <= 0 || channels <= 0) return {};
    const Codec& codec = codecOf(spec);
    const auto* group = std::get_if<PerGroup>(&spec.granularity);
    if (codec.blockSize == 0 && std::holds_alternative<PerTensor>(spec.granularity)) return {1, 0, each * channels};
    std::int64_t size = codec.blockSize > 0 ? codec.blockSize : group ? group->size : each;
    size = std::clamp<std::int64_t>(size, 1, each);
    const std::int64_t perChannel = (each + size - 1) / size;
    return {channels * perChannel, perChannel, size};
}

namespace {

// The codec's row, or the kernel that equals it.
class Encoder {
public:
    Encoder(const QuantizedTensor& q, Isa isa)
        : m_q(q), m_codec(codecOf(q.spec)), m_isa(isa), m_codes(codeRange(q.spec.bits, q.spec.symmetric, q.spec.narrow)),
          m_byKernel(m_codec.affine && q.spec.bits <= 8 && !isSoft(q.spec) && !(q.spec.bits == 1 && q.spec.symmetric)) {}
    void operator()(std::int64_t group, std::span<const float> x, std::span<std::byte> codes) const noexcept {
        if (!m_byKernel) return encodeShaped(m_codec, m_q.spec, groupParameters(m_q, group), x, codes);
        const AffineParameters p = m_q.affine(group);
        quantizeBytes(m_isa, x.data(), static_cast<std::int64_t>(x.size()), {p.scale, p.zeroPoint, m_codes.lo, m_codes.hi}, codes.data());
    }

private:
    const QuantizedTensor& m_q;
    const Codec& m_codec;
    Isa m_isa;
    CodeRange m_codes;
    bool m_byKernel;
};

// Codes are moved as the bytes of unsigned numbers of the container's width.
template <class Code>
void encodeTiles(const Tensor& values, QuantizedTensor& q, std::span<std::byte> bytes, Workers& workers, JobContext& job, Isa isa) {
    const Encoder encode(q, isa);
    const GroupGrid grid = q.grid();
    const auto x = values.as<float>();
    const std::span<Code> out(reinterpret_cast<Code*>(bytes.data()), x.size());
    const auto tiles = weightTiles(q.layout, std::max<std::int64_t>(grid.perChannel == 0 ? 1 : grid.size, 1));
    forTiles(tiles, workers, job, [&](std::size_t t) {
        const WeightTile& tile = tiles[t];
        std::vector<float> scratch;
        const auto part = tileValues(x, q.layout, tile, scratch, isa);
        // Tiles that lie in one piece are coded where they belong.
        const bool inPlace = q.layout.outer == 1;
        std::vector<Code> buffer(inPlace ? 0 : part.size());
        const auto offset = static_cast<std::size_t>(tile.channel * q.layout.inner + tile.element);
        const std::span<Code> codes = inPlace ? out.subspan(offset, part.size()) : std::span<Code>(buffer);
        if (hasBlockRows(q.spec)) encodeBlocks(isa, q, tile, part, std::as_writable_bytes(codes));
        else forGroupPieces(grid, tile, [&](std::int64_t group, std::size_t at, std::size_t length) {
            encode(group, part.subspan(at, length), std::as_writable_bytes(codes.subspan(at, length)));
        });
        if (!inPlace) scatterTile<Code>(q.layout, tile, codes, out);
    });
}

template <class Code>
void decodeTiles(const QuantizedTensor& q, std::span<float> out, Workers& workers, Isa isa) {
    const Codec& codec = codecOf(q.spec);
    const GroupGrid grid = q.grid();
    const std::span<const Code> all(reinterpret_cast<const Code*>(q.codes.bytes().data()), out.size());
    const auto tiles = weightTiles(q.layout, std::max<std::int64_t>(grid.perChannel == 0 ? 1 : grid.size, 1));
    const auto decode = [&](const WeightTile& tile, std::span<const Code> codes, std::span<float> values) {
        if (hasBlockRows(q.spec)) return decodeBlocks(isa, q, tile, std::as_bytes(codes), values);
        forGroupPieces(grid, tile, [&](std::int64_t group, std::size_t at, std::size_t length) {
            codec.decode(q.spec, groupParameters(q, group), std::as_bytes(codes.subspan(at, length)), values.subspan(at, length));
        });
    };
    workers.forEach(static_cast<std::int64_t>(tiles.size()), [&](std::int64_t t) {
        const WeightTile& tile = tiles[static_cast<std::size_t>(t)];
        const auto count = static_cast<std::size_t>(tile.count());
        if (q.layout.outer == 1) {  // tiles lie in one piece
            const auto offset = static_cast<std::size_t>(tile.channel * q.layout.inner + tile.element);
            return decode(tile, all.subspan(offset, count), out.subspan(offset, count));
        }
        std::vector<Code> codes(count);
        gatherTile<Code>(q.layout, tile, all, codes);
        std::vector<float> values(count);
        decode(tile, codes, values);
        scatterTile<float>(q.layout, tile, values, out);
    });
}

}  // namespace

QuantizedTensor quantizeWeights(const Tensor& values, const ChannelLayout& layout, const QuantSpec& spec, Workers& workers,
                                JobContext& job, Isa isa, std::span<const float> importance) {
    assert(layout.perChannel() * layout.channels == values.count());
    const Codec& codec = codecOf(spec);
    QuantizedTensor q;
    q.spec = spec;
    q.layout = layout;
    std::byte* bytes = nullptr;
    const ElementType type = codec.codeType(spec);
    q.codes = Tensor::allocate(type, values.shape(), bytes);
    if (values.count() == 0) return q;
    JobContext fitting = job.part(0.0, 0.5), coding = job.part(0.5, 1.0);
    fitGroups(values.as<float>(), q, workers, fitting, nullptr, isa, importance);
    const std::span<std::byte> all(bytes, q.codes.bytes().size());
    if (bitsOf(type) == 16)
        encodeTiles<std::uint16_t>(values, q, all, workers, coding, isa);
    else
        encodeTiles<std::uint8_t>(values, q, all, workers, coding, isa);
    return q;
}

Tensor dequantize(const QuantizedTensor& q, Workers& workers, Isa isa) {
    std::byte* bytes = nullptr;
    Tensor result = Tensor::allocate(ElementType::F32, q.shape(), bytes);
    if (q.codes.count() == 0) return result;
    const std::span<float> out(reinterpret_cast<float*>(bytes), static_cast<std::size_t>(q.codes.count()));
    if (bitsOf(q.codes.type()) == 16)
        decodeTiles<std::uint16_t>(q, out, workers, isa);
    else
        decodeTiles<std::uint8_t>(q, out, workers, isa);
    return result;
}

std::int64_t storedBytes(const ChannelLayout& layout, const QuantSpec& spec) noexcept {
    const std::int64_t count = layout.perChannel() * layout.channels, groups = groupGrid(layout, spec).groups;
    if (const int bytes = codecOf(spec).blockBytes; bytes > 0) return groups * bytes;
    const std::int64_t parameters = groups * codecOf(spec).parameterBits(spec) + sharedScaleBits(scaleTypeOf(spec), groups);
    return (count * spec.bits + 7) / 8 + (parameters + 7) / 8;
}

double bitsPerWeight(const ChannelLayout& layout, const QuantSpec& spec) noexcept {
    const std::int64_t count = layout.perChannel() * layout.channels;
    return count > 0 ? 8.0 * double(storedBytes(layout, spec)) / double(count) : 0.0;
}

}  // namespace bitlathe
