#include "app/key_dialog.h"

#include "app/commands.h"
#include "widgets/canvas/icons.h"

#include <QAction>
#include <QHeaderView>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace bitlathe {

KeyDialog::KeyDialog(Commands& commands, QWidget* parent)
    : QDialog(parent), m_commands(commands), m_filter(new QLineEdit), m_list(new QTreeWidget), m_note(new QLabel) {
    setWindowTitle(tr("Keys"));
    resize(620, 640);
    m_filter->setPlaceholderText(tr("Filter commands"));
    m_filter->setAccessibleName(tr("Filter commands"));
    m_filter->addAction(themeIcon(QStringLiteral("search"), IconColor::Dimmed), QLineEdit::LeadingPosition);
    m_filter->setClearButtonEnabled(true);
    m_list->setColumnCount(2);
    m_list->setHeaderLabels({tr("Command"), tr("Key")});
    m_list->setUniformRowHeights(true);
    m_list->setAccessibleName(tr("Keys"));
    m_list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_list->header()->setStretchLastSection(false);
    m_list->header()->resizeSection(1, 190);
    m_note->setProperty("caption", true);
    m_note->setWordWrap(true);
    m_note->setText(tr("Double-click or Enter changes a key. On a plot: drag zooms, the wheel zooms at the cursor, right or middle drag pans, double-click fits, arrow keys move a clip line by one step."));
    auto* reset = new QPushButton(tr("All keys as delivered"));
    auto* close = new QPushButton(tr("Close"));
    reset->setAutoDefault(false);
    close->setAutoDefault(false);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(reset);
    buttons->addStretch(1);
    buttons->addWidget(close);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(14, 14, 14, 14);
    column->setSpacing(8);
    column->addWidget(m_filter);
    column->addWidget(m_list, 1);
    column->addWidget(m_note);
    column->addLayout(buttons);
    connect(m_filter, &QLineEdit::textChanged, this, &KeyDialog::fill);
    connect(m_list, &QTreeWidget::itemActivated, this, &KeyDialog::change);
    connect(reset, &QPushButton::clicked, this, [this] {
        m_commands.resetKeys();
        fill();
    });
    connect(close, &QPushButton::clicked, this, &QDialog::close);
    fill();
}

void KeyDialog::fill() {
    m_list->clear();
    QTreeWidgetItem* group = nullptr;
    for (const Command& command : m_commands.all()) {
        if (!m_filter->text().isEmpty() && !command.text.contains(m_filter->text(), Qt::CaseInsensitive) && !command.category.contains(m_filter->text(), Qt::CaseInsensitive)) continue;
        if (!group || group->text(0) != command.category) {
            group = new QTreeWidgetItem({command.category});
            group->setFlags(Qt::ItemIsEnabled);
            m_list->addTopLevelItem(group);
            group->setExpanded(true);
        }
        auto* item = new QTreeWidgetItem({command.text, m_commands.key(command.id).toString(QKeySequence::NativeText)});
        item->setData(0, Qt::UserRole, command.id);
        item->setToolTip(0, command.tip);
        group->addChild(item);
    }
}

void KeyDialog::change() {
    QTreeWidgetItem* item = m_list->currentItem();
    if (!item || item->data(0, Qt::UserRole).isNull()) return;
    auto* edit = new QKeySequenceEdit(m_commands.key(item->data(0, Qt::UserRole).toString()));
    edit->setAccessibleName(tr("New key for %1").arg(item->text(0)));
    m_list->setItemWidget(item, 1, edit);
    edit->setFocus();
    connect(edit, &QKeySequenceEdit::editingFinished, this, [this, item, edit] {
        const QString taken = m_commands.setKey(item->data(0, Qt::UserRole).toString(), edit->keySequence());
        m_note->setText(taken.isEmpty() ? tr("Changed.") : tr("Changed. “%1” had this key and has none now.").arg(taken));
        QMetaObject::invokeMethod(this, &KeyDialog::fill, Qt::QueuedConnection);
    });
}

}  // namespace bitlathe
