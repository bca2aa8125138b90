#include "app/cli/command.h"
#include "app/cli/json_output.h"

#include "core/base/mapped_file.h"
#include "core/formats/gguf/imatrix.h"
#include "core/workflow/collect_importance.h"
#include "core/workflow/load.h"
#include "core/workflow/load_tokenizer.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <iostream>

namespace bitlathe::cli {

Action importanceCommand(CLI::App& app, CommonOptions& common) {
    struct Options {
        std::string model, data, output, tokenizer;
        WindowRule windows;
        ImportanceOptions importance;
    };
    auto options = std::make_shared<Options>();
    app.add_option("MODEL", options->model, "A language model: a GGUF file, or a folder with safetensors")->required();
    app.add_option("--data", options->data, "The text to measure on")->required();
    app.add_option("-o,--output", options->output, "The file to write, for llama.cpp and for --importance: .dat for the old form, else GGUF")->required();
    app.add_option("--tokenizer", options->tokenizer, "The tokenizer: a GGUF file, tokenizer.json or tokenizer.bin of llama2.c; else the model's own");
    app.add_option("--context", options->windows.context, "Tokens of a window")->capture_default_str();
    app.add_option("--chunks", options->importance.mostWindows, "Use only so many windows; 0 for all")->check(CLI::NonNegativeNumber);
    app.add_flag("--output-weight", options->importance.output, "Measure the weight that makes the logits too");
    app.add_flag("--json", common.json, "Print one JSON document");
    return [options](Session& session) -> int {
        JobContext loading = session.job().part(0.0, 0.1), running = session.job().part(0.1, 1.0);
        const auto model = loadModel(options->model, session.machine(), loading);
        const Tokenizer tokenizer = loadTokenizer(options->tokenizer.empty() ? model->source : std::filesystem::path(options->tokenizer), loading);
        const auto text = MappedFile::open(options->data);
        const auto windows = windowsOf({reinterpret_cast<const char*>(text->bytes().data()), text->bytes().size()}, tokenizer, options->windows, loading);
        const LanguageNetwork network = prepareLanguage(model, EngineMode::Float, session.machine());
        Importance importance = collectImportance(network, windows, options->importance, session.workers(), running);
        importance.dataset = std::filesystem::path(options->data).filename().string();
        gguf::writeImportance(options->output, importance);
        session.endProgress();
        const std::int64_t tokens = importance.chunks * importance.chunkTokens;
        if (session.json()) printJson({{"file", options->output}, {"tensors", importance.tensors.size()}, {"windows", importance.chunks}, {"tokens", tokens}});
        else if (!session.quiet()) std::cout << options->output << ": the importance of " << importance.tensors.size() << " weights, from " << importance.chunks << " windows, " << tokens << " tokens\n";
        return kDone;
    };
}

}  // namespace bitlathe::cli
