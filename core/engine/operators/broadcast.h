// Walks several tensors together by numpy's broadcasting rules, row by row. Knows no arithmetic.
#pragma once

#include "core/engine/operator.h"

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <vector>

namespace bitlathe {

// The loops over a broadcast result, with neighbouring axes merged wherever every operand allows it: equal
// shapes become one row, a value per channel becomes rows with one constant operand.
class BroadcastLoop {
public:
    static constexpr int kMostOperands = 3;

    // fail()s when the shapes do not fit together or the result is impossibly large.
    BroadcastLoop(const OperatorContext& context, std::initializer_list<const Shape*> operands);

    const Shape& shape() const noexcept { return m_shape; }

    // Where a row starts in each operand and in the result, counted in elements.
    struct Row {
        std::array<std::int64_t, kMostOperands> from{};
        std::int64_t to = 0, length = 0;
    };
    // Whether operand i moves along rows; otherwise one element serves the whole row.
    bool moves(int i) const noexcept { return m_inner[static_cast<std::size_t>(i)] != 0; }

    // Calls body for every row, in parallel; long rows come in pieces. `grain`: elements per chunk.
    void run(OperatorContext& context, std::int64_t grain, const std::function<void(const Row&)>& body) const;

private:
    Shape m_shape;
    std::vector<std::int64_t> m_extents;  // the outer axes, outermost first
    std::vector<std::array<std::int64_t, kMostOperands>> m_strides;  // of the outer axes
    std::array<std::int64_t, kMostOperands> m_inner{};               // 0 or 1
    std::int64_t m_length = 1, m_rows = 1;
};

// y's elements for a tensor of shape `from` read under the broadcast shape `to`: strides, 0 where repeated.
std::vector<std::int64_t> broadcastStrides(const Shape& from, const Shape& to);

}  // namespace bitlathe
