// One sample through the float and the quantized network: the most probable classes of both. Knows no windows.
#pragma once

#include "core/workflow/network.h"
#include "core/workflow/samples.h"

#include <cstdint>
#include <span>
#include <vector>

namespace bitlathe {

struct ClassAnswer {
    std::int64_t index = 0;
    double probability = 0;
    bool operator==(const ClassAnswer&) const = default;
};

struct SampleAnswer {
    std::vector<ClassAnswer> real, quantized;  // the highest first
    double outputSqnrDb = 0;
    std::int64_t label = -1;  // -1: not known
    bool operator==(const SampleAnswer&) const = default;
};

// The `most` highest of one network's first output row. Outputs that are non-negative and add up to 1 are taken as
// probabilities; others get a softmax in double.
std::vector<ClassAnswer> highestClasses(std::span<const float> outputs, std::size_t most);

// reference: the float network; network: the same model under a recipe. Throws Error(Unsupported) when the first
// output is not one row of classes per sample, and as run() does.
SampleAnswer answerSample(const Executable& reference, const Network& network, const SampleFeed& feed, std::int64_t sample, std::size_t most, Workers& workers,
                          JobContext& job);

}  // namespace bitlathe
