#include "widgets/panels/layer_view.h"

#include "widgets/models/layer_delegate.h"
#include "widgets/models/layer_table_model.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <algorithm>

namespace bitlathe {

LayerView::LayerView(QWidget* parent) : QTableView(parent), m_delegate(new LayerDelegate(this)) {
    setItemDelegate(m_delegate);
    setSelectionBehavior(SelectRows);
    setSelectionMode(ExtendedSelection);
    setShowGrid(false);
    setMouseTracking(true);
    setWordWrap(false);
    setFrameShape(NoFrame);
    setHorizontalScrollMode(ScrollPerPixel);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setTabKeyNavigation(false);
    setAccessibleName(tr("Layers"));
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(LayerDelegate::kRowHeight);
    horizontalHeader()->setHighlightSections(false);
    // Headings stand above their text.
    horizontalHeader()->setStyleSheet(QStringLiteral("QHeaderView::section { padding-left: 8px; padding-right: 8px; }"));
    horizontalHeader()->setSectionsClickable(true);
    horizontalHeader()->setMinimumSectionSize(36);
    horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_visibleSoon.setSingleShot(true);
    m_visibleSoon.setInterval(60);
    connect(&m_visibleSoon, &QTimer::timeout, this, &LayerView::visibleRowsChanged);
}

void LayerView::fitColumns() {
    m_wanted.clear();
    if (!model()) return;
    // Enough rows to know the widths; a model may have thousands.
    const int rows = std::min(model()->rowCount(), 400);
    QStyleOptionViewItem option;
    initViewItemOption(&option);
    for (int column = 0; column < model()->columnCount(); ++column) {
        const QString head = model()->headerData(column, Qt::Horizontal).toString();
        int width = horizontalHeader()->fontMetrics().horizontalAdvance(head) + 32;
        for (int row = 0; row < rows; ++row) width = std::max(width, m_delegate->sizeHint(option, model()->index(row, column)).width());
        m_wanted.append(width);
    }
    // Schemes change while one works: room for the longest that is usual.
    if (m_wanted.size() > LayerTableModel::SchemeColumn) {
        auto& scheme = m_wanted[LayerTableModel::SchemeColumn];
        scheme = std::clamp(fontMetrics().horizontalAdvance(QStringLiteral("int4 group 128")) + 38, 60, 190);
        m_wanted[LayerTableModel::ShapeColumn] = std::min(m_wanted[LayerTableModel::ShapeColumn], 160);
        m_wanted[LayerTableModel::Size] = std::max(m_wanted[LayerTableModel::Size], fontMetrics().horizontalAdvance(QStringLiteral("88.8 MiB")) + 18);
    }
    layOutColumns();
}

void LayerView::layOutColumns() {
    if (m_wanted.size() < LayerTableModel::ColumnCount) return;
    // Least important first.
    static constexpr int order[] = {LayerTableModel::Huffman, LayerTableModel::Parameters, LayerTableModel::Kind, LayerTableModel::ShapeColumn,
                                    LayerTableModel::Size, LayerTableModel::Bits, LayerTableModel::Carried};
    const int room = viewport()->width();
    const int nameNeeds = std::min(m_wanted[LayerTableModel::Name], 140);
    int needed = nameNeeds;
    for (int column = 1; column < m_wanted.size(); ++column) needed += m_wanted[column];
    QList<bool> shown(m_wanted.size(), true);
    shown[LayerTableModel::Carried] = m_carriedShown;
    if (!m_carriedShown) needed -= m_wanted[LayerTableModel::Carried];
    for (int column : order) {
        if (needed <= room) break;
        if (!shown[column]) continue;
        shown[column] = false;
        needed -= m_wanted[column];
    }
    int used = 0;
    for (int column = 1; column < m_wanted.size(); ++column) {
        setColumnHidden(column, !shown[column]);
        if (!shown[column]) continue;
        setColumnWidth(column, m_wanted[column]);
        used += m_wanted[column];
    }
    setColumnWidth(LayerTableModel::Name, std::max(room - used, 80));
}

void LayerView::setCarriedShown(bool shown) {
    if (shown == m_carriedShown) return;
    m_carriedShown = shown;
    layOutColumns();
}

void LayerView::resizeEvent(QResizeEvent* event) {
    QTableView::resizeEvent(event);
    layOutColumns();
    m_visibleSoon.start();
}

void LayerView::scrollContentsBy(int dx, int dy) {
    QTableView::scrollContentsBy(dx, dy);
    m_visibleSoon.start();
}

void LayerView::setHoveredRow(int row) {
    if (m_delegate->hoveredRow == row) return;
    m_delegate->hoveredRow = row;
    viewport()->update();
}

void LayerView::mouseMoveEvent(QMouseEvent* event) {
    QTableView::mouseMoveEvent(event);
    setHoveredRow(indexAt(event->pos()).row());
}

void LayerView::leaveEvent(QEvent* event) {
    QTableView::leaveEvent(event);
    setHoveredRow(-1);
}

void LayerView::mouseReleaseEvent(QMouseEvent* event) {
    QTableView::mouseReleaseEvent(event);
    const QModelIndex index = indexAt(event->pos());
    if (event->button() != Qt::LeftButton || event->modifiers() != Qt::NoModifier) return;
    if (index.column() != LayerTableModel::SchemeColumn || index.data(LayerTableModel::FixedRole).toBool()) return;
    // The chevron's end of the cell opens the menu; the text selects, as everywhere.
    const QRect cell = visualRect(index);
    if (event->pos().x() > cell.right() - 28) emit schemeClicked(index, viewport()->mapToGlobal(cell.bottomLeft()));
}

// Selected rows as a table for a spreadsheet: tab-separated, with headings, columns as shown.
QString LayerView::selectionAsText() const {
    QStringList lines;
    const auto line = [this](auto text) {
        QStringList cells;
        for (int column = 0; column < model()->columnCount(); ++column)
            if (column != LayerTableModel::Carried || m_carriedShown) cells << text(column);
        return cells.join(QLatin1Char('\t'));
    };
    lines << line([this](int column) { return model()->headerData(column, Qt::Horizontal).toString(); });
    QModelIndexList rows = selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end());
    for (const QModelIndex& row : rows) lines << line([&row](int column) { return row.siblingAtColumn(column).data().toString(); });
    return lines.join(QLatin1Char('\n'));
}

void LayerView::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) {
        QGuiApplication::clipboard()->setText(selectionAsText());
        return;
    }
    const QModelIndex index = currentIndex();
    if ((event->key() == Qt::Key_F2 || event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && index.isValid()) {
        const QModelIndex cell = index.siblingAtColumn(LayerTableModel::SchemeColumn);
        if (!cell.data(LayerTableModel::FixedRole).toBool()) emit schemeClicked(cell, viewport()->mapToGlobal(visualRect(cell).bottomLeft()));
        return;
    }
    // Plain letters and digits are commands here, not a search.
    if (!event->text().isEmpty() && event->text()[0].isPrint()) {
        event->ignore();
        return;
    }
    QTableView::keyPressEvent(event);
}

}  // namespace bitlathe
