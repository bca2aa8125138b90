#include "core/workflow/value_patch.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/kernels/quantize.h"
#include "core/quant/codec.h"
#include "core/quant/group_fit.h"
#include "core/quant/soft_clip.h"
#include "core/workflow/weight_part.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

namespace bitlathe {

namespace {

struct CellSums {
    double sum = 0, squares = 0;
    float extreme = 0;
    std::int64_t finite = 0, lit = 0, all = 0;
};

// y: what the cell shows, x: the float weights, which the interval is about.
void add(CellSums& cell, std::span<const float> y, std::span<const float> x, const WeightInterval* lit) noexcept {
    for (const float v : y) {
        if (!(v - v == 0.0f)) continue;
        ++cell.finite;
        cell.sum += double(v);
        cell.squares += double(v) * double(v);
        if (std::fabs(v) > std::fabs(cell.extreme)) cell.extreme = v;
    }
    cell.all += static_cast<std::int64_t>(y.size());
    if (!lit) return;
    for (const float v : x) cell.lit += lit->holds(double(v));
}

std::int32_t codeAt(const std::byte* codes, ElementType type, std::size_t i) noexcept {
    switch (type) {
    case ElementType::I8: return reinterpret_cast<const std::int8_t*>(codes)[i];
    case ElementType::I16: return reinterpret_cast<const std::int16_t*>(codes)[i];
    case ElementType::U16: return reinterpret_cast<const std::uint16_t*>(codes)[i];
    default: return reinterpret_cast<const std::uint8_t*>(codes)[i];
    }
}

// What the cells show of a tile, from its float values.
class TileFigures {
public:
    TileFigures(const QuantizedTensor* q, const PatchRequest& request, Isa isa) : m_q(q), m_request(request), m_isa(isa) {}

    std::span<const float> of(const WeightTile& tile, std::span<const float> x) {
        if (m_request.what == PatchWhat::Float) return x;
        const Codec& codec = codecOf(m_q->spec);
        const ElementType type = codec.codeType(m_q->spec);
        const auto codeBytes = static_cast<std::size_t>(bitsOf(type) / 8);
        m_codes.resize(x.size() * codeBytes);
        m_figures.resize(x.size());
        const bool decoded = m_request.what == PatchWhat::Quantized || m_request.what == PatchWhat::Difference;
        forGroupPieces(m_q->grid(), tile, [&](std::int64_t group, std::size_t at, std::size_t length) {
            const auto codes = std::span(m_codes).subspan(at * codeBytes, length * codeBytes);
            encode(codec, group, x.subspan(at, length), codes);
            if (decoded) codec.decode(m_q->spec, groupParameters(*m_q, group), codes, std::span(m_figures).subspan(at, length));
        });
        for (std::size_t i = 0; i < x.size(); ++i) {
            if (m_request.what == PatchWhat::Difference) m_figures[i] = x[i] - m_figures[i];
            if (m_request.what == PatchWhat::Code) m_figures[i] = float(codeAt(m_codes.data(), type, i));
            if (m_request.what == PatchWhat::BitPlane) m_figures[i] = float(std::uint32_t(codeAt(m_codes.data(), type, i)) >> m_request.bit & 1u);
        }
        return m_figures;
    }

private:
    // Integers go through the kernel that equals their codec's row.
    void encode(const Codec& codec, std::int64_t group, std::span<const float> x, std::span<std::byte> codes) const noexcept {
        const QuantSpec& spec = m_q->spec;
        if (isSoft(spec)) return encodeShaped(codec, spec, groupParameters(*m_q, group), x, codes);
        if (!codec.affine || spec.bits > 8 || (spec.bits == 1 && spec.symmetric)) return codec.encode(spec, groupParameters(*m_q, group), x, codes);
        const CodeRange range = codeRange(spec.bits, spec.symmetric, spec.narrow);
        const AffineParameters p = m_q->affine(group);
        quantizeBytes(m_isa, x.data(), static_cast<std::int64_t>(x.size()), {p.scale, p.zeroPoint, range.lo, range.hi}, codes.data());
    }

