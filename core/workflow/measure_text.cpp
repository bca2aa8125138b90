#include "core/workflow/measure_text.h"

#include "core/base/mapped_file.h"

#include <algorithm>
#include <optional>

namespace bitlathe {

TextMeasurement measureText(const LanguageNetwork& network, const LanguageNetwork& reference, const Tokenizer& tokenizer, const TextQuestion& question, Workers& workers, JobContext& job) {
    const auto file = MappedFile::open(question.text);
    const auto bytes = file->bytes();
    WindowRule rule = question.windows;
    if (reference.spec.context > 0) rule.context = std::min(rule.context, reference.spec.context);
    const double carried = question.carriedTokens > 0 ? 0.2 : 0.02;
    JobContext first = job.part(0.0, carried), second = job.part(carried, 1.0);
    const auto windows = windowsOf({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, tokenizer, rule, first);
    TextMeasurement made;
    if (question.carriedTokens > 0) made.layers = carriedErrors(network, reference, windows, question.carriedTokens, workers, first);
    PerplexityOptions options;
    options.mostWindows = question.mostWindows;
    const auto tell = [&](const LanguageEvaluation& sofar) {
        made.evaluation = sofar;
        if (question.partial) question.partial(made);
    };
    options.partial = tell;
    options.stopped = [&](const LanguageEvaluation& sofar) { made.evaluation = sofar, made.partial = true; };
    try {
        made.evaluation = evaluateLanguage(network, std::optional(reference), windows, options, workers, second);
    } catch (const Cancelled&) {
        if (!made.partial) throw;
    }
    return made;
}

}  // namespace bitlathe
