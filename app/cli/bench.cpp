#include "core/workflow/bench.h"
#include "core/workflow/bench_passes.h"

#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/quantization_options.h"
#include "app/cli/text_table.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>

namespace bitlathe::cli {

namespace {

Json toJson(const BenchResult& result, const std::string& engine) {
    Json layers = Json::array();
    for (const StepTime& step : result.steps)
        layers.push_back({{"name", step.name}, {"kernel", step.kernel}, {"medianMs", step.medianMs}, {"gops", step.gops}, {"op", step.op},
                          {"integer", step.integer}, {"reason", step.reason}});
    return {{"engine", engine}, {"threads", result.threads}, {"batch", result.batch}, {"medianMs", result.medianMs}, {"layers", layers},
            {"bestMs", result.bestMs}, {"repeats", result.repeats}};
}

void print(const BenchResult& result, const std::string& engine) {
    TextTable table({{"Layer"}, {"Operator"}, {"Kernel"}, {"Median ms", Align::Right}, {"Share", Align::Right}, {"Gop/s", Align::Right}, {"Remark"}});
    for (const StepTime& step : result.steps)
        table.add({step.name, step.op, step.kernel, fixedText(step.medianMs, 3),
                   fixedText(result.medianMs > 0 ? step.medianMs / result.medianMs * 100 : 0, 1) + " %", step.gops > 0 ? fixedText(step.gops, 1) : "",
                   step.reason.empty() ? "" : "float: " + step.reason});
    std::cout << table.text() << "\n"
              << engine << " engine, " << result.threads << " threads, batch " << result.batch << ": median " << fixedText(result.medianMs, 3)
              << " ms, best " << fixedText(result.bestMs, 3) << " ms of " << result.repeats << " runs\n";
}

Json toJson(const PassBench& bench) {
    Json read = Json::array(), passes = Json::array(), layers = Json::array();
    for (const ReadRate& r : bench.read) read.push_back({{"threads", r.threads}, {"gbPerSecond", r.gbPerSecond}});
    for (const PassTime& p : bench.passes)
        passes.push_back({{"format", p.format}, {"granularity", p.granularity}, {"kernel", p.kernel}, {"threads", p.threads}, {"sumsMs", p.sumsMs},
                          {"countsMs", p.countsMs}, {"ofRead", p.ofRead}, {"ofInteger", p.ofInteger}, {"countsOfInteger", p.countsOfInteger}});
    for (const LayerTime& l : bench.layers)
        layers.push_back({{"format", l.format}, {"granularity", l.granularity}, {"fitMs", l.fitMs}, {"measureMs", l.measureMs}, {"searches", l.searches},
                          {"weightsPerSecond", l.weightsPerSecond}});
    return {{"weights", bench.weights}, {"isa", isaName(bench.isa)}, {"read", read}, {"passes", passes}, {"layers", layers}};
}

void print(const PassBench& bench) {
    std::cout << "Error sums and exact histograms of codes and errors, " << countText(double(bench.weights)) << " float32 weights in memory, " << isaName(bench.isa) << "\n";
    for (const ReadRate& r : bench.read) std::cout << "Plain read, threads " << r.threads << ": " << fixedText(r.gbPerSecond, 1) << " GB/s\n";
    TextTable table({{"Format"}, {"Granularity"}, {"Threads", Align::Right}, {"Sums ms", Align::Right}, {"Of read", Align::Right}, {"Of int8", Align::Right},
                     {"Histograms ms", Align::Right}, {"Of int8", Align::Right}, {"Kernel"}});
    for (const PassTime& p : bench.passes)
        table.add({p.format, p.granularity, std::to_string(p.threads), fixedText(p.sumsMs, 2), fixedText(p.ofRead, 2), fixedText(p.ofInteger, 2),
                   fixedText(p.countsMs, 2), fixedText(p.countsOfInteger, 2), p.kernel});
    std::cout << "\n" << table.text() << "\nOne layer of 4096 x 4096 fitted and measured as the window does it, all threads\n";
    TextTable layers({{"Format"}, {"Granularity"}, {"Fit ms", Align::Right}, {"Measure ms", Align::Right}, {"Million weights/s", Align::Right}, {"Remark"}});
    for (const LayerTime& l : bench.layers)
        layers.add({l.format, l.granularity, fixedText(l.fitMs, 1), fixedText(l.measureMs, 1), fixedText(l.weightsPerSecond / 1e6, 1),
                    l.searches ? "searches; timed on a part" : ""});
    std::cout << "\n" << layers.text();
}

}  // namespace

Action benchCommand(CLI::App& app, CommonOptions& common) {
    struct Options {
        std::string model;
        std::int64_t batch = 1;
        int repeat = 20;
        bool passes = false;
        QuantizationOptions quantization;
    };
    auto options = std::make_shared<Options>();
    auto* model = app.add_option("MODEL", options->model, "The model file");
    app.add_flag("--passes", options->passes, "Time the coding and measuring of weights in every format instead; needs no MODEL")->excludes(model);
    addQuantizationOptions(app, options->quantization, true);
    app.add_option("--batch", options->batch, "Samples in one run, where the model leaves that open")->check(CLI::Range(1, 1 << 20));
    app.add_option("--repeat", options->repeat, "Runs that count")->check(CLI::Range(1, 1000000));
    app.add_flag("--json", common.json, "Print one JSON document");
    return [options](Session& session) -> int {
        if (options->passes) {
            const PassBench result = benchPasses(session.machine().isa, session.workers().threads(), std::max(3, options->repeat / 2), session.job());
            session.endProgress();
            if (session.json()) printJson(toJson(result));
            else print(result);
            return kDone;
        }
        if (options->model.empty()) throw Error(ErrorKind::Usage, "bench needs a MODEL, or --passes");
        const PreparedRun prepared = prepareRun(options->model, options->quantization, session, /*fuse=*/true);
        const BenchResult result = bench(*prepared.executable, options->batch, options->repeat, session.workers(), session.job());
        session.endProgress();
        const std::string engine(nameOf(prepared.mode));
        if (session.json()) printJson(toJson(result, engine));
        else print(result, engine);
        return kDone;
    };
}

}  // namespace bitlathe::cli
