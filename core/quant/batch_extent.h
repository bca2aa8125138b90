// The ends of a batch of values, in parallel.
#pragma once

#include <cstdint>
#include <span>

namespace bitlathe {

class Workers;

struct BatchExtent {
    float min = 0, max = 0;    // of the finite values; 0 when there are none
    float leastMagnitude = 0;  // min |x|
    std::int64_t finite = 0;
};
BatchExtent extentOf(std::span<const float> batch, Workers& workers);

}  // namespace bitlathe
