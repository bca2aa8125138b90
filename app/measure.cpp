#include "app/measure.h"

#include "core/base/parallel.h"
#include "core/workflow/analyze.h"
#include "core/workflow/report_cache.h"

#include <memory>
#include <mutex>
#include <optional>

namespace bitlathe {

namespace {

// The float copy of the layer that was measured last, where its file stores it otherwise: a hand that moves a slider
// asks for the same layer many times a second. Any thread.
class LastWeights {
public:
    WeightSource of(const Model& model, std::size_t layer) {
        if (!model.file) return weightSource(model, layer);  // decoded as it was opened, or floats in the file
        {
            const std::lock_guard lock(m_mutex);
            if (m_source && m_file == model.file && m_source->layer == layer) return *m_source;
            m_source.reset();  // before the next one needs the room
        }
        WeightSource fresh = weightSource(model, layer);
        const std::lock_guard lock(m_mutex);
        m_source = fresh;
        m_file = model.file;
        return fresh;
    }

private:
    std::mutex m_mutex;
    std::shared_ptr<const MappedFile> m_file;
    std::optional<WeightSource> m_source;
};

}  // namespace

MeasureLayer measureWith(Workers& workers, ReportCache& cache, const ProjectShelf& shelf, const ImportanceShelf& importances) {
    auto last = std::make_shared<LastWeights>();
    return [&workers, &cache, &shelf, &importances, last](const Model& model, std::size_t layer, const Scheme& scheme, std::int64_t sample, JobContext& job, const PublishReport& publish) {
        const ImportancePtr importance = importances.get();
        if (const auto project = importance ? nullptr : shelf.get()) {
            if (const auto kept = project->report(model, layer, scheme)) {
                cache.keep(identityOf(model), kept);
                publish(kept);
                return;
            }
        }
        AnalyzeOptions options;
        options.sampleWeights = sample;
        analyzeLayer(importance ? withImportance(last->of(model, layer), model, importance->columns(), importance->identity) : last->of(model, layer), scheme, options, &cache, workers, job, publish);
    };
}

}  // namespace bitlathe
