#include "core/quant/activation_range.h"

namespace bitlathe {

QuantParams quantParams(const ActivationSpec& spec, ValueRange range) noexcept {
    QuantParams params;
    params.codes = codeRange(spec.bits, spec.symmetric, true);
    params.type = codeContainer(spec.bits, spec.symmetric);
    const AffineParameters affine = affineFromRange(range, params.codes, spec.symmetric);
    params.scale = affine.scale;
    params.zeroPoint = affine.zeroPoint;
    return params;
}

}  // namespace bitlathe
