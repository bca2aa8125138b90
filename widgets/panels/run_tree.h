// The tables of the run panels: figures that sort as numbers, columns as wide as what they hold. Knows no results.
#pragma once

#include <QString>
#include <QStringList>
#include <QTreeWidget>

namespace bitlathe {

QTreeWidget* runTree(const QString& name, const QStringList& heads, const QStringList& tips);

// Wide enough for heading and content; the last column takes the rest.
void fitColumns(QTreeWidget* tree);

// Numbers sort as numbers.
class FigureRow : public QTreeWidgetItem {
public:
    using QTreeWidgetItem::QTreeWidgetItem;
    void setFigure(int column, double value, const QString& text);
    bool operator<(const QTreeWidgetItem& other) const override;
};

}  // namespace bitlathe
