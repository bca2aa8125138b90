#include "core/workflow/bench_passes.h"

#include "core/base/big_buffer.h"
#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/kernels/kernel_list.h"
#include "core/kernels/read_bytes.h"
#include "core/quant/codec.h"
#include "core/quant/group_fit.h"
#include "core/workflow/bench_pass_case.h"
#include "core/workflow/layer_measure.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <random>
#include <utility>

namespace bitlathe {

namespace {

constexpr std::int64_t kRows = 4096, kColumns = 4096;
constexpr std::int64_t kPeriod = 64;  // rows after which the noise, and what was fitted to it, repeats
constexpr ChannelLayout kLayout{1, kRows, kColumns};

double msOf(const std::function<void()>& body) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// The best of the samples: what other work on the machine moves least.
double bestOf(const std::vector<double>& samples) { return *std::min_element(samples.begin(), samples.end()); }

void fillWithNoise(std::span<float> x) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, 0.05f);
    constexpr auto kDrawn = std::size_t(kPeriod * kColumns);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = i < kDrawn ? normal(random) : x[i - kDrawn];
}

void readAll(Isa isa, std::span<const float> x, Workers& workers) {
    static std::atomic<std::uint64_t> sink;  // keeps the reads from being left out
    constexpr std::int64_t kPiece = 1 << 19;
    workers.forRange(std::int64_t(x.size_bytes()), kPiece, [&](std::int64_t begin, std::int64_t end) {
        sink += readBytes(isa, reinterpret_cast<const char*>(x.data()) + begin, end - begin);
    });
}

QuantSpec specOf(const Codec& codec, int bits, Granularity granularity) {
    QuantSpec spec{std::string(codec.name), bits};
    spec.granularity = codec.blockSize > 0 ? Granularity(PerGroup{codec.blockSize}) : granularity;
    if (codec.takesTable)
        for (int i = 0; i < 1 << bits; ++i) spec.table.push_back(std::tan((float(i) - float((1 << bits) - 1) / 2) / float(1 << bits) * 2.6f));
    return spec;
}

std::string textOf(const Granularity& granularity) {
    if (std::holds_alternative<PerTensor>(granularity)) return "tensor";
    if (std::holds_alternative<PerChannel>(granularity)) return "channel";
    return "group " + std::to_string(std::get<PerGroup>(granularity).size);
}

// Whether fitting takes a search: most of a table of few thousand values, not of millions.
bool searchesFor(const Codec& codec) noexcept { return codec.blockBytes > 0 || codec.name == "kmeans" || codec.name == "quantile"; }

std::vector<QuantSpec> passSpecs() {
    std::vector<QuantSpec> specs;
    const Granularity all[] = {PerTensor{}, PerChannel{}, PerGroup{128}};
    for (const Granularity& granularity : all)
        for (const int bits : {8, 4}) specs.push_back(specOf(*findCodec("int"), bits, granularity));
    for (const Codec& codec : codecs()) {
        if (!codec.fast.format) continue;
        const int usual = std::clamp(4, codec.minBits, codec.maxBits), most = codec.affine ? 16 : codec.maxBits;
        for (const Granularity& granularity : all) {
            if (codec.blockSize > 0 && !std::holds_alternative<PerGroup>(granularity)) continue;
            if (!codec.affine) specs.push_back(specOf(codec, usual, granularity));
            if (most != usual && !(codec.fast.tablePerGroup && std::holds_alternative<PerGroup>(granularity))) specs.push_back(specOf(codec, most, granularity));
        }
    }
    return specs;
}

// Parameters of the rows that differ, repeated: fitting is timed elsewhere.
QuantizedTensor fittedInPart(const QuantSpec& spec, std::span<const float> x, Workers& workers, JobContext& job) {
    QuantizedTensor part, q;
    part.spec = q.spec = spec;
    part.layout = {1, kPeriod, kColumns};
    q.layout = kLayout;
    fitGroups(x.first(std::size_t(kPeriod * kColumns)), part, workers, job);
    const auto groups = static_cast<std::size_t>(q.grid().groups), have = part.scales.size(), inner = part.inner.size() / have;
    for (std::size_t g = 0; g < groups; ++g) {
        q.scales.push_back(part.scales[g % have]);
        q.zeroPoints.push_back(part.zeroPoints[g % have]);
        q.inner.insert(q.inner.end(), part.inner.begin() + std::ptrdiff_t(g % have * inner), part.inner.begin() + std::ptrdiff_t(g % have * inner + inner));
    }
    return q;
}

