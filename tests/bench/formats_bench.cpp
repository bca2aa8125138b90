#include <cstdio>

#include "core/base/job.h"
#include "core/workflow/bench_passes.h"
#include "tests/bench/kernels_bench.h"

namespace bitlathe {

void benchFormats(const Machine& machine) {
    JobContext job;
    const PassBench bench = benchPasses(machine.isa, machine.workers->threads(), 9, job);
    const int threads = bench.read.back().threads;
    std::printf("plain read %dT %.1f GB/s\n", threads, bench.read.back().gbPerSecond);
    for (const PassTime& p : bench.passes)
        if (p.threads == threads)
            std::printf("%-18s %-14s %-10s %dT sums %8.2f ms, %.2f of read, %.2f of int8; histograms %8.2f ms, %.2f of int8\n", p.kernel.c_str(), p.format.c_str(),
                        p.granularity.c_str(), p.threads, p.sumsMs, p.ofRead, p.ofInteger, p.countsMs, p.countsOfInteger);
    for (const LayerTime& l : bench.layers)
        std::printf("layer 4096 x 4096  %-14s %-10s %dT fit %10.1f ms, measure %8.1f ms, %8.1f M weights/s%s\n", l.format.c_str(), l.granularity.c_str(), threads, l.fitMs,
                    l.measureMs, l.weightsPerSecond / 1e6, l.searches ? ", of a part" : "");
}

}  // namespace bitlathe
