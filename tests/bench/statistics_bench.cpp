// All statistics of a model of 1 GB after opening: minimum, maximum, mean, deviation and histogram of every layer and
// of every channel, on mapped memory. Prints milliseconds, and the ratio to reading the same bytes once in the same run.
//   statistics_bench [--threads N] [--layers N] [--folder DIR]
#include "tests/bench/bench_model.h"

#include "core/base/parallel.h"
#include "core/engine/machine.h"
#include "core/workflow/layer_facts.h"
#include "core/workflow/load.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

namespace bitlathe {
namespace {

constexpr double kBarMs = 200;  // a GB, warm

double msOf(const std::function<void()>& body) {
    const auto began = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
}

// Reads every byte once, with all threads.
void readAll(std::span<const std::byte> bytes, Workers& workers) {
    std::atomic<std::uint64_t> all = 0;
    workers.forRange(std::int64_t(bytes.size() / 64), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
        const auto* at = reinterpret_cast<const std::uint64_t*>(bytes.data());
        std::uint64_t sums[8] = {};
        for (std::int64_t i = begin * 8; i < end * 8; i += 8)
            for (std::int64_t lane = 0; lane < 8; ++lane) sums[lane] += at[i + lane];
        for (const std::uint64_t sum : sums) all += sum;
    });
    if (all == 1) std::puts("");  // so that the reading is not left out
}

void measureModel(const BenchModel& what, const std::string& folder, Workers& workers) {
    const auto path = benchModel(what, folder);
    JobContext job;
    const Machine engine = Machine::detect();
    std::shared_ptr<const Model> model;
    double listMs = 1e9, factsMs = 1e9, readMs = 1e9, bytes = 0;
    for (int round = 0; round < 5; ++round) {
        listMs = std::min(listMs, msOf([&] { model = loadModel(path, engine, job); }));
        bytes = 0;
        const double read = msOf([&] {
            for (const Layer& layer : model->layers) {
                const Tensor& stored = *model->graph.constant(layer.weight);
                bytes += double(stored.bytes().size());
                readAll(stored.bytes(), workers);
            }
        });
        if (round > 0) readMs = std::min(readMs, read);
        factsMs = std::min(factsMs, msOf([&] {
            for (const Layer& layer : model->layers) storedFacts(*model->graph.constant(layer.weight), layer.layout, detectIsa(), workers, job);
        }));
    }
    std::printf("%-60s %2d threads | layer list %6.1f ms | read once %6.1f ms | statistics of %zu layers %6.1f ms, %5.2f × the read, %5.2f × the bar\n", path.filename().c_str(), workers.threads(), listMs, readMs,
                model->layers.size(), factsMs, factsMs / readMs, factsMs / (kBarMs * bytes / 1e9));
}

}  // namespace
}  // namespace bitlathe

int main(int argc, char** argv) {
    using namespace bitlathe;
    int threads = 2, layers = 64;
    std::string folder = (std::filesystem::temp_directory_path() / "bitlathe-bench").string();
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string key = argv[i];
        if (key == "--threads") threads = std::atoi(argv[i + 1]);
        if (key == "--layers") layers = std::atoi(argv[i + 1]);
        if (key == "--folder") folder = argv[i + 1];
    }
    Workers workers(threads);
    BenchModel model;
    model.layers = layers;
    model.rows = 1024;
    model.columns = 4096;
    for (const ElementType type : {ElementType::F32, ElementType::F16, ElementType::BF16}) {
        model.type = type;
        model.layers = type == ElementType::F32 ? layers : 2 * layers;
        measureModel(model, folder, workers);
    }
    model.type = ElementType::F32;
    model.layers = layers;
    model.transposed = true;
    measureModel(model, folder, workers);
    return 0;
}
