// The table view of the layers: hover, visible rows, columns that give way by importance when it is
// narrow. Knows the layer table model only.
#pragma once

#include <QTableView>
#include <QTimer>

namespace bitlathe {

class LayerDelegate;

class LayerView : public QTableView {
    Q_OBJECT
public:
    explicit LayerView(QWidget* parent = nullptr);
    void fitColumns();  // after the content changed
    void setCarriedShown(bool shown);  // there is a run to show
    QString selectionAsText() const;

signals:
    void visibleRowsChanged();  // soon after scrolling, resizing or sorting
    void schemeClicked(const QModelIndex& index, QPoint globalPosition);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void setHoveredRow(int row);
    void layOutColumns();

    LayerDelegate* m_delegate;
    QTimer m_visibleSoon;
    bool m_carriedShown = false;
    QList<int> m_wanted;  // width of each column's content
};

}  // namespace bitlathe
