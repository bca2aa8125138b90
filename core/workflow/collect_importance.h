// How much each column of a language model's weights matters: the mean square of what multiplies it, over a text, as
// llama-imatrix measures it. Knows no formats.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/importance.h"
#include "core/workflow/language.h"
#include "core/workflow/perplexity.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace bitlathe {

struct ImportanceOptions {
    std::int64_t mostWindows = 0;  // 0: all
    bool output = false;           // of the weight that makes the logits too, which llama.cpp leaves out
    // Called after each window with how many are done of how many.
    std::function<void(std::int64_t done, std::int64_t all)> partial;
    // Called once where the job is stopped after at least one window, with what those windows say.
    std::function<void(Importance)> stopped;
};

// The network runs as it is prepared: float, in the usual case. Sums are in double, in the order of the tokens; all tokens of each
// window count. Throws Error(Input) when activations are no numbers.
Importance collectImportance(const LanguageNetwork& network, const std::vector<TextWindow>& windows, const ImportanceOptions& options, Workers& workers, JobContext& job);

}  // namespace bitlathe
