// Paints the cells of the layer table: dimmed block prefixes, a bar beside the SQNR, schemes with a
// chevron under the pointer, figures in columns, ghosts of a hovered choice. Edits nothing: a click on a
// scheme is the view's business.
#pragma once

#include <QStyledItemDelegate>

namespace bitlathe {

class LayerDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    static constexpr int kRowHeight = 28;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

    int hoveredRow = -1;  // set by the view: the row under the pointer

private:
    void paintName(QPainter& painter, const QRect& rect, const QModelIndex& index, bool fixed) const;
    void paintScheme(QPainter& painter, const QRect& rect, const QModelIndex& index, bool rowSelected, bool hovered, bool fixed) const;
    void paintSqnr(QPainter& painter, const QRect& rect, const QModelIndex& index, bool selected) const;
};

}  // namespace bitlathe
