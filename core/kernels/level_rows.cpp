#include "core/kernels/level_rows.h"

#include <bit>
#include <cassert>
#include <limits>

#include "core/kernels/level_rows_kernels.h"

namespace bitlathe {

LevelSet levelSet(int count, const float* levels, const float* thresholds, const std::uint8_t* codes, float* tree, float* leaves,
                  std::int32_t* leafCodes) noexcept {
    assert(count >= 1 && count <= 256);
    const int steps = std::bit_width(static_cast<unsigned>(count - 1)), places = 1 << steps;
    const auto path = [](int answers, int length) {  // the first answer as the highest bit
        int bits = 0;
        for (int i = 0; i < length; ++i) bits |= (answers >> i & 1) << (length - 1 - i);
        return bits;
    };
    for (int i = 0; i < levelPlaces(count); ++i) {
        tree[i] = leaves[i] = 0;
        leafCodes[i] = 0;
    }
    for (int step = 0; step < steps; ++step)
        for (int answers = 0; answers < 1 << step; ++answers) {
            const int at = (2 * path(answers, step) + 1) * (places >> (step + 1)) - 1;
            tree[(1 << step) + answers] = at < count - 1 ? thresholds[at] : std::numeric_limits<float>::infinity();
        }
    for (int answers = 0; answers < places; ++answers) {
        const int at = path(answers, steps) < count ? path(answers, steps) : count - 1;
        leaves[answers] = levels[at];
        leafCodes[answers] = codes[at];
    }
    return {steps, tree, leaves, leafCodes};
}

void levelRows(Isa isa, const LevelRows& rows) noexcept {
    constexpr LevelRowsFn implementations[] = {levelRowsReference, levelRowsAvx2, levelRowsAvx512};
    assert(rows.groups.size >= 1 && rows.groups.scales && (rows.format.kind != LevelFormat::Kind::Levels || rows.groups.sets));
    if (rows.count > 0) implementations[static_cast<int>(lowered(Isa::Avx512Vnni, isa))](rows);
}

}  // namespace bitlathe
