// The turning speeds of rotary positions. Knows no graph.
#pragma once

#include "core/language/language_spec.h"

#include <vector>

namespace bitlathe {

// Radians per position of each pair, dims / 2 of them. Linear (Chen et al., arXiv:2306.15595) divides all by the
// factor; Llama3 those that turn slowly; Yarn (Peng et al., arXiv:2309.00071) by a ramp between the two; Factors by
// numbers of the file.
std::vector<float> rotaryFrequencies(const RopeSpec& rope);

// What Llama3's scaling divides the frequency of each pair by: GGUF keeps these numbers as a tensor.
std::vector<float> rotaryDivisors(const RopeSpec& rope);

// What cosines and sines are multiplied by.
double rotaryScale(const RopeSpec& rope);

}  // namespace bitlathe