    const QuantizedTensor* m_q;
    const PatchRequest& m_request;
    Isa m_isa;
    std::vector<std::byte> m_codes;
    std::vector<float> m_figures;
};

// Adds channels [first, end) of the rectangle to one row of cells.
void addChannels(const WeightSource& source, const QuantizedTensor* q, const PatchRequest& r, std::int64_t first, std::int64_t end, Isa isa,
                 const JobContext& job, std::span<CellSums> row) {
    constexpr std::int64_t kTile = 1 << 14, kLongest = 1 << 13;
    const ElementSpan span = wholeGroups(source.layout, q && codecOf(q->spec).blockSize > 0 ? &q->spec : nullptr, {r.element, r.element + r.elements});
    const std::int64_t unit = q && codecOf(q->spec).blockSize > 0 ? codecOf(q->spec).blockSize : 1;
    const std::int64_t length = std::min(span.count(), std::max<std::int64_t>(kLongest / unit, 1) * unit);
    // A tile of several channels must hold them whole where they lie one after the other.
    const bool several = length == source.layout.perChannel() || source.layout.outer > 1;
    const std::int64_t channels = several ? std::max<std::int64_t>(kTile / length, 1) : 1;
    TileFigures figures(q, r, isa);
    std::vector<float> scratch;
    for (std::int64_t c = first; c < end; c += channels)
        for (std::int64_t e = span.first; e < span.end; e += length) {
            if (job.stopRequested()) return;
            const WeightTile tile{c, std::min(channels, end - c), e, std::min(length, span.end - e)};
            const auto x = tileValues(source.values.as<float>(), source.layout, tile, scratch, isa);
            const auto y = figures.of(tile, x);
            const std::int64_t from = std::max(tile.element, r.element), to = std::min(tile.element + tile.elements, r.element + r.elements);
            for (std::int64_t i = 0; i < tile.channels; ++i)
                for (std::int64_t at = from; at < to;) {
                    const std::int64_t column = (at - r.element) / r.elementsPerColumn;
                    const std::int64_t stop = std::min(r.element + (column + 1) * r.elementsPerColumn, to);
                    const auto offset = static_cast<std::size_t>(i * tile.elements + at - tile.element), count = static_cast<std::size_t>(stop - at);
                    add(row[static_cast<std::size_t>(column)], y.subspan(offset, count), x.subspan(offset, count), r.lit ? &*r.lit : nullptr);
                    at = stop;
                }
        }
}

ValuePatch emptyPatch(const PatchRequest& request, const QuantSpec* spec) {
    ValuePatch patch;
    patch.request = request;
    if (spec && request.what != PatchWhat::Float) patch.spec = *spec;
    patch.rows = static_cast<int>((request.channels + request.channelsPerRow - 1) / request.channelsPerRow);
    patch.columns = static_cast<int>((request.elements + request.elementsPerColumn - 1) / request.elementsPerColumn);
    const std::size_t cells = static_cast<std::size_t>(patch.rows) * static_cast<std::size_t>(patch.columns);
    patch.mean.resize(cells);
    patch.rms.resize(cells);
    patch.extreme.resize(cells);
    if (request.lit) patch.lit.resize(cells);
    return patch;
}

void store(ValuePatch& patch, int row, std::span<const CellSums> cells) noexcept {
    constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::size_t at = static_cast<std::size_t>(row) * cells.size() + i;
        const CellSums& cell = cells[i];
        const double n = double(cell.finite);
        patch.mean[at] = cell.finite ? float(cell.sum / n) : kNone;
        patch.rms[at] = cell.finite ? float(std::sqrt(cell.squares / n)) : kNone;
        patch.extreme[at] = cell.finite ? cell.extreme : kNone;
        if (!patch.lit.empty()) patch.lit[at] = cell.all ? float(double(cell.lit) / double(cell.all)) : 0.0f;
    }
}

// One row of the coarse patch is shown by `rows` of the whole.
void copyRow(const ValuePatch& from, int row, ValuePatch& to, int at) {
    const auto columns = static_cast<std::size_t>(to.columns), source = static_cast<std::size_t>(row) * columns, target = static_cast<std::size_t>(at) * columns;
    const auto copy = [&](const std::vector<float>& a, std::vector<float>& b) {
        if (!a.empty()) std::copy_n(a.begin() + static_cast<std::ptrdiff_t>(source), columns, b.begin() + static_cast<std::ptrdiff_t>(target));
    };
    copy(from.mean, to.mean);
    copy(from.rms, to.rms);
    copy(from.extreme, to.extreme);
    copy(from.lit, to.lit);
}

// The request's rectangle lies in the source; it may begin anywhere.
ValuePatch cellsOf(const WeightSource& source, const QuantizedTensor* q, const PatchRequest& request, Isa isa, Workers& workers, JobContext& job) {
    ValuePatch patch = emptyPatch(request, q ? &q->spec : nullptr);
    // Rows are the unit of work; slices of them keep stops heard.
    const std::int64_t perRow = std::max<std::int64_t>(request.channelsPerRow * request.elements, 1);
    const std::int64_t slice = std::max<std::int64_t>((q ? std::int64_t{1} << 18 : kSliceElements) / perRow, 1);
    job.checkpoint(0);
    for (std::int64_t begin = 0; begin < patch.rows && patch.columns > 0;) {
        const std::int64_t end = std::min<std::int64_t>(begin + slice, patch.rows);
        workers.forEach(end - begin, [&](std::int64_t i) {
            const std::int64_t row = begin + i, first = request.channel + row * request.channelsPerRow;
            std::vector<CellSums> cells(static_cast<std::size_t>(patch.columns));
            addChannels(source, q, request, first, std::min(first + request.channelsPerRow, request.channel + request.channels), isa, job, cells);
            store(patch, static_cast<int>(row), cells);
        });
        begin = end;
        job.checkpoint(double(begin) / double(patch.rows));
    }
    patch.doneFraction = 1.0;
    return patch;
}

}  // namespace

