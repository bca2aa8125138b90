// The numbers that all architectures have, read from a file's keys. Private to describeLanguage().
#pragma once

#include "core/language/hyperparameters.h"

namespace bitlathe {

// Sets layers, width, context, heads, sizes, epsilon and rotary positions. The vocabulary is set where the file
// says it; tensors are not looked at. Throws Error(Input) for numbers that are missing or impossible.
void readExtents(const Hyperparameters& parameters, LanguageSpec& spec);

// Which layers are windowed, where a config.json lists the kind of each (layer_types); after the architecture said its
// own. Sets whyNot for kinds and orders that are not built here.
void readLayerTypes(const Hyperparameters& parameters, LanguageSpec& spec);

}  // namespace bitlathe
