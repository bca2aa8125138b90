// The rows of a duel as a table: sorted by size or error, with what a delegate needs for its bars. Knows no
// layers and no measuring.
#pragma once

#include "core/metrics/duel_row.h"

#include <QAbstractTableModel>
#include <optional>
#include <vector>

namespace bitlathe {

class DuelModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Format, Size, Bits, Sqnr, Error, Time, Remove, ColumnCount };
    enum Role {
        BarRole = Qt::UserRole,  // 0 … 1: the length of the bar, where there is one
        FrontRole,               // no other row is smaller and better
        CurrentRole,             // the present choice
        PreviewRole,             // the figure rests on a sample
    };
    using QAbstractTableModel::QAbstractTableModel;

    // current: the present choice, if it is one format.
    void setRows(std::vector<DuelRow> rows, const std::optional<QuantSpec>& current);
    const DuelRow& rowAt(int row) const { return m_rows[std::size_t(row)]; }
    int rowOf(const QuantSpec& spec) const;  // -1: not there

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;

private:
    void arrange();
    QString textOf(const DuelRow& row, int column) const;
    QString tipOf(const DuelRow& row, int column) const;

    std::vector<DuelRow> m_rows;
    std::optional<QuantSpec> m_current;
    int m_column = Size;
    Qt::SortOrder m_order = Qt::AscendingOrder;
    double m_mostBytes = 0, m_mostError = 0;
};

}  // namespace bitlathe
