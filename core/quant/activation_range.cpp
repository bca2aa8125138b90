#include "core/quant/activation_range.h"

#include "core/quant/adaptive_range.h"

#include <vector>

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

std::string takenText(const ActivationRanges& ranges) {
    std::vector<std::uint8_t> taken;
    const auto rules = rangeCandidates();
    for (const auto& [name, range] : ranges)
        for (std::size_t i = 0; i < rules.size() && !range.taken.empty(); ++i)
            if (rangeText(rules[i]) == range.taken) taken.push_back(static_cast<std::uint8_t>(i));
    return takenText(taken, "activations");
}

}  // namespace bitlathe
