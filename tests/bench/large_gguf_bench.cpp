// large_gguf_bench [--gigabytes N] [--codec NAME] [--folder F] [--threads T]: a GGUF file of N gigabytes of halves
// (holes in the file, which read as zeros, and real weights in every eighth tensor), opened, looked at layer by layer and
// quantized. Prints how long each took and the most memory that the process had, pages of mapped files included.
#include "core/base/parallel.h"
#include "core/engine/machine.h"
#include "core/quant/codec.h"
#include "core/tensor/convert.h"
#include "core/workflow/export.h"
#include "core/workflow/load.h"
#include "core/workflow/weight_source.h"
#include "tests/core/formats/gguf_sample.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

#include <sys/resource.h>

using namespace bitlathe;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kColumns = 8192, kRows = 8192, kLayer = kColumns * kRows * 2;

double peakMebibytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

class Clock {
public:
    void say(const char* what) {
        const auto now = std::chrono::steady_clock::now();
        std::printf("%-34s %8.2f s   peak %8.1f MiB\n", what, std::chrono::duration<double>(now - m_start).count(), peakMebibytes());
        std::fflush(stdout);
        m_start = std::chrono::steady_clock::now();
    }

private:
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

void makeFile(const fs::path& path, std::uint64_t tensors) {
    GgufSample sample;
    sample.text("general.architecture", "llama");
    for (std::uint64_t t = 0; t < tensors; ++t) sample.tensorAt("blk." + std::to_string(t) + ".ffn_up.weight", {kColumns, kRows}, 1, t * kLayer);
    const std::string head = sample.bytes();
    std::ofstream(path, std::ios::binary) << head;
    fs::resize_file(path, head.size() + tensors * kLayer);
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, 0.02f);
    std::vector<std::uint16_t> rows(kColumns * 64);
    for (auto& v : rows) v = floatToHalf(normal(random));
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    for (std::uint64_t t = 0; t < tensors; t += 8) {
        file.seekp(static_cast<std::streamoff>(head.size() + t * kLayer));
        for (std::uint64_t row = 0; row < kRows; row += 64) file.write(reinterpret_cast<const char*>(rows.data()), static_cast<std::streamsize>(rows.size() * 2));
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t gigabytes = 40;
    std::string codec = "q4_0", folder = ".";
    int threads = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        if (option == "--gigabytes") gigabytes = std::strtoull(argv[i + 1], nullptr, 10);
        else if (option == "--codec") codec = argv[i + 1];
        else if (option == "--folder") folder = argv[i + 1];
        else if (option == "--threads") threads = std::atoi(argv[i + 1]);
    }
    const fs::path path = fs::path(folder) / "large.gguf";
    const std::uint64_t tensors = std::max<std::uint64_t>(1, gigabytes * 1'000'000'000 / kLayer);
    Clock clock;
    makeFile(path, tensors);
    std::printf("%llu tensors of 8192 × 8192 halves, %.1f GB\n", static_cast<unsigned long long>(tensors), static_cast<double>(fs::file_size(path)) * 1e-9);
    clock.say("making the file");
    Workers workers(threads);
    JobContext job;
    ExportRequest request;
    request.model = loadModel(path, Machine::detect(), job);
    clock.say("opening it");
    double sum = 0;
    for (std::size_t layer = 0; layer < request.model->layers.size(); ++layer) sum += weightSource(*request.model, layer).values.as<float>()[12345];
    clock.say("every layer as floats, one by one");
    const Codec* row = findCodec(codec);
    if (!row) return std::fprintf(stderr, "there is no codec '%s'\n", codec.c_str()), 2;
    request.recipe.defaults.weights = QuantSpec{};
    request.recipe.defaults.weights->codec = codec;
    request.recipe.defaults.weights->bits = row->minBits;
    request.path = fs::path(folder) / "large.quantized.gguf";
    const ExportResult result = exportModel(request, workers, job);
    clock.say(("quantizing to " + codec + ", read again").c_str());
    std::printf("%.2f GB → %.2f GB (sum of one weight of each layer %.4f)\n", static_cast<double>(fs::file_size(path)) * 1e-9, static_cast<double>(result.fileBytes) * 1e-9, sum);
    fs::remove(path);
    fs::remove(request.path);
}
