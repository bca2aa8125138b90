// Specs that together reach every row of the codec list, at its widths, granularities and another type of scale.
#pragma once

#include "core/quant/codec.h"

#include <algorithm>
#include <set>
#include <vector>

namespace bitlathe {

inline std::vector<QuantSpec> everySpec() {
    std::vector<QuantSpec> specs;
    for (const Codec& codec : codecs())
        for (const int bits : std::set<int>{codec.minBits, std::min(codec.maxBits, 4), codec.maxBits})
            for (const Granularity& granularity : {Granularity(PerTensor{}), Granularity(PerChannel{}), Granularity(PerGroup{24})}) {
                if (bits < codec.minBits || (codec.takesTable && bits < 3)) continue;
                QuantSpec spec;
                spec.codec = codec.name;
                spec.bits = bits;
                spec.granularity = granularity;
                if (codec.takesTable) spec.table = {-1, -0.4f, 0, 0.3f, 1};
                specs.push_back(spec);
                if (codec.scaleTypes.size() < 2) continue;
                spec.scale = codec.scaleTypes[codec.scaleTypes.size() / 2 + 1 < codec.scaleTypes.size() ? codec.scaleTypes.size() / 2 + 1 : 1];
                specs.push_back(spec);
            }
    return specs;
}

}  // namespace bitlathe
