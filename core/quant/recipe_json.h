// A recipe as text. The format, its version 1, is described key by key in resources/recipes/FORMAT.md.
#pragma once

#include "core/quant/recipe.h"

#include <string>
#include <string_view>

namespace bitlathe {

// Canonical text: keys in alphabetical order, two spaces of indent, every value written out, one newline
// at the end; equal recipes give equal bytes. Throws Error(Recipe) when recipe.preprocessing is not a
// JSON object.
std::string toJson(const Recipe& recipe);

// Strict: a key that is not known or given twice, a value of the wrong type or out of range, and another
// version are refused with Error(Recipe), which names `source`, the place ("rules[2].weights.bits") and
// the cure. Keys that are left out have the defaults of FORMAT.md.
// recipeFromJson(toJson(r)) == r where r.preprocessing is empty or compact JSON with sorted keys.
Recipe recipeFromJson(std::string_view text, const std::string& source);

}  // namespace bitlathe
