// The layers of the model: filter, table, and what to do when there are none. Says what is selected
// and which rows are on screen; edits nothing.
#pragma once

#include <QWidget>
#include <vector>

class QLabel;
class QLineEdit;
class QStackedWidget;

namespace bitlathe {

class Choice;
class EmptyState;
class LayerProxy;
class LayerTableModel;
class LayerView;

class LayersPanel : public QWidget {
    Q_OBJECT
public:
    explicit LayersPanel(LayerTableModel& table, QWidget* parent = nullptr);

    std::vector<std::size_t> selected() const;  // the current row first, then in the order shown
    std::vector<std::size_t> visible() const;   // quantizable rows on screen
    void select(const std::vector<std::size_t>& layers);
    void focusFilter();
    void setFilterText(const QString& text);
    EmptyState& emptyState() { return *m_empty; }
    LayerView& view() { return *m_view; }
    LayerProxy& proxy() { return *m_proxy; }
    QSize sizeHint() const override { return {560, 600}; }

signals:
    void selectionChanged();
    void visibleChanged();
    void schemeMenuRequested(std::size_t layer, QPoint globalPosition);
    void contextMenuRequested(QPoint globalPosition);

protected:
    bool eventFilter(QObject* object, QEvent* event) override;

private:
    void applyFilter();
    void headerClicked(int column);

    LayerTableModel& m_table;
    LayerProxy* m_proxy;
    QLineEdit* m_filter;
    Choice* m_kind;
    LayerView* m_view;
    QLabel* m_note;
    EmptyState* m_empty;
    QStackedWidget* m_stack;
    std::vector<std::size_t> m_hidden;  // selected, but not shown by the filter: still what one works on
    int m_sortColumn = -1;
    Qt::SortOrder m_sortOrder = Qt::AscendingOrder;
};

}  // namespace bitlathe
