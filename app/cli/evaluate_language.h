// The part of `evaluate` that measures language models on text.
#pragma once

#include "app/cli/quantization_options.h"

#include "core/workflow/perplexity.h"

#include <string>
#include <vector>

namespace bitlathe::cli {

struct LanguageOptions {
    std::vector<std::string> metrics;  // perplexity, kld, layers; empty: what can be said
    std::string reference, tokenizer, importance;
    WindowRule windows;
    std::int64_t mostWindows = 0;
};
void addLanguageOptions(CLI::App& app, LanguageOptions& options);

// True when `data` is text, and not arrays or images.
bool isTextData(const std::string& data, const LanguageOptions& options);

// Prints the figures; the exit code says whether a gate failed.
int evaluateLanguageModel(const std::string& model, const std::string& data, const QuantizationOptions& quantization, const LanguageOptions& options,
                          const std::vector<std::string>& gates, Session& session);

}  // namespace bitlathe::cli
