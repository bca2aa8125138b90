// How much memory one layer takes at most while it is analysed and quantized, against the bound: the float tensor, its
// codes and 64 MiB. Each case runs in a process of its own and reports the growth of its peak resident set, mapped file
// pages included. And how soon a job that was stopped ends.
//   memory_bench [--folder DIR] [--large]
#include "tests/bench/bench_model.h"

#include "core/base/parallel.h"
#include "core/engine/machine.h"
#include "core/quant/codec.h"
#include "core/quant/quantized_tensor.h"
#include "core/workflow/analyze.h"
#include "core/workflow/load.h"
#include "core/workflow/report_cache.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace bitlathe {
namespace {

constexpr double kMiB = 1 << 20, kSlack = 64;

double statusMiB(const char* field) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(field)) return std::stod(line.substr(std::strlen(field) + 1)) / 1024;
    return 0;
}
void forgetPeak() { std::ofstream("/proc/self/clear_refs") << 5; }

struct Case {
    const char* name;
    const char* codec;
    int bits;
    Granularity granularity;
    RangeRule range = MinMax{};
};
const Case kCases[] = {
    {"int4 group 128", "int", 4, PerGroup{128}},
    {"int8 channel", "int", 8, PerChannel{}},
    {"int8 tensor, percentile", "int", 8, PerTensor{}, Percentile{99.9}},
    {"int4 channel, least error", "int", 4, PerChannel{}, LeastError{2}},
    {"fp8 e4m3 channel", "fp8e4m3", 8, PerChannel{}},
    {"nf4 group 64", "nf4", 4, PerGroup{64}},
    {"q8_0", "q8_0", 8, PerGroup{32}},
    {"q4_k", "q4_k", 4, PerGroup{256}},
    {"k-means 4 tensor", "kmeans", 4, PerTensor{}},
    {"k-means 4 channel", "kmeans", 4, PerChannel{}},
};

Scheme schemeOf(const Case& what) {
    Scheme scheme;
    QuantSpec& spec = scheme.weights.emplace();
    const Codec& codec = *findCodec(what.codec);
    spec.codec = what.codec;
    spec.bits = what.bits;
    spec.granularity = what.granularity;
    spec.range = what.range;
    if (!codec.scaleTypes.empty()) spec.scale = codec.scaleTypes.front();
    return scheme;
}

// In a child: so that one case's freed memory is not the next one's head start.
void inChild(const std::function<void()>& body) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
        body();
        std::fflush(stdout);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) std::printf("the case failed: status %d\n", status);
}

void measurePeak(const Case& what, const std::filesystem::path& path, ElementType type) {
    Workers workers(2);
    JobContext job;
    const auto model = loadModel(path, Machine::detect(), job);
    const Scheme scheme = schemeOf(what);
    ReportCache cache;
    const std::int64_t count = model->layers[0].shape.count();
    const double tensor = double(count) * 4 / kMiB;
    const double start = statusMiB("VmRSS");
    forgetPeak();
    analyzeLayer(weightSource(*model, 0), scheme, {}, &cache, workers, job, [](auto) {});
    const double analyzed = statusMiB("VmHWM") - start;
    forgetPeak();
    double codes = 0, quantized = 0;
    {
        const WeightSource source = weightSource(*model, 0);
        const QuantizedTensor q = quantizeWeights(source.values, source.layout, *scheme.weights, workers, job);
        codes = double(q.codes.bytes().size() + q.scales.size() * 4 + q.zeroPoints.size() * 4 + q.inner.size()) / kMiB;
        quantized = statusMiB("VmHWM") - start;
    }
    std::printf("%-26s %-9s %5.0f MiB float, %4.0f MiB codes | analyse %6.0f MiB, %4.2f × the bound | quantize %6.0f MiB, %4.2f × the bound\n", what.name, std::string(nameOf(type)).c_str(), tensor, codes,
                analyzed, analyzed / (tensor + kSlack), quantized, quantized / (tensor + codes + kSlack));
}

// Stops the analysis at several moments of its run; the worst and the median time until it has ended.
void measureStop(const Case& what, const std::filesystem::path& path) {
    using Clock = std::chrono::steady_clock;
    Workers workers(2);
    JobContext loading;
    const auto model = loadModel(path, Machine::detect(), loading);
    const WeightSource source = weightSource(*model, 0);
    const Scheme scheme = schemeOf(what);
    std::vector<double> waits;
    for (int i = 0; i < 15; ++i) {
        std::stop_source stop;
        Clock::time_point ended;
        std::thread worker([&] {
            JobContext job(stop.get_token());
            runJob(job, [&](JobContext& context) { return analyzeLayer(source, scheme, {}, nullptr, workers, context, [](auto) {}); });
            ended = Clock::now();
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(3 + 7 * i));
        const auto stopped = Clock::now();
        stop.request_stop();
        worker.join();
        waits.push_back(std::max(0.0, std::chrono::duration<double, std::milli>(ended - stopped).count()));
    }
    std::sort(waits.begin(), waits.end());
    std::printf("%-26s stop to end: median %6.2f ms, worst %6.2f ms, %5.2f × the bar of 10 ms\n", what.name, waits[waits.size() / 2], waits.back(), waits.back() / 10);
}

}  // namespace
}  // namespace bitlathe

int main(int argc, char** argv) {
    using namespace bitlathe;
    std::filesystem::path folder = std::filesystem::temp_directory_path() / "bitlathe-bench";
    bool large = false;
    for (int i = 1; i < argc; ++i) {
        if (!std::strcmp(argv[i], "--large")) large = true;
        if (!std::strcmp(argv[i], "--folder") && i + 1 < argc) folder = argv[++i];
    }
    for (const ElementType type : {ElementType::F32, ElementType::BF16})
        for (const std::int64_t side : {4096, 16384}) {
            if (side > 4096 && !large) continue;
            BenchModel model;
            model.rows = model.columns = side;
            model.type = type;
            std::filesystem::path path;
            inChild([&] { benchModel(model, folder); });
            path = benchModel(model, folder);
            for (const Case& what : kCases) {
                if (side > 4096 && std::strcmp(what.codec, "kmeans") == 0 && what.granularity.index() != 0) continue;  // minutes
                inChild([&] { measurePeak(what, path, type); });
            }
        }
    BenchModel model;
    const auto path = benchModel(model, folder);
    for (const Case& what : kCases) inChild([&] { measureStop(what, path); });
    inChild([&] { measureStop({"k-means 8 channel", "kmeans", 8, PerChannel{}}, path); });
    return 0;
}
