// What each range rule takes on one large layer, against reading the layer once. Argument: a part of a
// case's name; without, all of them.
#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/group_fit.h"
#include "core/quant/ranges.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace bitlathe;

constexpr std::int64_t kRows = 4096, kColumns = 4096;
volatile float g_kept = 0;

double milliseconds(auto&& body) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
    const std::string wanted = argc > 1 ? argv[1] : "";
    const int threads = argc > 2 ? std::atoi(argv[2]) : 2;
    std::vector<float> x(static_cast<std::size_t>(kRows * kColumns));
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (std::size_t i = 0; i < 1 << 20; ++i) x[i] = normal(random);
    for (std::size_t i = 1 << 20; i < x.size(); ++i) x[i] = x[i - (1 << 20) + (i >> 20)] * (1.0f + 1e-7f * float(i & 1023));
    Workers workers(threads);
    JobContext job;
    std::printf("4096 x 4096 weights, %d threads; times in ms, best of 3; 'reads': multiples of one look at all weights\n", workers.threads());
    const struct { const char* name; Granularity value; } granularities[] = {{"tensor", PerTensor{}}, {"channel", PerChannel{}}, {"group 128", PerGroup{128}}, {"group 32", PerGroup{32}}};
    const RangeRule rules[] = {MinMax{}, Percentile{99.99}, LeastError{2}, LeastError{2.4}, Entropy{}, Aciq{}, Adaptive{}};
    for (const auto& granularity : granularities)
        for (const int bits : {3, 4, 8})
            for (const bool symmetric : {true, false})
                for (const RangeRule& rule : rules) {
                    QuantizedTensor q;
                    q.spec.bits = bits;
                    q.spec.symmetric = symmetric;
                    q.spec.granularity = granularity.value;
                    q.spec.range = rule;
                    q.layout = {1, kRows, kColumns};
                    const std::string name = std::string(granularity.name) + ", " + std::to_string(bits) + " bits " + (symmetric ? "symmetric, " : "asymmetric, ") + rangeText(rule);
                    if (name.find(wanted) == std::string::npos) continue;
                    double best = 1e30, read = 1e30;
                    for (int i = 0; i < 3; ++i) {
                        read = std::min(read, milliseconds([&] {
                            workers.forRange(kRows, 64, [&](std::int64_t begin, std::int64_t end) {
                                g_kept = finiteRange(std::span(x).subspan(static_cast<std::size_t>(begin * kColumns), static_cast<std::size_t>((end - begin) * kColumns))).hi;
                            });
                        }));
                        if (i == 0 || best < 5000) best = std::min(best, milliseconds([&] { fitGroups(x, q, workers, job, nullptr, detectIsa()); }));
                    }
                    std::printf("%-58s %9.1f ms %8.1f reads\n", name.c_str(), best, best / read);
                    std::fflush(stdout);
                }
    return 0;
}
