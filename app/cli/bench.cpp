#include "core/workflow/bench.h"

#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/quantization_options.h"
#include "app/cli/text_table.h"

#include <CLI/CLI.hpp>

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

}  // namespace

Action benchCommand(CLI::App& app, CommonOptions& common) {
    struct Options {
        std::string model;
        std::int64_t batch = 1;
        int repeat = 20;
        QuantizationOptions quantization;
    };
    auto options = std::make_shared<Options>();
    app.add_option("MODEL", options->model, "The model file")->required();
    addQuantizationOptions(app, options->quantization, true);
    app.add_option("--batch", options->batch, "Samples in one run, where the model leaves that open")->check(CLI::Range(1, 1 << 20));
    app.add_option("--repeat", options->repeat, "Runs that count")->check(CLI::Range(1, 1000000));
    app.add_flag("--json", common.json, "Print one JSON document");
    return [options](Session& session) -> int {
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
