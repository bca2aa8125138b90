#include "widgets/panels/history_panel.h"

#include "widgets/canvas/icons.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QUndoView>
#include <QVBoxLayout>

namespace bitlathe {

HistoryPanel::HistoryPanel(QUndoStack& history, QWidget* parent)
    : QWidget(parent), m_snapshots(new QListWidget), m_take(new QPushButton(tr("Keep a snapshot"))), m_restore(new QPushButton(tr("Restore"))),
      m_remove(new QPushButton) {
    auto* view = new QUndoView(&history);
    view->setEmptyLabel(tr("As opened"));
    view->setCleanIcon(themeIcon(QStringLiteral("save"), IconColor::Dimmed));
    view->setAccessibleName(tr("Steps"));
    view->setToolTip(tr("Click a step to go there; nothing is lost until you edit from there."));
    m_snapshots->setAccessibleName(tr("Snapshots"));
    m_snapshots->setMaximumHeight(140);
    m_remove->setIcon(themeIcon(QStringLiteral("trash")));
    m_remove->setAccessibleName(tr("Delete the snapshot"));
    m_remove->setToolTip(tr("Delete the snapshot"));
    m_take->setIcon(themeIcon(QStringLiteral("camera")));
    auto* heading = new QLabel(tr("Snapshots"));
    heading->setProperty("caption", true);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(6);
    buttons->addWidget(m_take, 1);
    buttons->addWidget(m_restore);
    buttons->addWidget(m_remove);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 4, 12, 12);
    column->setSpacing(6);
    column->addWidget(view, 1);
    column->addWidget(heading);
    column->addWidget(m_snapshots);
    column->addLayout(buttons);
    const auto enable = [this] {
        m_restore->setEnabled(m_snapshots->currentRow() >= 0);
        m_remove->setEnabled(m_snapshots->currentRow() >= 0);
    };
    connect(m_snapshots, &QListWidget::currentRowChanged, this, enable);
    connect(m_snapshots, &QListWidget::itemActivated, this, [this] { emit snapshotRestored(m_snapshots->currentRow()); });
    connect(m_take, &QPushButton::clicked, this, &HistoryPanel::snapshotWanted);
    connect(m_restore, &QPushButton::clicked, this, [this] { emit snapshotRestored(m_snapshots->currentRow()); });
    connect(m_remove, &QPushButton::clicked, this, [this] { emit snapshotRemoved(m_snapshots->currentRow()); });
    setSnapshots({});
    setOpen(false);
}

void HistoryPanel::setSnapshots(const QStringList& names) {
    const int row = m_snapshots->currentRow();
    m_snapshots->clear();
    m_snapshots->addItems(names);
    m_snapshots->setCurrentRow(std::min<int>(row, int(names.size()) - 1));
    m_snapshots->setVisible(!names.isEmpty());
    m_restore->setVisible(!names.isEmpty());
    m_remove->setVisible(!names.isEmpty());
    m_restore->setEnabled(m_snapshots->currentRow() >= 0);
    m_remove->setEnabled(m_snapshots->currentRow() >= 0);
}

void HistoryPanel::setOpen(bool open) { m_take->setEnabled(open); }

}  // namespace bitlathe
