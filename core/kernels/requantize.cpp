#include "core/kernels/requantize.h"

#include <cmath>

#include "core/kernels/igemm_block.h"
#include "core/kernels/requantize_kernels.h"

namespace bitlathe {

void requantizeReference(const RequantizeTask& t) noexcept {
    for (std::int64_t i = 0; i < t.rows; ++i)
        for (std::int64_t j = 0; j < t.columns; ++j) {
            float v = static_cast<float>(t.acc[i * t.accStride + j]) * t.scales[t.perColumn ? j : 0];
            v = v > t.low ? v : t.low;
            v = v < t.high ? v : t.high;
            t.y[i * t.yStride + j] =
                static_cast<std::uint8_t>(static_cast<std::int32_t>(std::nearbyint(v)) + t.zeroPoint);
        }
}

RequantizeTask requantizeTask(const RequantizeBlock& b, const Requantize& rule, std::int64_t column) noexcept {
    return {b.acc,
            b.accStride,
            b.rows,
            b.columns,
            b.y,
            b.yStride,
            rule.scales + (rule.perColumn ? column : 0),
            rule.perColumn,
            static_cast<float>(rule.low - rule.zeroPoint),
            static_cast<float>(rule.high - rule.zeroPoint),
            rule.zeroPoint};
}

void requantize(Isa isa, const RequantizeBlock& block, const Requantize& rule) noexcept {
    igemmImplementation(isa).requantize(requantizeTask(block, rule, 0));
}

}  // namespace bitlathe
