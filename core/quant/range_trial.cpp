#include "core/quant/range_trial.h"

#include "core/kernels/grid_error.h"
#include "core/kernels/level_rows.h"
#include "core/quant/affine.h"
#include "core/quant/codec.h"
#include "core/quant/level_table.h"
#include "core/quant/soft_clip.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

RangeTrial::RangeTrial(const RangePoints& points, const QuantSpec& spec, Isa isa)
    : m_points(points), m_spec(spec), m_codec(codecOf(spec)), m_isa(isa), m_grid(m_codec.affine && !(spec.bits == 1 && spec.symmetric) && !isSoft(spec)),
      m_inner(static_cast<std::size_t>(m_codec.innerBytes(spec))) {
    if (!hasFastRows(spec) || m_codec.fast.tablePerGroup) return;
    m_fast = m_codec.fast.format(spec);
    if (m_fast->kind != LevelFormat::Kind::Levels) return;
    LevelTable table;
    m_codec.fast.table(spec, {}, table);
    m_table.emplace(table, false);
}

void RangeTrial::fit(ValueRange range, GroupParameters& group) {
    group.inner = m_inner;
    m_codec.fit(m_spec, m_points.values, m_points.weights, range, group);
}

double RangeTrial::error(ValueRange range, double norm) {
    const ErrorPoints points{m_points.values.data(), m_points.weights.empty() ? nullptr : m_points.weights.data(), static_cast<std::int64_t>(m_points.values.size())};
    GroupParameters group;
    fit(range, group);
    const bool repeats = m_inner.empty() && m_known && m_known->scale == group.scale && m_known->zeroPoint == group.zeroPoint && m_known->norm == norm;
    if (repeats) return m_known->error;
    double sum = 0;
    if (m_grid) {
        const CodeRange codes = codeRange(m_spec.bits, m_spec.symmetric, m_spec.narrow);
        sum = gridError(m_isa, points, {group.scale, float(codes.lo - group.zeroPoint), float(codes.hi - group.zeroPoint)}, float(norm));
    } else {
        code(group);
        sum = pairError(m_isa, points, m_back.data(), float(norm));
    }
    m_known = {group.scale, group.zeroPoint, norm, sum};
    return sum;
}

void RangeTrial::code(const GroupParameters& group) {
    m_back.resize(m_points.values.size());
    if (!m_fast) {
        m_codes.resize(m_points.values.size() * static_cast<std::size_t>(bitsOf(m_codec.codeType(m_spec)) / 8));
        encodeShaped(m_codec, m_spec, group, m_points.values, m_codes);
        m_codec.decode(m_spec, group, m_codes, m_back);
        return;
    }
    LevelRows rows;
    rows.x = m_points.values.data();
    if (isSoft(m_spec)) {
        m_shaped.resize(m_points.values.size());
        shape(m_points.values, m_codec.representable(m_spec, group), m_spec.knee, m_shaped);
        rows.x = m_shaped.data();
    }
    const float divisor = m_codec.fast.divisor ? m_codec.fast.divisor(group) : group.scale;
    const LevelSet set = m_table ? m_table->set() : LevelSet{};
    rows.count = static_cast<std::int64_t>(m_points.values.size());
    rows.format = *m_fast;
    rows.groups.size = std::max<std::int64_t>(rows.count, 1);
    rows.groups.scales = &group.scale;
    rows.groups.divisors = &divisor;
    rows.groups.zeroPoints = &group.zeroPoint;
    rows.groups.sets = m_table ? &set : nullptr;
    rows.groups.oneSet = true;
    rows.decoded = m_back.data();
    levelRows(m_isa, rows);
}

double RangeTrial::figure(ValueRange range, Adaptive::Metric metric) {
    using Metric = Adaptive::Metric;
    if (metric == Metric::SquaredError) return error(range, 2.0);
    if (metric == Metric::Norm24) return error(range, 2.4);
    if (metric == Metric::Divergence) return divergence(range);
    GroupParameters group;
    fit(range, group);
    code(group);
    double xx = 0, yy = 0, xy = 0, largest = 0;
    for (std::size_t i = 0; i < m_back.size(); ++i) {
        const double x = double(m_points.values[i]), y = double(m_back[i]), w = m_points.weights.empty() ? 1.0 : double(m_points.weights[i]);
        xx += w * x * x;
        yy += w * y * y;
        xy += w * x * y;
        largest = std::max(largest, std::fabs(x - y));
    }
    if (metric == Metric::MaxError) return largest;
    return xx > 0 && yy > 0 ? 1 - xy / std::sqrt(xx * yy) : xx > 0 || yy > 0 ? 1.0 : 0.0;
}

double RangeTrial::divergence(ValueRange range) {
    constexpr std::size_t kBins = 256;
    constexpr double kSmoothing = 1e-4;
    GroupParameters group;
    fit(range, group);
    std::vector<float> levels = m_codec.levels(m_spec, group);
    if (m_codec.partSize > 0 || levels.empty()) return error(range, 2.0);  // parts have levels of their own
    code(group);
    const double lo = double(m_points.full.lo), hi = double(m_points.full.hi), perUnit = double(kBins) / (hi - lo);
    std::vector<double> p(kBins), q(kBins), weightOf(levels.size());
    double total = 0;
    for (std::size_t i = 0; i < m_back.size(); ++i) {
        const double w = m_points.weights.empty() ? 1.0 : double(m_points.weights[i]);
        p[std::min(static_cast<std::size_t>(std::max(0.0, (double(m_points.values[i]) - lo) * perUnit)), kBins - 1)] += w;
        const auto level = std::lower_bound(levels.begin(), levels.end(), m_back[i]);
        weightOf[std::min(static_cast<std::size_t>(level - levels.begin()), levels.size() - 1)] += w;
        total += w;
    }
    // A level's cell reaches half way to its neighbours; those of the ends as far outwards as inwards.
    for (std::size_t l = 0; l < levels.size(); ++l) {
        if (weightOf[l] == 0) continue;
        const double at = double(levels[l]);
        const double down = l > 0 ? (at - double(levels[l - 1])) / 2 : l + 1 < levels.size() ? (double(levels[l + 1]) - at) / 2 : 0.5 / perUnit;
        const double up = l + 1 < levels.size() ? (double(levels[l + 1]) - at) / 2 : down;
        const double begin = std::clamp((at - down - lo) * perUnit, 0.0, double(kBins)), end = std::clamp((at + up - lo) * perUnit, 0.0, double(kBins));
        if (!(end > begin)) {
            q[std::min(static_cast<std::size_t>(begin), kBins - 1)] += weightOf[l];
            continue;
        }
        const double density = weightOf[l] / (end - begin);
        for (auto bin = static_cast<std::size_t>(begin); bin < kBins && double(bin) < end; ++bin)
            q[bin] += density * (std::min(end, double(bin + 1)) - std::max(begin, double(bin)));
    }
    const double least = kSmoothing * total / double(kBins);
    double sum = 0, all = 0;
    for (double& v : q) all += v = std::max(v, least);
    for (std::size_t i = 0; i < kBins; ++i)
        if (p[i] > 0) sum += p[i] / total * std::log((p[i] / total) / (q[i] / all));
    return sum;
}

}  // namespace bitlathe
