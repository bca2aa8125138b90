#include "core/workflow/bench_pass_case.h"

#include "core/base/parallel.h"
#include "core/kernels/weight_pass.h"
#include "core/quant/codec.h"

#include <algorithm>
#include <array>

namespace bitlathe {

namespace {

constexpr std::int64_t kRun = 64;  // rows that one chunk takes

}  // namespace

PassCase::PassCase(const QuantizedTensor& q, std::span<const float> x, Isa isa)
    : m_q(q), m_x(x), m_isa(isa), m_fused(isFused(q.spec)), m_format(codecOf(q.spec).fast.format(q.spec)) {
    if (m_fused) return;
    m_rows.emplace_back(q);
    for (std::int64_t row = 0; row < q.layout.channels; row += kRun) m_groups.push_back(m_rows[0].groups({row, kRun, 0, q.layout.inner}));
}

double PassCase::run(Workers& workers, bool counts) const {
    const std::int64_t columns = m_q.layout.inner, runs = m_q.layout.channels / kRun;
    std::vector<double> errors(static_cast<std::size_t>(runs));
    const GroupGrid grid = m_q.grid();
    workers.forEach(runs, [&](std::int64_t run) {
        std::array<std::int64_t, 256> codeCounts{};
        std::array<std::int64_t, 258> errorCounts{};
        WeightPass pass;
        pass.x = m_x.data() + run * kRun * columns;
        pass.count = kRun * columns;
        pass.groupSize = grid.perChannel == 0 ? pass.count : grid.size;
        if (m_fused) {
            const std::int64_t first = grid.groupOf(run * kRun, 0);
            pass.scales = m_q.scales.data() + first;
            pass.zeroPoints = m_q.zeroPoints.data() + first;
            pass.low = m_format.low;
            pass.high = m_format.high;
        } else {
            pass.groupSize = columns;
            pass.format = &m_format;
            pass.groups = m_groups[static_cast<std::size_t>(run)].of(0);
            pass.high = (1 << std::min(m_q.spec.bits, 8)) - 1;
            if (codecOf(m_q.spec).codeType(m_q.spec) == ElementType::I8) {
                pass.low = -(pass.high + 1) / 2;
                pass.high += pass.low;
            }
        }
        if (counts) {
            if (!m_format.wide) pass.codeCounts = codeCounts.data();
            pass.errors = {-0.02f, 0.02f, 256, errorCounts.data()};
        }
        errors[static_cast<std::size_t>(run)] = weightPass(m_isa, pass).error2;
    });
    double sum = 0;
    for (const double e : errors) sum += e;
    return sum;
}

}  // namespace bitlathe
