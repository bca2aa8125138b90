#include "widgets/models/continuation.h"

#include <algorithm>
#include <cstdint>

namespace bitlathe {

Continuation::Marks Continuation::marks() const {
    const auto &a = real.tokens, &b = quantized.tokens;
    Marks made{std::vector<bool>(a.size(), false), std::vector<bool>(b.size(), false)};
    const int first = partsAt();
    if (first < 0) return made;
    const std::size_t from = std::size_t(first), n = std::min(a.size() - from, kMostCompared), m = std::min(b.size() - from, kMostCompared);
    // length[i][j]: of the longest common subsequence of what follows i and j.
    std::vector<std::uint16_t> length((n + 1) * (m + 1), 0);
    const auto at = [&](std::size_t i, std::size_t j) -> std::uint16_t& { return length[i * (m + 1) + j]; };
    const auto same = [&](std::size_t i, std::size_t j) { return a[from + i].id == b[from + j].id; };
    for (std::size_t i = n; i-- > 0;)
        for (std::size_t j = m; j-- > 0;) at(i, j) = same(i, j) ? std::uint16_t(at(i + 1, j + 1) + 1) : std::max(at(i + 1, j), at(i, j + 1));
    std::size_t i = 0, j = 0;
    while (i < n || j < m) {
        if (i < n && j < m && same(i, j) && !(i == 0 && j == 0)) ++i, ++j;
        else if (j >= m || (i < n && at(i + 1, j) >= at(i, j + 1))) made.real[from + i++] = true;
        else made.quantized[from + j++] = true;
    }
    // Where they part, both are marked: the choice that was made there is the difference.
    made.real[from] = made.quantized[from] = true;
    for (std::size_t k = from + kMostCompared; k < std::min(a.size(), b.size()); ++k) made.real[k] = made.quantized[k] = a[k].id != b[k].id;
    return made;
}

}  // namespace bitlathe
