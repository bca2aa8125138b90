#include "widgets/panels/duel_model.h"

#include "widgets/models/figures.h"

#include <algorithm>

namespace bitlathe {

void DuelModel::setRows(std::vector<DuelRow> rows, const std::optional<QuantSpec>& current) {
    const bool sameCount = rows.size() == m_rows.size();
    if (!sameCount) beginResetModel();
    m_rows = std::move(rows);
    m_current = current;
    arrange();
    if (!sameCount) endResetModel();
    else if (!m_rows.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

void DuelModel::arrange() {
    m_mostBytes = m_mostError = 0;
    for (const DuelRow& row : m_rows) {
        if (!row.measured()) continue;
        m_mostBytes = std::max(m_mostBytes, double(row.bytes));
        m_mostError = std::max(m_mostError, row.rootMeanSquare);
    }
    const auto key = [this](const DuelRow& row) {
        switch (m_column) {
        case Bits: return row.bitsPerWeight;
        case Sqnr: return row.sqnrDb;
        case Error: return row.rootMeanSquare;
        case Time: return row.seconds.value_or(1e300);
        default: return double(row.bytes);
        }
    };
    std::stable_sort(m_rows.begin(), m_rows.end(), [&](const DuelRow& a, const DuelRow& b) {
        // What is not measured yet stands last, whichever way the rest is sorted.
        if (a.measured() != b.measured()) return a.measured();
        if (!a.measured()) return false;
        if (m_column == Format) return m_order == Qt::AscendingOrder ? a.label < b.label : b.label < a.label;
        if (key(a) != key(b)) return m_order == Qt::AscendingOrder ? key(a) < key(b) : key(b) < key(a);
        return a.rootMeanSquare < b.rootMeanSquare;
    });
}

void DuelModel::sort(int column, Qt::SortOrder order) {
    if (column < 0 || column >= Remove) return;
    emit layoutAboutToBeChanged();
    m_column = column;
    m_order = order;
    arrange();
    emit layoutChanged();
}

int DuelModel::rowOf(const QuantSpec& spec) const {
    const auto found = std::find_if(m_rows.begin(), m_rows.end(), [&](const DuelRow& row) { return row.spec == spec; });
    return found == m_rows.end() ? -1 : int(found - m_rows.begin());
}

int DuelModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(m_rows.size()); }
int DuelModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(ColumnCount); }

QString DuelModel::textOf(const DuelRow& row, int column) const {
    if (column == Format) return fromUtf8(row.label);
    if (column == Remove) return QStringLiteral("×");
    if (!row.failure.empty()) return column == Size ? tr("cannot be measured") : QString();
    if (!row.measured()) return QStringLiteral("…");
    switch (column) {
    case Size: return bytesText(row.bytes);
    case Bits: return bitsPerWeightText(row.bitsPerWeight);
    case Sqnr: return dbText(row.sqnrDb);
    case Error: return numberText(row.rootMeanSquare);
    default: return row.seconds ? millisecondsText(*row.seconds * 1000) : QStringLiteral("–");
    }
}

QString DuelModel::tipOf(const DuelRow& row, int column) const {
    if (!row.failure.empty()) return fromUtf8(row.failure);
    if (column == Remove) return tr("Takes %1 out of the comparison").arg(fromUtf8(row.label));
    if (!row.measured()) return tr("Being measured");
    const QString from = row.exact() ? tr("Measured on all %1 weights.").arg(exactCountText(row.weights)) : tr("From %1 of the weights; the exact figure follows.").arg(percentText(row.doneFraction));
    switch (column) {
    case Format:
        return (row.front ? tr("● On the Pareto front: no other format here is smaller and better.\n") : QString()) + tr("Click to take it for the layer. ") + from;
    case Size: return tr("%1 bytes: codes, scales and zero points as stored").arg(exactCountText(row.bytes));
    case Bits: return tr("Stored bits over weights, scales and zero points included");
    case Sqnr: return tr("10·log10(Σx² / Σe²), e = x − q(x). ") + from;
    case Error: return tr("√(Σe² / n), in units of the weights. ") + from;
    default: return row.seconds ? tr("Fitting, coding and measuring all weights once, on the threads of this program") : tr("Known from before: nothing was measured");
    }
}

QVariant DuelModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const DuelRow& row = m_rows[std::size_t(index.row())];
    const int column = index.column();
    switch (role) {
    case Qt::DisplayRole: return textOf(row, column);
    case Qt::ToolTipRole: return tipOf(row, column);
    case Qt::TextAlignmentRole: return QVariant::fromValue(Qt::Alignment(column == Format ? Qt::AlignLeft | Qt::AlignVCenter : column == Remove ? Qt::AlignCenter : Qt::AlignRight | Qt::AlignVCenter));
    case Qt::AccessibleTextRole: return column == Format && row.front ? tr("%1, on the Pareto front").arg(fromUtf8(row.label)) : textOf(row, column);
    case FrontRole: return row.front;
    case CurrentRole: return m_current == row.spec;
    case PreviewRole: return !row.exact();
    case BarRole:
        if (!row.measured()) return {};
        if (column == Size && m_mostBytes > 0) return double(row.bytes) / m_mostBytes;
        if (column == Error && m_mostError > 0) return row.rootMeanSquare / m_mostError;
        return {};
    default: return {};
    }
}

QVariant DuelModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    static const char* const names[] = {QT_TR_NOOP("Format"), QT_TR_NOOP("Size"), QT_TR_NOOP("Bits/weight"), QT_TR_NOOP("SQNR dB"), QT_TR_NOOP("RMS error"), QT_TR_NOOP("Time"), ""};
    if (role == Qt::DisplayRole && section >= 0 && section < ColumnCount) return section == Remove ? QString() : tr(names[section]);
    if (role == Qt::TextAlignmentRole) return QVariant::fromValue(Qt::Alignment((section == Format ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter));
    return {};
}

}  // namespace bitlathe
