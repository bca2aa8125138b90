#include "widgets/models/layer_proxy.h"

#include "widgets/models/layer_table_model.h"

namespace bitlathe {

LayerProxy::LayerProxy(LayerTableModel& table, QObject* parent) : QSortFilterProxyModel(parent), m_table(table) {
    setSourceModel(&table);
    setSortRole(LayerTableModel::SortRole);
    // Rows stay where they are while an edit changes them: a row that ran away under the pointer would
    // be worse than an order that is refreshed at the next click.
    setDynamicSortFilter(false);
}

QString LayerProxy::setFilter(const QString& text) {
    m_filter = LayerFilter::parse(text);
    invalidateFilter();
    return m_filter.problem();
}

std::vector<std::size_t> LayerProxy::shownLayers() const {
    std::vector<std::size_t> layers;
    for (int row = 0; row < rowCount(); ++row) layers.push_back(std::size_t(mapToSource(index(row, 0)).row()));
    return layers;
}

bool LayerProxy::filterAcceptsRow(int row, const QModelIndex& parent) const {
    return !parent.isValid() && m_filter.accepts(m_table.facts(row));
}

bool LayerProxy::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const QVariant a = left.data(LayerTableModel::SortRole), b = right.data(LayerTableModel::SortRole);
    if (a.typeId() == QMetaType::QString) {
        const int order = QString::localeAwareCompare(a.toString(), b.toString());
        return order != 0 ? order < 0 : left.row() < right.row();
    }
    const double x = a.toDouble(), y = b.toDouble();
    return x != y ? x < y : left.row() < right.row();
}

}  // namespace bitlathe
