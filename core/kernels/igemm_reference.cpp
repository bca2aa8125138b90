#include "core/kernels/igemm_kernels.h"

namespace bitlathe {

void igemmTileReference(const IgemmTile& t) noexcept {
    constexpr int columnsPerPanel = 16;
    const auto flip = static_cast<std::uint8_t>(t.flip);
    for (int i = 0; i < t.rowCount; ++i)
        for (int j = 0; j < t.panels * columnsPerPanel; ++j) {
            std::int32_t& c = t.c[i * t.cStride + j];
            // Unsigned, so that an overflow wraps as it does in the vector kernels.
            auto sum = static_cast<std::uint32_t>(t.start ? t.start[j] : c);
            for (std::int64_t s = 0; s < t.segments; ++s) {
                const std::uint8_t* a = t.rows[s * t.rowsStride + i] + t.depthBegin;
                const std::int8_t* b = t.panel + j / columnsPerPanel * t.panelStride + s * t.segmentStride +
                                       j % columnsPerPanel * 4;
                for (std::int64_t d = 0; d < t.depthCount; ++d)
                    sum += static_cast<std::uint32_t>(static_cast<std::uint8_t>(a[d] ^ flip) *
                                                      b[d / 4 * 4 * columnsPerPanel + d % 4]);
            }
            c = static_cast<std::int32_t>(sum);
        }
}

}  // namespace bitlathe