PassTime timeOf(const QuantSpec& spec, std::span<const float> x, Isa isa, int rounds, Workers& workers, JobContext& job) {
    const QuantizedTensor q = fittedInPart(spec, x, workers, job);
    const QuantSpec integer = specOf(*findCodec("int"), 8, codecOf(spec).blockSize > 0 ? Granularity(PerGroup{128}) : spec.granularity);
    const QuantizedTensor baseline = fittedInPart(integer, x, workers, job);
    const PassCase measured(q, x, isa), against(baseline, x, isa);
    std::vector<double> read, integerSums, sums, integerCounts, counts;
    for (int i = 0; i <= rounds; ++i) {
        const double readMs = msOf([&] { readAll(isa, x, workers); });
        const double integerMs = msOf([&] { against.run(workers, false); });
        const double ms = msOf([&] { measured.run(workers, false); });
        const double integerCountsMs = msOf([&] { against.run(workers, true); });
        const double countsMs = msOf([&] { measured.run(workers, true); });
        job.checkpoint(0);
        if (i == 0) continue;  // pages, clocks and caches settle
        read.push_back(readMs);
        integerSums.push_back(integerMs);
        sums.push_back(ms);
        integerCounts.push_back(integerCountsMs);
        counts.push_back(countsMs);
    }
    const double sumsMs = bestOf(sums), countsMs = bestOf(counts);
    return {formatName(spec), textOf(spec.granularity), std::string(kernelFor(measured.kernel(), isa).name), workers.threads(),
            sumsMs, countsMs, bestOf(read) / sumsMs, bestOf(integerSums) / sumsMs, bestOf(integerCounts) / countsMs};
}

LayerTime layerTimeOf(const QuantSpec& spec, std::span<const float> x, Isa isa, int rounds, Workers& workers, JobContext& job) {
    LayerTime time;
    time.format = formatName(spec);
    time.granularity = textOf(spec.granularity);
    time.searches = searchesFor(codecOf(spec));
    const std::int64_t rows = time.searches ? kRows / 32 : kRows;
    const auto values = x.first(std::size_t(rows * kColumns));
    QuantizedTensor q;
    q.spec = spec;
    q.layout = {1, rows, kColumns};
    std::vector<double> fit, all;
    for (int i = 0; i < std::max(1, rounds / 3); ++i) {
        const double fitMs = msOf([&] { fitGroups(values, q, workers, job, nullptr, isa); });
        const Histogram axis{-0.3, 0.3, std::vector<std::uint64_t>(2048), 0, 0}, errors{-0.05, 0.05, std::vector<std::uint64_t>(256), 0, 0};
        Measurement what{values, q, axis, errors, 0.5, true, isa};
        const double measureMs = msOf([&] { measure(what, workers, job); });
        fit.push_back(fitMs * double(kRows / rows));
        all.push_back(measureMs * double(kRows / rows));
    }
    time.fitMs = bestOf(fit);
    time.measureMs = bestOf(all);
    time.weightsPerSecond = double(kRows * kColumns) / (time.fitMs + time.measureMs) * 1e3;
    return time;
}

}  // namespace

PassBench benchPasses(Isa isa, int threads, int rounds, JobContext& job) {
    BigBuffer buffer(kRows * kColumns * std::int64_t(sizeof(float)));
    const std::span<float> x(buffer.as<float>(), std::size_t(kRows * kColumns));
    fillWithNoise(x);
    PassBench result;
    result.weights = kRows * kColumns;
    result.isa = isa;
    const std::vector<QuantSpec> specs = passSpecs();
    std::vector<int> crews = {1};
    if (threads > 1) crews.push_back(threads);
    const double steps = double(crews.size() * specs.size() + codecs().size());
    double done = 0;
    for (const int crew : crews) {
        Workers workers(crew);
        std::vector<double> read;
        for (int i = 0; i <= rounds; ++i) read.push_back(msOf([&] { readAll(isa, x, workers); }));
        result.read.push_back({crew, double(x.size_bytes()) / bestOf(read) / 1e6});
        for (const QuantSpec& spec : specs) {
            JobContext part = job.part(done / steps, (done + 1) / steps);
            result.passes.push_back(timeOf(spec, x, isa, rounds, workers, part));
            ++done;
        }
    }
    Workers workers(crews.back());
    for (const Codec& codec : codecs()) {
        JobContext part = job.part(done / steps, (done + 1) / steps);
        const QuantSpec spec = specOf(codec, std::clamp(4, codec.minBits, codec.maxBits), PerChannel{});
        result.layers.push_back(layerTimeOf(spec, x, isa, rounds, workers, part));
        ++done;
    }
    job.checkpoint(1.0);
    return result;
}

}  // namespace bitlathe
