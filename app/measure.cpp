#include "app/measure.h"

#include "core/base/parallel.h"
#include "core/workflow/analyze.h"
#include "core/workflow/report_cache.h"

namespace bitlathe {

MeasureLayer measureWith(Workers& workers, ReportCache& cache, const ProjectShelf& shelf) {
    return [&workers, &cache, &shelf](const Model& model, std::size_t layer, const Scheme& scheme, std::int64_t sample, JobContext& job, const PublishReport& publish) {
        if (const auto project = shelf.get()) {
            if (const auto kept = project->report(model, layer, scheme)) {
                cache.keep(identityOf(model), kept);
                publish(kept);
                return;
            }
        }
        AnalyzeOptions options;
        options.sampleWeights = sample;
        analyzeLayer(weightSource(model, layer), scheme, options, &cache, workers, job, publish);
    };
}

}  // namespace bitlathe
