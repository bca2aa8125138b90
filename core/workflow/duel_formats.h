// Formats as short text, and which ones are worth comparing. Knows no weights.
#pragma once

#include "core/quant/scheme.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

// What shortText() writes, read back: "int4 group 128", "uint4 tensor", "int8 channel", "nf4 group 64", "q4_k",
// "kmeans4 channel, scale f16". Letters of any case. A codec's plain name has 4 bits
// or the nearest that it takes, or the number behind it: "log2", "log2 3 channel". Without a granularity: per channel, or the format's own blocks. Everything
// that the text does not say is the format's default. Throws Error(Usage) that names what can be written.
QuantSpec specFromText(std::string_view text);

// Short, for tables and bars: shortText() of the spec, and the range rule where it is not min-max.
std::string duelLabel(const QuantSpec& spec);

// The present choice first, if there is one, then what the field would try on any layer; each once.
std::vector<QuantSpec> duelContenders(const std::optional<QuantSpec>& current);

}  // namespace bitlathe
