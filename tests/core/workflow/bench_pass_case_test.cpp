// What bench --passes times is the measurement that reports make.
#include "core/workflow/bench_pass_case.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/group_fit.h"
#include "core/workflow/layer_measure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace bitlathe {
namespace {

TEST(BenchPassCase, SumsTheErrorsThatReportsShow) {
    constexpr std::int64_t kRows = 128, kColumns = 512;
    constexpr double kSame = 2e-6;  // relative: float sums in another order
    std::mt19937 random(3);
    std::normal_distribution<float> normal(0, 0.05f);
    std::vector<float> x(kRows * kColumns);
    for (float& v : x) v = normal(random);
    Workers one(1), two(2);
    JobContext job;
    for (const Codec& codec : codecs()) {
        if (!codec.fast.format) continue;
        for (const Granularity granularity : {Granularity(PerTensor{}), Granularity(PerChannel{}), Granularity(PerGroup{codec.blockSize ? codec.blockSize : 128})}) {
            if (codec.blockSize > 0 && !std::holds_alternative<PerGroup>(granularity)) continue;
            QuantizedTensor q;
            q.spec = {std::string(codec.name), std::clamp(4, codec.minBits, codec.maxBits)};
            q.spec.granularity = granularity;
            if (codec.takesTable) q.spec.table = {-1, -0.2f, 0, 0.2f, 1};
            q.layout = {1, kRows, kColumns};
            fitGroups(x, q, one, job);
            const Isa isa = detectIsa();
            const PassCase pass(q, x, isa);
            const double error = pass.run(one, false);
            EXPECT_EQ(pass.run(two, false), error) << codec.name;
            EXPECT_EQ(pass.run(two, true), error) << codec.name;
            const Measurement what{x, q, {-1, 1, std::vector<std::uint64_t>(100), 0, 0}, {-1, 1, std::vector<std::uint64_t>(100), 0, 0}, 0.5, true, isa};
            EXPECT_NEAR(error, measure(what, one, job).sums.ee, kSame * error) << codec.name;
        }
    }
}

}  // namespace
}  // namespace bitlathe
