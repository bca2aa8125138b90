#include "core/quant/fast_rows.h"

#include "core/quant/codec.h"
#include "core/quant/group_fit.h"
#include "core/quant/soft_clip.h"

#include <cassert>

namespace bitlathe {

namespace {
constexpr std::int64_t kManyValues = 2048;
}  // namespace

bool hasFastRows(const QuantSpec& spec) noexcept {
    const Codec& codec = codecOf(spec);
    return codec.fast.format && !(codec.affine && spec.symmetric && spec.bits == 1);
}

bool isFused(const QuantSpec& spec) noexcept {
    const Codec& codec = codecOf(spec);
    if (isSoft(spec)) return false;
    if (codec.affine) return spec.bits <= 8;
    return codec.fast.format && !codec.fast.divisor && codec.fast.format(spec).kind == LevelFormat::Kind::Steps;
}

SearchableTable::SearchableTable(const LevelTable& table, bool cells) {
    const auto places = static_cast<std::size_t>(levelPlaces(table.count));
    m_floats.resize(2 * places);
    m_codes.resize(places);
    m_set = levelSet(table.count, table.levels.data(), table.thresholds.data(), table.codes.data(), m_floats.data(), m_floats.data() + places, m_codes.data());
    if (!cells) return;
    const LevelCells found = levelCells(table.count, table.levels.data(), table.thresholds.data(), table.codes.data());
    if (found.kind == LevelCells::Kind::None) return;
    m_cells = std::make_unique<LevelCells>(found);
    m_set.cells = m_cells.get();
}

FastRows::FastRows(const QuantizedTensor& q) : m_q(q), m_format(codecOf(q.spec).fast.format(q.spec)) {
    const FastRow& fast = codecOf(q.spec).fast;
    if (m_format.kind != LevelFormat::Kind::Levels || fast.tablePerGroup) return;
    LevelTable table;
    fast.table(q.spec, {}, table);
    m_shared.emplace_back(table, true);
}

LevelGroups FastRows::Groups::of(std::int64_t row) const noexcept {
    const auto first = row * perRow;
    LevelGroups groups;
    groups.size = size;
    groups.scales = scales + first;
    groups.divisors = divisors.empty() ? nullptr : divisors.data() + first;
    groups.zeroPoints = zeroPoints + first;
    groups.oneSet = tables.empty();
    groups.sets = sets.empty() ? nullptr : sets.data() + (groups.oneSet ? 0 : first);
    return groups;
}

FastRows::Groups FastRows::groups(const WeightTile& tile) const {
    const GroupGrid grid = m_q.grid();
    const FastRow& fast = codecOf(m_q.spec).fast;
    Groups out;
    out.size = grid.perChannel == 0 ? tile.count() : grid.perChannel == 1 ? tile.elements : grid.size;
    out.perRow = grid.perChannel == 0 ? 0 : (tile.elements + out.size - 1) / out.size;
    // A tile of several channels holds them whole, so its groups lie one after the other.
    const std::int64_t first = grid.groupOf(tile.channel, tile.element), all = grid.perChannel == 0 ? 1 : out.perRow * tile.channels;
    assert(tile.channels == 1 || grid.perChannel == 0 || out.perRow == grid.perChannel);
    out.scales = m_q.scales.data() + first;
    out.zeroPoints = m_q.zeroPoints.data() + first;
    if (fast.divisor)
        for (std::int64_t g = 0; g < all; ++g) out.divisors.push_back(fast.divisor(groupParameters(m_q, first + g)));
    if (!m_shared.empty()) out.sets.push_back(m_shared.front().set());
    if (m_format.kind != LevelFormat::Kind::Levels || !fast.tablePerGroup) return out;
    out.tables.reserve(static_cast<std::size_t>(all));
    LevelTable table;
    for (std::int64_t g = 0; g < all; ++g) {
        fast.table(m_q.spec, groupParameters(m_q, first + g), table);
        out.tables.emplace_back(table, out.size >= kManyValues);
        out.sets.push_back(out.tables.back().set());
    }
    return out;
}

}  // namespace bitlathe
