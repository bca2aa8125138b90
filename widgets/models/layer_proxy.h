// The layer table sorted and filtered. Knows the filter language and the graph's order, no widgets.
#pragma once

#include "widgets/models/layer_filter.h"

#include <QSortFilterProxyModel>

namespace bitlathe {

class LayerTableModel;

class LayerProxy : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit LayerProxy(LayerTableModel& table, QObject* parent = nullptr);

    // Returns what the filter could not understand, empty when all is well.
    QString setFilter(const QString& text);
    const LayerFilter& filter() const { return m_filter; }
    // Source rows in the order in which they are shown.
    std::vector<std::size_t> shownLayers() const;

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    LayerTableModel& m_table;
    LayerFilter m_filter;
};

}  // namespace bitlathe