std::shared_ptr<const QuantizedTensor> fitWeight(const WeightSource& source, const QuantSpec& spec, Isa isa, Workers& workers, JobContext& job) {
    auto q = std::make_shared<QuantizedTensor>();
    q->spec = spec;
    q->layout = source.layout;
    fitGroups(source.values.as<float>(), *q, workers, job, nullptr, isa, source.columns());
    return q;
}

PatchRequest fitted(PatchRequest r, const ChannelLayout& layout) noexcept {
    const auto cut = [](std::int64_t& first, std::int64_t& count, std::int64_t& step, std::int64_t all) {
        step = std::max<std::int64_t>(step, 1);
        const std::int64_t end = std::clamp<std::int64_t>(first + std::max<std::int64_t>(count, 0), 0, all);
        first = std::clamp<std::int64_t>(first, 0, all) / step * step;
        count = std::max<std::int64_t>(end - first, 0);
    };
    cut(r.channel, r.channels, r.channelsPerRow, layout.channels);
    cut(r.element, r.elements, r.elementsPerColumn, layout.perChannel());
    return r;
}

ValuePatch valuePatch(const WeightSource& source, const QuantizedTensor* parameters, const PatchRequest& wanted, Isa isa, Workers& workers, JobContext& job) {
    const PatchRequest request = fitted(wanted, source.layout);
    assert(parameters || request.what == PatchWhat::Float);
    return cellsOf(source, request.what == PatchWhat::Float ? nullptr : parameters, request, isa, workers, job);
}

ValuePatch coarsePatch(const WeightSource& source, const QuantSpec* spec, const PatchRequest& wanted, std::int64_t target, Isa isa, Workers& workers,
                       JobContext& job) {
    const PatchRequest request = fitted(wanted, source.layout);
    if (request.what == PatchWhat::Float) spec = nullptr;
    ValuePatch patch = emptyPatch(request, spec);
    if (patch.rows == 0 || patch.columns == 0) {
        patch.doneFraction = 1.0;
        return patch;
    }
    job.checkpoint(0);
    const ElementSpan span = wholeGroups(source.layout, spec, {request.element, request.element + request.elements});
    const std::int64_t most = std::max<std::int64_t>(target / span.count(), 1);
    const bool all = most >= request.channels;
    // Some channel of every `step`-th row, or all channels of the rectangle.
    const std::int64_t step = all ? 1 : (patch.rows + most - 1) / most;
    std::vector<std::int64_t> channels;
    for (std::int64_t row = step / 2 < patch.rows ? step / 2 : 0; !all && row < patch.rows; row += step)
        channels.push_back(std::min(request.channel + row * request.channelsPerRow + request.channelsPerRow / 2, request.channel + request.channels - 1));
    for (std::int64_t c = 0; all && c < request.channels; ++c) channels.push_back(request.channel + c);

    const WeightSource part = partOf(source, channels, span);
    PatchRequest inner = request;
    inner.channel = 0;
    inner.channels = static_cast<std::int64_t>(channels.size());
    inner.channelsPerRow = all ? request.channelsPerRow : 1;
    // Columns keep their edges although the part may begin before the first one.
    inner.element = request.element - span.first;
    std::shared_ptr<const QuantizedTensor> parameters;
    JobContext fitting = job.part(0, 0.6), coding = job.part(0.6, 1);
    if (spec) parameters = fitWeight(part, *spec, isa, workers, fitting);
    const ValuePatch sampled = cellsOf(part, parameters.get(), inner, isa, workers, coding);
    for (int row = 0; row < patch.rows; ++row)
        copyRow(sampled, std::min(int(all ? row : row / step), sampled.rows - 1), patch, row);
    const double share = double(channels.size()) / double(request.channels);
    const bool exact = all && (!spec || groupsStandAlone(source.layout, *spec));
    patch.doneFraction = exact ? 1.0 : std::min(share, 0.999);
    return patch;
}

int bitPlanes(const QuantSpec& spec) noexcept { return std::clamp(spec.bits, 1, bitsOf(codecOf(spec).codeType(spec))); }

}  // namespace bitlathe
