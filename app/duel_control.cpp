#include "app/duel_control.h"

#include "app/jobs.h"
#include "app/post.h"
#include "core/workflow/duel.h"
#include "core/workflow/duel_formats.h"
#include "widgets/models/figures.h"
#include "widgets/panels/duel_panel.h"

#include <algorithm>

namespace bitlathe {

DuelControl::DuelControl(const Resources& resources, Jobs& jobs, ReportCache& cache, DuelPanel& panel, QObject* parent)
    : QObject(parent), m_resources(resources), m_jobs(jobs), m_cache(cache), m_panel(panel), m_post(postTo(this)), m_list(duelContenders(std::nullopt)), m_slot(resources.runner, m_post) {
    connect(&panel, &DuelPanel::added, this, &DuelControl::add);
    connect(&panel, &DuelPanel::removed, this, &DuelControl::remove);
    connect(&panel, &DuelPanel::usualWanted, this, &DuelControl::showUsual);
    connect(&panel, &DuelPanel::shown, this, &DuelControl::restart);
}

DuelControl::~DuelControl() {
    m_slot.cancel();
    if (m_job) m_jobs.end(m_job);
}

void DuelControl::setImportance(ImportancePtr importance) {
    if (importance == m_importance) return;
    m_importance = std::move(importance);
    m_rowsOf.clear();
    m_rows.clear();
    restart();
}

void DuelControl::setModel(std::shared_ptr<const Model> model) {
    m_importance.reset();
    m_model = std::move(model);
    m_layers.clear();
    m_rows.clear();
    m_rowsOf.clear();
    restart();
}

void DuelControl::setLayers(const std::vector<std::size_t>& layers, const std::vector<Scheme>& schemes) {
    std::optional<QuantSpec> current;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const auto& spec = schemes[layers[i]].weights;
        if (i == 0) current = spec;
        else if (spec != current) current.reset();
    }
    if (layers == m_layers && current == m_current) return;
    m_layers = layers;
    m_current = current;
    restart();
}

void DuelControl::add(const QuantSpec& spec) {
    if (std::find(m_list.begin(), m_list.end(), spec) == m_list.end()) m_list.push_back(spec);
    restart();
}

void DuelControl::remove(const QuantSpec& spec) {
    std::erase(m_list, spec);
    restart();
}

void DuelControl::showUsual() {
    m_list = duelContenders(std::nullopt);
    restart();
}

std::vector<QuantSpec> DuelControl::contenders() const {
    std::vector<QuantSpec> all = m_list;
    if (m_current && std::find(all.begin(), all.end(), *m_current) == all.end()) all.insert(all.begin(), *m_current);
    return all;
}

void DuelControl::restart() {
    m_slot.cancel();
    ++m_ticket;
    if (m_job) m_jobs.end(m_job);
    m_job = 0;
    if (!m_model || m_layers.empty()) {
        m_panel.showNothing(m_model ? tr("Select layers that can be quantized: formats are compared on their weights.") : tr("Open a model and select layers: formats are compared on their weights."));
        return;
    }
    // Rows keep what is known of them while the others are measured.
    std::vector<DuelRow> rows;
    for (const QuantSpec& spec : contenders()) {
        const auto known = std::find_if(m_rows.begin(), m_rows.end(), [&](const DuelRow& row) { return row.spec == spec; });
        if (known != m_rows.end() && m_rowsOf == m_layers) rows.push_back(*known);
        else rows.push_back({.spec = spec, .label = duelLabel(spec)});
    }
    markFront(rows);
    m_rows = std::move(rows);
    m_rowsOf = m_layers;
    const bool complete = std::all_of(m_rows.begin(), m_rows.end(), [](const DuelRow& row) { return row.exact() || !row.failure.empty(); });
    if (complete || !m_panel.isVisible()) return showRows();
    m_job = m_jobs.begin(tr("Comparing formats"), [this] { m_slot.cancel(false); });
    m_slot.start(
        [model = m_model, importance = m_importance, layers = m_layers, specs = contenders(), isa = m_resources.machine.isa, &workers = m_resources.workers, &cache = m_cache, post = m_post, this,
         ticket = m_ticket](JobContext& job) {
            const AnalyzeOptions options{.isa = isa};
            duel({layers.size(), [&](std::size_t i) { return weightSource(*model, layers[i], columnsOf(importance), importance ? importance->identity : std::string()); }}, specs, options, &cache, workers, job, [&](const std::vector<DuelRow>& rows) {
                post([this, ticket, rows] {
                    if (ticket == m_ticket) take(rows);
                });
            });
            return 0;
        },
        [this](Outcome<int>) {
            if (m_job) m_jobs.end(m_job);
            m_job = 0;
            showRows();
        },
        m_jobs.reportFor(m_job), 4);
    showRows();
}

void DuelControl::take(std::vector<DuelRow> rows) {
    for (DuelRow& row : rows) {
        const auto known = std::find_if(m_rows.begin(), m_rows.end(), [&](const DuelRow& r) { return r.spec == row.spec; });
        if (known == m_rows.end()) continue;
        if (known->exact() && !row.exact()) row = *known;  // a row that was final stays so while the others follow
        if (!row.seconds) row.seconds = known->seconds;
    }
    markFront(rows);
    m_rows = std::move(rows);
    showRows();
}

void DuelControl::showRows() {
    const QString subject = m_layers.size() == 1 ? fromUtf8(m_model->layers[m_layers.front()].name) : tr("%1 layers together").arg(m_layers.size());
    m_panel.show(subject, m_rows, m_current, m_slot.running());
}

}  // namespace bitlathe
