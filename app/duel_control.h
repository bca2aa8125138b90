// The duel of formats on the selected layers: which formats take part, measuring them while the panel is seen,
// and what is known of each. Knows no widgets but its panel; edits nothing.
#pragma once

#include "app/analysis.h"
#include "app/resources.h"
#include "app/importance_in_use.h"
#include "core/metrics/duel_row.h"

#include <QObject>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace bitlathe {

class DuelPanel;
class Jobs;
class ReportCache;

class DuelControl : public QObject {
    Q_OBJECT
public:
    // The cache is the one that the analysis fills: what was looked at before shows at once.
    DuelControl(const Resources& resources, Jobs& jobs, ReportCache& cache, DuelPanel& panel, QObject* parent = nullptr);
    ~DuelControl() override;

    void setModel(std::shared_ptr<const Model> model);
    void setImportance(ImportancePtr importance);  // null: all columns alike
    // Those that can be quantized, and their schemes.
    void setLayers(const std::vector<std::size_t>& layers, const std::vector<Scheme>& schemes);

    const std::vector<DuelRow>& rows() const { return m_rows; }
    bool running() const { return m_slot.running(); }
    void add(const QuantSpec& spec);
    void remove(const QuantSpec& spec);
    void showUsual();

private:
    std::vector<QuantSpec> contenders() const;
    void restart();
    void take(std::vector<DuelRow> rows);
    void showRows();

    Resources m_resources;
    Jobs& m_jobs;
    ReportCache& m_cache;
    DuelPanel& m_panel;
    Post m_post;
    std::shared_ptr<const Model> m_model;
    ImportancePtr m_importance;
    std::vector<std::size_t> m_layers;
    std::vector<QuantSpec> m_list;           // chosen by hand, or the usual ones
    std::optional<QuantSpec> m_current;      // of all the layers, if it is one
    std::vector<DuelRow> m_rows;
    std::vector<std::size_t> m_rowsOf;       // the layers that they belong to
    std::uint64_t m_ticket = 0;
    JobSlot<int> m_slot;
    int m_job = 0;
};

}  // namespace bitlathe
