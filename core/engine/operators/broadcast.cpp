#include "core/engine/operators/broadcast.h"

#include "core/engine/operators/arguments.h"

#include <algorithm>

namespace bitlathe {

std::vector<std::int64_t> broadcastStrides(const Shape& from, const Shape& to) {
    std::vector<std::int64_t> strides(static_cast<std::size_t>(to.rank()), 0);
    const std::vector<std::int64_t> own = stridesOf(from);
    const int shift = to.rank() - from.rank();
    for (int axis = 0; axis < from.rank(); ++axis)
        if (from[axis] != 1) strides[static_cast<std::size_t>(axis + shift)] = own[static_cast<std::size_t>(axis)];
    return strides;
}

BroadcastLoop::BroadcastLoop(const OperatorContext& context, std::initializer_list<const Shape*> operands) {
    for (const Shape* operand : operands) {
        const auto joined = broadcast(m_shape, *operand);
        if (!joined) context.fail("its inputs do not fit together: " + toText(m_shape) + " and " + toText(*operand));
        m_shape = *joined;
    }
    m_shape = checkedShape(context, m_shape.dims());

    std::vector<std::vector<std::int64_t>> strides;
    for (const Shape* operand : operands) strides.push_back(broadcastStrides(*operand, m_shape));
    // Merge from the innermost axis outwards; axes of extent 1 vanish.
    std::vector<std::int64_t> extents;
    std::vector<std::array<std::int64_t, kMostOperands>> steps;
    for (int axis = m_shape.rank() - 1; axis >= 0; --axis) {
        const std::int64_t extent = m_shape[axis];
        if (extent == 1) continue;
        std::array<std::int64_t, kMostOperands> step{};
        for (std::size_t i = 0; i < strides.size(); ++i) step[i] = strides[i][static_cast<std::size_t>(axis)];
        bool merges = !extents.empty();
        for (std::size_t i = 0; merges && i < strides.size(); ++i) merges = step[i] == steps.back()[i] * extents.back();
        if (merges) {
            extents.back() *= extent;
        } else {
            extents.push_back(extent);
            steps.push_back(step);
        }
    }
    if (!extents.empty()) {
        m_length = extents.front();
        m_inner = steps.front();
        extents.erase(extents.begin());
        steps.erase(steps.begin());
    }
    m_extents.assign(extents.rbegin(), extents.rend());
    m_strides.assign(steps.rbegin(), steps.rend());
    for (const std::int64_t extent : m_extents) m_rows *= extent;
}

void BroadcastLoop::run(OperatorContext& context, std::int64_t grain, const std::function<void(const Row&)>& body) const {
    if (m_length == 0 || m_rows == 0) return;
    const auto rowAt = [this](std::int64_t row) {
        Row at;
        at.to = row * m_length;
        at.length = m_length;
        for (std::size_t axis = m_extents.size(); axis-- > 0;) {
            const std::int64_t index = row % m_extents[axis];
            row /= m_extents[axis];
            for (int i = 0; i < kMostOperands; ++i) at.from[static_cast<std::size_t>(i)] += index * m_strides[axis][static_cast<std::size_t>(i)];
        }
        return at;
    };
    if (m_length > grain) {
        const std::int64_t pieces = (m_length + grain - 1) / grain;
        context.forEach(m_rows * pieces, [&](std::int64_t chunk) {
            Row row = rowAt(chunk / pieces);
            const std::int64_t begin = chunk % pieces * grain;
            for (std::size_t i = 0; i < kMostOperands; ++i) row.from[i] += begin * m_inner[i];
            row.to += begin;
            row.length = std::min(grain, m_length - begin);
            body(row);
        });
        return;
    }
    context.forRange(m_rows, rowsPerChunk(m_length, grain), [&](std::int64_t begin, std::int64_t end) {
        std::vector<std::int64_t> index(m_extents.size());
        std::int64_t rest = begin;
        for (std::size_t axis = m_extents.size(); axis-- > 0; rest /= m_extents[axis]) index[axis] = rest % m_extents[axis];
        Row row = rowAt(begin);
        for (std::int64_t at = begin; at < end; ++at) {
            body(row);
            row.to += m_length;
            for (std::size_t axis = m_extents.size(); axis-- > 0;) {
                for (std::size_t i = 0; i < kMostOperands; ++i) row.from[i] += m_strides[axis][i];
                if (++index[axis] < m_extents[axis]) break;
                for (std::size_t i = 0; i < kMostOperands; ++i) row.from[i] -= m_strides[axis][i] * m_extents[axis];
                index[axis] = 0;
            }
        }
    });
}

}  // namespace bitlathe
