// How fast weights are coded and measured here, format by format, as shares of what the machine reads and of
// the integer pass. Samples of a format, of the read and of the integer pass are taken in turns; each figure is
// of the best sample, which other work on the machine moves least. Knows no models; the weights are noise.
#pragma once

#include "core/kernels/isa.h"

#include <cstdint>
#include <string>
#include <vector>

namespace bitlathe {

class JobContext;
class Workers;

struct ReadRate {
    int threads = 1;
    double gbPerSecond = 0;  // 1e9 bytes; of a plain vector read of all weights
};

// One format in one granularity, coded and measured from fitted parameters.
struct PassTime {
    std::string format;       // "int8", "nf4"
    std::string granularity;  // "tensor", "channel", "group 128"
    std::string kernel;
    int threads = 1;
    double sumsMs = 0;        // error sums alone
    double countsMs = 0;      // with exact histograms of codes and errors, 256 bins each
    double ofRead = 0;        // read time / sumsMs
    double ofInteger = 0;     // the integer pass's sums / these: of int8 in the granularity, or in groups of 128 for blocks
    double countsOfInteger = 0;
};

// Fitting one layer of 4096 x 4096 and measuring it exactly with maps and histograms, as the window does, on all threads.
struct LayerTime {
    std::string format, granularity;
    double fitMs = 0, measureMs = 0;
    bool searches = false;  // looks for its parameters, and was timed on a part of the layer: milliseconds are scaled
    double weightsPerSecond = 0;  // fitted and measured
};

struct PassBench {
    std::int64_t weights = 0;
    Isa isa = Isa::Reference;
    std::vector<ReadRate> read;
    std::vector<PassTime> passes;  // by threads, then integers first
    std::vector<LayerTime> layers;
};

// On one thread and on `threads`. rounds: samples of each figure. Throws Cancelled.
PassBench benchPasses(Isa isa, int threads, int rounds, JobContext& job);

}  // namespace bitlathe
