// The layers of a model as a table: what each is, how it is to be stored, and how well. Takes snapshots
// (model, schemes, reports, issues) and shows them; edits nothing and asks nobody.
#pragma once

#include "core/metrics/layer_report.h"
#include "core/model/model.h"
#include "core/quant/recipe.h"
#include "widgets/models/layer_row.h"

#include <QAbstractTableModel>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace bitlathe {

class LayerTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Kind, ShapeColumn, Parameters, SchemeColumn, Bits, Size, Huffman, Sqnr, Carried, ColumnCount };
    enum Role {
        SortRole = Qt::UserRole + 1,  // a number or a text that orders the column
        PrefixRole,                   // Name: how many leading characters are the block's and may be dimmed
        QualityRole,                  // Sqnr: 0..1 for the bar; invalid when there is no figure
        PreviewRole,                  // bool: the figure rests on a sample, or is being measured
        QuantizedRole,                // bool
        FixedRole,                    // bool: cannot be quantized
        EditedRole,                   // bool: has a scheme of its own
        IssueRole,                    // int: Issue::Level + 1; 0 for none
        GhostRole,                    // QString: what a hovered choice would make of this cell; empty for none
    };

    explicit LayerTableModel(QObject* parent = nullptr);

    void setModel(std::shared_ptr<const Model> model);  // forgets schemes and reports
    // One scheme per layer; rows whose scheme changed lose their report until the next setReports().
    void setSchemes(const Recipe& recipe, const std::vector<Scheme>& schemes, const std::vector<Issue>& issues);
    void setReports(const std::vector<std::shared_ptr<const LayerReport>>& reports);  // each knows its layer
    // What the target will really get, where that was worked out; rows whose scheme changes forget it.
    struct Got {
        std::size_t layer;
        Scheme scheme;
        std::string reason;  // why it is not what was asked
    };
    void setGot(const std::vector<Got>& outcomes);
    // The carried SQNR of the layers' outputs in the newest run, by layer; stale: the recipe changed since.
    // Empty: nothing was run.
    void setCarried(std::map<std::size_t, double> db, bool stale, const QString& measuredOn);
    // While the hand holds "see float": schemes and figures are shown as those of the source.
    void setShowFloat(bool on);
    // What a hovered choice would make of the layers: one scheme each, or none to clear. Sizes show at once,
    // the SQNR when its report comes.
    void setGhosts(std::vector<Scheme> schemes);
    void setGhostReports(const std::vector<std::shared_ptr<const LayerReport>>& reports);

    const std::shared_ptr<const Model>& model() const { return m_model; }
    const LayerRow& facts(int row) const { return m_facts[std::size_t(row)]; }
    const std::shared_ptr<const LayerReport>& report(int row) const { return m_reports[std::size_t(row)]; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QVariant text(std::size_t row, int column) const;
    QVariant sortKey(std::size_t row, int column) const;
    QString ghost(std::size_t row, int column) const;
    QString tooltip(std::size_t row, int column) const;
    void refreshFacts(std::size_t row);
    void changed(std::size_t first, std::size_t last);

    std::shared_ptr<const Model> m_model;
    std::vector<Scheme> m_schemes;
    std::vector<Scheme> m_ghosts;  // empty: none
    std::vector<std::shared_ptr<const LayerReport>> m_reports, m_ghostReports;
    std::vector<LayerRow> m_facts;
    std::vector<QString> m_issueTexts;
    std::vector<std::optional<Got>> m_got;  // only where it differs from what was asked
    std::vector<int> m_issueLevels;
    std::vector<int> m_prefixes;
    std::map<std::size_t, double> m_carried;
    bool m_carriedStale = false;
    QString m_carriedOn;
    bool m_showFloat = false;
};

// Length of the part of a layer's name that names its block and not the layer: "blk.1." of
// "blk.1.ffn_gate", "/layer1/0/" of "/layer1/0/conv1"; 0 when there is none.
int blockPrefix(const std::string& name);

}  // namespace bitlathe
