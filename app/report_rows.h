// The figures of one layer's report as lines for the inspector: what each is, its formula and what it rests on. Knows
// no window.
#pragma once

#include "core/metrics/layer_report.h"
#include "widgets/panels/effect_table.h"

#include <vector>

namespace bitlathe {

// Cosine, largest error, KL divergence and the size by a Huffman code, of a quantized layer; none for float.
// before: the layer under the scheme of the last step, or null.
std::vector<EffectRow> reportRows(const LayerReport& now, const LayerReport* before);

}  // namespace bitlathe
