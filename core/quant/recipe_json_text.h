// The JSON of a recipe before anything in it has a meaning: within bounds, and no key twice.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace bitlathe {

// Throws Error(Recipe), which names `source`, for text that is no JSON, is larger than 16 MiB, nested deeper than 128, or gives a
// key twice in one object.
nlohmann::json parsedRecipe(std::string_view text, const std::string& source);

}  // namespace bitlathe
