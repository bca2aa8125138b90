// One JSON document on standard output: keys in the order they were given, so that equal results are equal bytes.
#pragma once

#include <nlohmann/json.hpp>

namespace bitlathe::cli {

using Json = nlohmann::ordered_json;

// With a line's end. Text that is not UTF-8 (names from a damaged file) is printed with replacement marks;
// numbers that JSON lacks (infinities, NaN) become null.
void printJson(const Json& document);

}  // namespace bitlathe::cli
