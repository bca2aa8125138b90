// Which layers a rule means. Knows names, kinds and places, not schemes.
#pragma once

#include "core/quant/recipe.h"

#include <string_view>

namespace bitlathe {

// '*' stands for any characters, none included, dots and slashes too; '?' for exactly one byte.
bool globMatches(std::string_view pattern, std::string_view text) noexcept;

// Whether the rule means this layer; isFirst and isLast are about the quantizable layers.
bool matches(const Rule& rule, const Layer& layer, bool isFirst, bool isLast);

}  // namespace bitlathe
