// How well a language model predicts a text, and how far a quantized one is from it: perplexity and KL divergence over
// windows of the text, both networks in one pass. Knows no formats and no screens.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/language/tokenizer.h"
#include "core/metrics/language_metrics.h"
#include "core/workflow/language.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

// How a text becomes windows. Each is read with an empty memory.
struct WindowRule {
    std::int64_t context = 512;  // tokens of a window
    // llama.cpp's ways: windows side by side of which the second half is scored, or, where `stride` is not 0, windows
    // that begin `stride` tokens apart of which the last `stride` are. A window's first token becomes BOS where the
    // tokenizer begins texts with it.
    std::int64_t stride = 0;
    // The way of llama2.c's figures: the text falls into slices (between separators, white space around them taken away,
    // or of so many characters), each of which begins with BOS; every token is predicted, in windows side by side.
    std::string separator;           // empty: no such slices
    std::int64_t sliceCharacters = 0;  // 0: no such slices
    bool operator==(const WindowRule&) const = default;

    bool slices() const noexcept { return !separator.empty() || sliceCharacters > 0; }
};

// Token j predicts token j + 1, from `first` on; the last one is not read.
struct TextWindow {
    std::vector<std::int32_t> tokens;
    std::int64_t first = 0;
    std::int64_t scored() const noexcept { return static_cast<std::int64_t>(tokens.size()) - 1 - first; }
};

// Throws Error(Usage) for impossible rules, Error(Input) for what is no text (a byte 0) and when the text is too short for one
// window, with the lengths.
std::vector<TextWindow> windowsOf(std::string_view text, const Tokenizer& tokenizer, const WindowRule& rule, JobContext& job);

struct LanguageEvaluation {
    LanguageFigures figures;
    std::int64_t windows = 0, windowsDone = 0;
    std::int64_t tokensRead = 0;                    // by each network
    double seconds = 0, referenceSeconds = 0;       // that each was running
    double tokensPerSecond = 0, referenceTokensPerSecond = 0;
    double secondsLeft = 0;                         // by the pace so far
};

struct PerplexityOptions {
    std::int64_t mostWindows = 0;  // 0: all
    std::int64_t batch = 128;      // tokens that both networks read before they are compared
    // Called after each window with what is known so far.
    std::function<void(const LanguageEvaluation&)> partial;
    // Called once where the job is stopped after at least one token was predicted, with the figures of those that were.
    std::function<void(const LanguageEvaluation&)> stopped;
};

// `reference`: what `network` is compared with, of the same vocabulary; none: perplexity alone. Results are the same
// bits for every number of threads. Throws Error(Input) when the vocabularies differ or logits are no numbers.
LanguageEvaluation evaluateLanguage(const LanguageNetwork& network, const std::optional<LanguageNetwork>& reference, const std::vector<TextWindow>& windows,
                                    const PerplexityOptions& options, Workers& workers, JobContext& job);

// How far each weight's product is from the reference's when everything before it is quantized too.
struct CarriedError {
    std::string tensor;  // the weight
    double sqnrDb = 0;   // 10 · log10(Σ y² / Σ (y − ŷ)²) over all tokens and outputs; +infinity where exact
};
// Over the first `tokens` of the windows, in the order in which the weights are used.
std::vector<CarriedError> carriedErrors(const LanguageNetwork& network, const LanguageNetwork& reference, const std::vector<TextWindow>& windows, std::int64_t tokens,
                                        Workers& workers, JobContext& job);

}  // namespace bitlathe
