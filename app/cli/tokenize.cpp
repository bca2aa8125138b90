#include "app/cli/command.h"
#include "app/cli/json_output.h"

#include "core/base/mapped_file.h"
#include "core/base/plain_text.h"
#include "core/workflow/load_tokenizer.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace bitlathe::cli {

namespace {

struct Options {
    std::string model, text, file;
    bool bare = false, special = false;
};

std::string textOf(const Options& options) {
    if (options.file.empty()) return options.text;
    const auto file = MappedFile::open(options.file);
    return {reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()};
}

// As a string of JSON: line ends, tabs and bytes that are no text can be seen.
std::string quoted(const std::string& text) { return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

}  // namespace

Action tokenizeCommand(CLI::App& app, CommonOptions& common) {
    auto options = std::make_shared<Options>();
    app.add_option("model", options->model, "A GGUF file, tokenizer.json, a folder or model with one, or tokenizer.bin of llama2.c")->required();
    auto* text = app.add_option("text", options->text, "The text");
    auto* file = app.add_option("--file", options->file, "Read the text from this file")->excludes(text);
    app.add_flag("--bare", options->bare, "Without the tokens that begin and end a text");
    app.add_flag("--special", options->special, "Read names of special tokens in the text as these tokens");
    app.add_flag("--json", common.json, "One JSON document on standard output");
    return [options, given = [text, file] { return text->count() + file->count() > 0; }](Session& session) {
        const Tokenizer tokenizer = loadTokenizer(options->model, session.job());
        if (!given()) throw Error(ErrorKind::Usage, "there is no text; give TEXT or --file FILE");
        const std::string text = textOf(*options);
        const auto tokens = tokenizer.encode(text, {!options->bare, options->special}, session.job());
        session.endProgress();
        if (session.json()) {
            Json pieces = Json::array();
            for (const std::int32_t token : tokens) pieces.push_back(tokenizer.piece(token));
            printJson({{"tokenizer", tokenizer.name()}, {"vocabulary", tokenizer.size()}, {"tokens", tokens}, {"pieces", std::move(pieces)}, {"text", tokenizer.decode(tokens)}});
            return kDone;
        }
        for (const std::int32_t token : tokens) std::cout << token << "\t" << quoted(tokenizer.piece(token)) << "\n";
        session.note(std::to_string(tokens.size()) + " tokens for " + std::to_string(text.size()) + " bytes, by " + tokenizer.name());
        return kDone;
    };
}

}  // namespace bitlathe::cli
