// The numbers that all architectures have, read from a file's keys. Private to describeLanguage().
#pragma once

#include "core/language/hyperparameters.h"

namespace bitlathe {

// Sets layers, width, context, heads, sizes, epsilon and rotary positions. The vocabulary is set where the file
// says it; tensors are not looked at. Throws Error(Input) for numbers that are missing or impossible.
void readExtents(const Hyperparameters& parameters, LanguageSpec& spec);

}  // namespace bitlathe
