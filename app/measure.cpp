#include "app/measure.h"

#include "core/base/parallel.h"
#include "core/workflow/analyze.h"

namespace bitlathe {

MeasureLayer measureWith(Workers& workers, ReportCache& cache) {
    return [&workers, &cache](const Model& model, std::size_t layer, const Scheme& scheme, std::int64_t sample, JobContext& job, const PublishReport& publish) {
        AnalyzeOptions options;
        options.sampleWeights = sample;
        analyzeLayer(weightSource(model, layer), scheme, options, &cache, workers, job, publish);
    };
}

}  // namespace bitlathe
