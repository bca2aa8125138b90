// A language model and its float source on a text file: from the recipe to the figures, in one call that says how far it is
// and keeps what it reached. What the window's panels and the command line share.
#pragma once

#include "core/workflow/perplexity.h"

#include <filesystem>
#include <functional>
#include <vector>

namespace bitlathe {

struct TextMeasurement {
    LanguageEvaluation evaluation;
    std::vector<CarriedError> layers;
    bool partial = false;  // it was stopped: the figures are of the tokens predicted by then
};

struct TextQuestion {
    std::filesystem::path text;
    WindowRule windows;             // the context is lowered to the model's
    std::int64_t mostWindows = 0;   // 0: all
    std::int64_t carriedTokens = 0;  // the first so many tell the carried error of each weight; 0: it is not told
    // After each window; `layers` are there from the first one on.
    std::function<void(const TextMeasurement&)> partial;
};

// A stop throws Cancelled before the first token is predicted; afterwards it ends in figures marked partial. Throws as evaluateLanguage()
// and windowsOf() do.
TextMeasurement measureText(const LanguageNetwork& network, const LanguageNetwork& reference, const Tokenizer& tokenizer, const TextQuestion& question, Workers& workers, JobContext& job);

}  // namespace bitlathe
