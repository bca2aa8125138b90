// Every step since the model was opened, and the named snapshots beside it. Shows a QUndoStack; knows
// no recipes.
#pragma once

#include <QStringList>
#include <QWidget>

class QListWidget;
class QPushButton;
class QUndoStack;

namespace bitlathe {

class HistoryPanel : public QWidget {
    Q_OBJECT
public:
    explicit HistoryPanel(QUndoStack& history, QWidget* parent = nullptr);
    void setSnapshots(const QStringList& names);
    void setOpen(bool open);  // false: no model, nothing to keep
    QSize sizeHint() const override { return {260, 260}; }

signals:
    void snapshotWanted();
    void snapshotRestored(int index);
    void snapshotRemoved(int index);

private:
    QListWidget* m_snapshots;
    QPushButton* m_take;
    QPushButton* m_restore;
    QPushButton* m_remove;
};

}  // namespace bitlathe
