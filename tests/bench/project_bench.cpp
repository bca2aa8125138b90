// How long the results of a 1 GB model take to be saved and opened: 168 matrices of 1.5 M weights, one exact report
// each with error maps of full size, ranges of 340 activations, a history of 200 steps. project_bench [FOLDER]
#include "core/base/error.h"
#include "core/project/calibration_record.h"
#include "core/project/project_state.h"
#include "core/project/project_store.h"
#include "core/project/report_record.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <random>
#include <unistd.h>

namespace {

using namespace bitlathe;
namespace fs = std::filesystem;

constexpr std::size_t kLayers = 168, kActivations = 340, kSteps = 200;

std::string layerName(std::size_t i) { return "model.layers." + std::to_string(i / 7) + ".matrix" + std::to_string(i % 7) + ".weight"; }

LayerReport reportOf(std::size_t layer) {
    std::mt19937 random{unsigned(layer)};
    std::normal_distribution<float> normal;
    LayerReport report;
    report.layer = layer;
    report.scheme.weights.emplace();
    report.doneFraction = 1;
    report.statistics.count = 1'500'000;
    for (Histogram* h : {&report.weights, &report.quantized, &report.errors}) {
        *h = {-4, 4, std::vector<std::uint64_t>(512), 0, 0};
        for (int i = 0; i < 20000; ++i) ++h->counts[std::size_t(std::clamp(normal(random) * 64 + 256, 0.0f, 511.0f))];
    }
    report.channels.resize(1024 + 512 * (layer % 4));
    for (ChannelRange& channel : report.channels) channel = {normal(random), normal(random), normal(random), normal(random), -1, 1, 30 + normal(random)};
    report.map = {512, 512, 2, 4, std::vector<float>(512 * 512)};
    for (float& cell : report.map.rms) cell = std::fabs(normal(random)) * 1e-3f;
    report.transfer.levels.resize(255);
    report.transfer.codes.resize(255);
    report.transfer.in.resize(512);
    report.transfer.out.resize(512);
    return report;
}

ActivationRanges rangesOf() {
    ActivationRanges ranges;
    for (std::size_t i = 0; i < kActivations; ++i) {
        ActivationRange& range = ranges["activation" + std::to_string(i)];
        range.histogram = {-8, 8, std::vector<std::uint64_t>(2048), 0, 0};
        for (std::size_t bin = 0; bin < 2048; ++bin) range.histogram.counts[bin] = std::uint64_t(1e6 * std::exp(-std::pow((double(bin) - 1024) / 200, 2)));
    }
    return ranges;
}

ProjectState stateWithHistory() {
    ProjectState state;
    state.model = {"/models/large.onnx", std::string(64, 'a'), "onnx", std::int64_t(kLayers) * 6'000'000};
    auto recipe = std::make_shared<const Recipe>(findPreset("int8")->recipe);
    state.first = recipe;
    for (std::size_t i = 0; i < kSteps; ++i) {
        Recipe next = *recipe;
        Scheme scheme = next.defaults;
        scheme.weights->bits = 2 + int(i % 7);
        next.layers[layerName(i * 5 % kLayers)] = scheme;
        recipe = std::make_shared<const Recipe>(std::move(next));
        state.steps.push_back({"bits of one layer", recipe});
    }
    state.position = kSteps;
    return state;
}

double seconds(const std::function<void()>& work) {
    const auto begun = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

// What this disk needs for as many plain bytes, written and flushed: the machine's own limit.
double plainWrite(const fs::path& path, std::size_t bytes) {
    const std::vector<char> block(1 << 20, 'x');
    return seconds([&] {
        const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        for (std::size_t done = 0; done < bytes; done += block.size())
            if (::write(fd, block.data(), block.size()) < 0) break;
        ::fsync(fd);
        ::close(fd);
    });
}

void run(const fs::path& path) {
    std::vector<LayerReport> reports;
    for (std::size_t i = 0; i < kLayers; ++i) reports.push_back(reportOf(i));
    const ProjectState state = stateWithHistory();
    const CalibrationSubject subject{state.model.sha256, "data", "", "asked", 0, "data.npz"};
    const ActivationRanges ranges = rangesOf();
    const auto subjectOf = [&](std::size_t i) { return ReportSubject{state.model.sha256, layerName(i), "int 8 symmetric, channel, minmax"}; };
    {
        const auto store = ProjectStore::create(path);
        store->save();
        const auto put = [&] {
            putState(*store, state);
            store->put("calibrations/" + idOf(subject), toNode(ranges, subject));
            for (std::size_t i = 0; i < kLayers; ++i) store->put(keyOf(subjectOf(i)), toNode(reports[i], subjectOf(i)));
        };
        std::printf("taking up the results      %6.3f s\n", seconds(put));
        std::printf("autosave of all of them    %6.3f s   (once; later ones write what is new)\n", seconds([&] { store->flush(); }));
        std::printf("open with the journal      %6.3f s   (after a crash)\n", seconds([&] { stateOf(*ProjectStore::open(path, ProjectStore::Access::Look)); }));
        std::printf("save                       %6.3f s   bar 2 s\n", seconds([&] { store->save(); }));
        const auto size = std::size_t(fs::file_size(path));
        std::printf("  the same %4.0f MB plainly   %6.3f s\n", double(size) / 1e6, plainWrite(path.string() + ".plain", size));
        std::printf("save again, one edit       %6.3f s\n", seconds([&] {
            ProjectState edited = state;
            edited.position = 10;
            putState(*store, edited);
            store->save();
        }));
    }
    std::unique_ptr<ProjectStore> store;
    std::printf("open, with recipe, history %6.3f s   bar 1 s\n", seconds([&] {
        store = ProjectStore::open(path, ProjectStore::Access::Edit);
        stateOf(*store);
    }));
    std::printf("the first layer's report   %6.3f s\n", seconds([&] { reportFrom(*store->find(keyOf(subjectOf(0))), subjectOf(0)); }));
    std::printf("all %zu reports            %6.3f s\n", kLayers, seconds([&] {
        for (std::size_t i = 0; i < kLayers; ++i)
            if (!reportFrom(*store->find(keyOf(subjectOf(i))), subjectOf(i))) throw Error(ErrorKind::Input, "a report is missing");
    }));
    std::printf("the ranges                 %6.3f s\n", seconds([&] { rangesFrom(*store->find("calibrations/" + idOf(subject)), subject); }));
}

}  // namespace

int main(int count, char** arguments) {
    const fs::path folder = (count > 1 ? fs::path(arguments[1]) : fs::temp_directory_path()) / "bitlathe_project_bench";
    fs::create_directories(folder);
    int code = 0;
    try {
        run(folder / "large.bitlathe");
    } catch (const Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        code = 1;
    }
    fs::remove_all(folder);
    return code;
}
