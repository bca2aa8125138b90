// Keeps the figures of every layer up to date with the recipe: asks for what differs, the selected layer
// first, then the rows on screen, then the rest; a preview, then the exact figure. Results are kept by
// value, so undo shows at once. Knows no widgets; the measuring itself is a function handed in.
#pragma once

#include "core/base/job_runner.h"
#include "core/metrics/layer_report.h"
#include "core/model/model.h"
#include "core/workflow/analyze.h"
#include "core/workflow/report_cache.h"

#include <QObject>
#include <QString>
#include <QTimer>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace bitlathe {

class Jobs;

using ReportPtr = std::shared_ptr<const LayerReport>;

// Measures one layer under one scheme: publishes a preview of about `sample` weights first where the layer is
// larger (0: no preview), and the exact report last. Runs on a worker.
using MeasureLayer = std::function<void(const Model&, std::size_t layer, const Scheme&, std::int64_t sample, JobContext&, const PublishReport&)>;

class Analysis : public QObject {
    Q_OBJECT
public:
    // Weights in a preview. A hand that edits faster than previews come gets smaller ones, down to the least.
    static constexpr std::int64_t kLargestSample = 1 << 18, kSmallestSample = 1 << 14;

    // The cache is the one that the measuring fills.
    Analysis(JobRunner& runner, Jobs& jobs, MeasureLayer measure, ReportCache& cache, QObject* parent = nullptr);
    ~Analysis() override;

    void setModel(std::shared_ptr<const Model> model);
    // What stands for the importance that the measuring obeys, behind the model's identity; empty: none. All is measured again.
    void setImportance(const std::string& identity);
    void setSchemes(const std::vector<Scheme>& schemes);
    void setSelected(const std::vector<std::size_t>& layers);  // the first one is what plots show
    void setVisible(const std::vector<std::size_t>& layers);

    // The newest report for the present schemes; null while there is none.
    ReportPtr report(std::size_t layer) const;
    // Why the layer could not be measured under its present scheme; empty when it was, or will be.
    QString failure(std::size_t layer) const;
    // The report of any scheme measured before; null otherwise.
    ReportPtr known(std::size_t layer, const Scheme& scheme) const { return m_cache.report(m_identity, layer, scheme); }
    bool complete() const;  // every quantized layer has its exact figure

    // Measures schemes that are not in the recipe, for ghosts and curves; answers come in wondered(),
    // one by one, exact where known, previews otherwise. A new question replaces the old one.
    struct Question {
        std::size_t layer;
        Scheme scheme;
    };
    // Ghosts and curves each have questions of their own.
    enum class Wonder { Ghost, Curve };
    void wonder(Wonder what, const std::vector<Question>& questions);

signals:
    void reportsArrived(const std::vector<bitlathe::ReportPtr>& reports);
    void wondered(bitlathe::Analysis::Wonder what, const std::vector<bitlathe::ReportPtr>& reports);
    // How far the selected layer's exact figure is, 0 … 1, while it takes a while; some ten times a second.
    void progressed(std::size_t layer, double fraction);
    void failed(std::size_t layer, const QString& message);
    void finished();

private:
    struct Order {
        std::size_t layer;
        Scheme scheme;
        std::int64_t sample;  // of the preview; 0: none
    };
    struct Delivery;  // reports on their way from the worker
    std::vector<Order> pending() const;
    void restart();
    void pacePreviews();
    void run(JobSlot<int>& slot, std::vector<Order> orders, std::optional<Wonder> wondering, int priority);
    void deliver(Delivery& delivery, std::optional<Wonder> wondering);
    void fail(std::uint64_t generation, const Order& order, const std::string& message);

    Jobs& m_jobs;
    Post m_post;
    MeasureLayer m_measure;
    std::shared_ptr<const Model> m_model;
    std::vector<Scheme> m_schemes;
    std::vector<ReportPtr> m_reports;
    std::map<std::size_t, std::pair<Scheme, QString>> m_failures;
    std::vector<std::size_t> m_selected, m_visible;
    ReportCache& m_cache;
    std::string m_identity;  // of the model
    JobSlot<int> m_slot, m_ghostSlot, m_curveSlot;
    int m_job = 0;
    std::uint64_t m_generation = 0;  // of the model
    std::int64_t m_sample = kLargestSample;
    // Of the selected layer, from the worker; a job of its own has a figure of its own.
    std::shared_ptr<std::atomic<double>> m_fraction;
    std::size_t m_fractionLayer = 0;
    QTimer m_progressTimer;
    bool m_awaited = false;  // the selected layer's preview is being made
};

}  // namespace bitlathe
