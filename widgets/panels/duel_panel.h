// Formats side by side on the selected layers: bars of size and error, filled in as they finish. A click takes
// a format, a pointer above it shows what it would do. Values in, signals out; measures nothing.
#pragma once

#include "core/metrics/duel_row.h"
#include "widgets/panels/duel_model.h"

#include <QWidget>
#include <optional>
#include <vector>

class QLabel;
class QMenu;
class QPushButton;
class QStackedWidget;
class QTableView;

namespace bitlathe {

class EmptyState;
class SchemeEditor;

class DuelPanel : public QWidget {
    Q_OBJECT
public:
    explicit DuelPanel(QWidget* parent = nullptr);

    // subject: "conv1", "12 layers together". current: the present choice, if all layers have the same.
    void show(const QString& subject, const std::vector<DuelRow>& rows, const std::optional<QuantSpec>& current, bool running);
    void showNothing(const QString& why);
    EmptyState& emptyState() { return *m_empty; }
    QTableView& table() { return *m_table; }
    DuelModel& model() { return *m_model; }
    SchemeEditor& editor() { return *m_editor; }
    void openEditor();
    QSize sizeHint() const override { return {620, 300}; }

signals:
    void taken(const bitlathe::QuantSpec& spec);
    void hovered(const bitlathe::QuantSpec& spec);
    void hoverEnded();
    void added(const bitlathe::QuantSpec& spec);
    void removed(const bitlathe::QuantSpec& spec);
    void usualWanted();
    void shown();  // the panel came into view: now figures are wanted

protected:
    bool eventFilter(QObject* object, QEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void hover(const QModelIndex& index);
    void fitColumns();
    void showDraft();

    DuelModel* m_model;
    QTableView* m_table;
    QLabel* m_subject;
    QLabel* m_state;
    QPushButton* m_add;
    QPushButton* m_usual;
    QMenu* m_menu;
    SchemeEditor* m_editor;
    QPushButton* m_addDraft;
    EmptyState* m_empty;
    QStackedWidget* m_stack;
    Scheme m_draft;
    int m_hovered = -1;
};

}  // namespace bitlathe
