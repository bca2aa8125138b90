#include "app/analysis.h"

#include "app/jobs.h"
#include "app/post.h"
#include "core/base/mailbox.h"

#include <algorithm>
#include <set>

namespace bitlathe {

// The worker adds, the window takes: newest batch wins, and a batch holds everything not yet taken.
struct Analysis::Delivery {
    Mailbox<std::vector<ReportPtr>> mailbox;
    std::vector<ReportPtr> untaken;  // the worker's own
    std::uint64_t generation = 0;

    // True when the window must be woken.
    bool add(ReportPtr report) {
        untaken.push_back(std::move(report));
        const bool wasTaken = mailbox.post(std::make_shared<const std::vector<ReportPtr>>(untaken));
        if (wasTaken) untaken.erase(untaken.begin(), untaken.end() - 1);
        return wasTaken;
    }
};

Analysis::Analysis(JobRunner& runner, Jobs& jobs, MeasureLayer measure, ReportCache& cache, QObject* parent)
    : QObject(parent), m_jobs(jobs), m_post(postTo(this)), m_measure(std::move(measure)), m_cache(cache), m_slot(runner, m_post),
      m_ghostSlot(runner, m_post), m_curveSlot(runner, m_post) {
    m_progressTimer.setInterval(100);
    connect(&m_progressTimer, &QTimer::timeout, this, [this] {
        const double fraction = m_fraction ? m_fraction->load(std::memory_order_relaxed) : 1;
        if (fraction >= 1) m_progressTimer.stop();
        else emit progressed(m_fractionLayer, fraction);
    });
}

Analysis::~Analysis() {
    m_slot.cancel();
    m_ghostSlot.cancel();
    m_curveSlot.cancel();
    if (m_job) m_jobs.end(m_job);
}

void Analysis::setModel(std::shared_ptr<const Model> model) {
    m_slot.cancel();
    m_ghostSlot.cancel();
    m_curveSlot.cancel();
    ++m_generation;
    m_model = std::move(model);
    m_identity = m_model ? identityOf(*m_model) : std::string();
    m_schemes.clear();
    m_failures.clear();
    m_selected.clear();
    m_visible.clear();
    m_reports.assign(m_model ? m_model->layers.size() : 0, nullptr);
    if (m_job) m_jobs.end(m_job);
    m_job = 0;
}

void Analysis::setImportance(const std::string& identity) {
    if (!m_model) return;
    m_slot.cancel();
    m_ghostSlot.cancel();
    m_curveSlot.cancel();
    ++m_generation;
    m_identity = identityOf(*m_model) + identity;
    m_failures.clear();
    std::fill(m_reports.begin(), m_reports.end(), nullptr);
    if (m_job) m_jobs.end(m_job);
    m_job = 0;
    setSchemes(std::vector<Scheme>(m_schemes));
}

void Analysis::setSchemes(const std::vector<Scheme>& schemes) {
    m_schemes = schemes;
    std::vector<ReportPtr> found;
    for (std::size_t layer = 0; layer < m_schemes.size(); ++layer) {
        if (m_reports[layer] && m_reports[layer]->scheme == m_schemes[layer]) continue;
        m_reports[layer] = known(layer, m_schemes[layer]);
        if (m_reports[layer]) found.push_back(m_reports[layer]);
    }
    if (!found.empty()) emit reportsArrived(found);
    restart();
}

void Analysis::setSelected(const std::vector<std::size_t>& layers) {
    if (layers == m_selected) return;
    m_selected = layers;
    restart();
}

void Analysis::setVisible(const std::vector<std::size_t>& layers) {
    if (layers == m_visible) return;
    m_visible = layers;
    restart();
}

ReportPtr Analysis::report(std::size_t layer) const { return layer < m_reports.size() ? m_reports[layer] : nullptr; }

bool Analysis::complete() const {
    for (std::size_t layer = 0; layer < m_schemes.size(); ++layer)
        if (m_schemes[layer].weights && !(m_reports[layer] && m_reports[layer]->exact()) && failure(layer).isEmpty()) return false;
    return true;
}

std::vector<Analysis::Order> Analysis::pending() const {
    std::vector<Order> orders;
    std::set<std::size_t> seen;
    const auto add = [&](std::size_t layer, bool withPreview, bool evenFloat) {
        if (layer >= m_schemes.size() || !m_model->layers[layer].quantizable || !seen.insert(layer).second) return;
        // A float layer has no error to measure, but a selected one has a histogram to show.
        if (!m_schemes[layer].weights && !evenFloat) return;
        const LayerReport* report = m_reports[layer].get();
        if ((report && report->exact()) || !failure(layer).isEmpty()) return;
        orders.push_back({layer, m_schemes[layer], withPreview && !report ? m_sample : 0});
    };
    if (!m_selected.empty()) add(m_selected.front(), true, true);
    for (std::size_t layer : m_selected) add(layer, false, false);
    for (std::size_t layer : m_visible) add(layer, false, false);
    for (std::size_t layer = 0; layer < m_schemes.size(); ++layer) add(layer, false, false);
    return orders;
}

// An edit that comes before the picture of the last one halves the next picture's sample, so that a hand that
// never rests still sees it move; a picture that came in time lets the sample grow again.
void Analysis::pacePreviews() {
    if (m_awaited) m_sample = std::max(m_sample / 2, kSmallestSample);
    m_awaited = false;
}

void Analysis::restart() {
    if (!m_model || m_schemes.empty()) return;
    pacePreviews();
    std::vector<Order> orders = pending();
    if (orders.empty()) {
        m_fraction.reset();
        m_slot.cancel();
        if (m_job) m_jobs.end(m_job);
        m_job = 0;
        emit finished();
        return;
    }
    m_awaited = orders.front().sample > 0;
    m_curveSlot.cancel();  // finished() asks anew; until then the workers are the hand's
    run(m_slot, std::move(orders), std::nullopt, 10);
}

void Analysis::run(JobSlot<int>& slot, std::vector<Order> orders, std::optional<Wonder> wondering, int priority) {
    JobContext::Report report;
    if (!wondering) {
        // The bar is for what takes a while; a few layers are done before one could read it.
        if (!m_job && orders.size() > 4) m_job = m_jobs.begin(tr("Measuring layers"), [this] { m_slot.cancel(false); });
        if (m_job) report = m_jobs.reportFor(m_job);
    }
    std::shared_ptr<std::atomic<double>> fraction;
    if (!wondering) {
        fraction = m_fraction = std::make_shared<std::atomic<double>>(0.0);
        m_fractionLayer = orders.front().layer;
        m_progressTimer.start();
    }
    auto delivery = std::make_shared<Delivery>();
    delivery->generation = m_generation;
    slot.start(
        [this, delivery, orders = std::move(orders), model = m_model, measure = m_measure, post = m_post, wondering, fraction](JobContext& job) {
            double doneWeights = 0, allWeights = 1;
            for (const Order& order : orders) allWeights += double(model->layers[order.layer].parameters);
            for (const Order& order : orders) {
                const double weights = double(model->layers[order.layer].parameters);
                const bool watched = fraction && &order == &orders.front();
                JobContext own = job.part(doneWeights / allWeights, (doneWeights + weights) / allWeights);
                own.checkpoint(0, model->layers[order.layer].name);
                // The front layer's own 0 … 1 beside its share of the whole job.
                JobContext part = watched ? JobContext(job.stopToken(), [&own, fraction](double done, std::string_view what) {
                    fraction->store(done, std::memory_order_relaxed);
                    own.report(done, what);
                }) : own;
                // A layer that cannot be measured must not keep the others waiting.
                try {
                    measure(*model, order.layer, order.scheme, order.sample, part, [&](ReportPtr fresh) {
                        if (delivery->add(std::move(fresh))) post([this, delivery, wondering] { deliver(*delivery, wondering); });
                    });
                } catch (const Error& error) {
                    post([this, order, generation = delivery->generation, message = error.message()] { fail(generation, order, message); });
                }
                if (watched) fraction->store(1, std::memory_order_relaxed);
                doneWeights += weights;
            }
            return 0;
        },
        [this, wondering](Outcome<int>) {
            if (wondering) return;
            if (m_job) m_jobs.end(m_job);
            m_job = 0;
            emit finished();
        },
        std::move(report), priority);
}

void Analysis::fail(std::uint64_t generation, const Order& order, const std::string& message) {
    if (generation != m_generation) return;
    m_failures[order.layer] = {order.scheme, QString::fromStdString(message)};
    emit failed(order.layer, QString::fromStdString(message));
}

QString Analysis::failure(std::size_t layer) const {
    const auto found = m_failures.find(layer);
    return found != m_failures.end() && layer < m_schemes.size() && found->second.first == m_schemes[layer] ? found->second.second : QString();
}

void Analysis::deliver(Delivery& delivery, std::optional<Wonder> wondering) {
    const auto batch = delivery.mailbox.take();
    if (!batch || delivery.generation != m_generation) return;
    std::vector<ReportPtr> fresh;
    for (const ReportPtr& report : *batch) {
        if (wondering) {
            fresh.push_back(report);
            continue;
        }
        if (report->layer >= m_schemes.size() || report->scheme != m_schemes[report->layer]) continue;
        ReportPtr& here = m_reports[report->layer];
        if (here && here->scheme == report->scheme && here->doneFraction >= report->doneFraction) continue;
        here = report;
        if (!m_selected.empty() && report->layer == m_selected.front()) {
            if (m_awaited) m_sample = std::min(m_sample * 2, kLargestSample);
            m_awaited = false;
        }
        fresh.push_back(report);
    }
    if (fresh.empty()) return;
    if (wondering) emit wondered(*wondering, fresh);
    else emit reportsArrived(fresh);
}

void Analysis::wonder(Wonder what, const std::vector<Question>& questions) {
    JobSlot<int>& slot = what == Wonder::Ghost ? m_ghostSlot : m_curveSlot;
    slot.cancel();
    if (!m_model) return;
    std::vector<ReportPtr> found;
    std::vector<Order> orders;
    for (const Question& question : questions) {
        if (question.layer >= m_model->layers.size() || !m_model->layers[question.layer].quantizable) continue;
        if (ReportPtr report = known(question.layer, question.scheme)) found.push_back(report);
        else if (question.scheme.weights) orders.push_back({question.layer, question.scheme, kLargestSample});
    }
    if (!found.empty()) emit wondered(what, found);
    if (!orders.empty()) run(slot, std::move(orders), what, what == Wonder::Ghost ? 8 : 2);
}

}  // namespace bitlathe
