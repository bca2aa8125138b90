#include "widgets/panels/run_tree.h"

#include <QFontMetrics>
#include <QHeaderView>
#include <algorithm>

namespace bitlathe {

QTreeWidget* runTree(const QString& name, const QStringList& heads, const QStringList& tips) {
    auto* tree = new QTreeWidget;
    tree->setColumnCount(int(heads.size()));
    tree->setHeaderLabels(heads);
    for (int i = 0; i < tips.size(); ++i) tree->headerItem()->setToolTip(i, tips[i]);
    tree->setRootIsDecorated(false);
    tree->setUniformRowHeights(true);
    tree->setAccessibleName(name);
    tree->setAllColumnsShowFocus(true);
    tree->setMinimumWidth(160);
    return tree;
}

void fitColumns(QTreeWidget* tree) {
    const QFontMetrics metrics(tree->header()->font());
    for (int column = 0; column + 1 < tree->columnCount(); ++column) {
        tree->resizeColumnToContents(column);
        if (tree->columnWidth(column) > 160) tree->setColumnWidth(column, 160);
        tree->setColumnWidth(column, std::max(tree->columnWidth(column), metrics.horizontalAdvance(tree->headerItem()->text(column)) + 28));
    }
}

void FigureRow::setFigure(int column, double value, const QString& text) {
    setText(column, text);
    setData(column, Qt::UserRole, value);
    setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
}

bool FigureRow::operator<(const QTreeWidgetItem& other) const {
    const int column = treeWidget()->sortColumn();
    const QVariant a = data(column, Qt::UserRole), b = other.data(column, Qt::UserRole);
    if (a.isValid() && b.isValid()) return a.toDouble() < b.toDouble();
    return text(column) < other.text(column);
}

}  // namespace bitlathe
