#include "widgets/panels/duel_panel.h"

#include "widgets/canvas/theme.h"
#include "widgets/editors/scheme_editor.h"
#include "widgets/models/figures.h"
#include "widgets/panels/empty_state.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QPushButton>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QVBoxLayout>
#include <QWidgetAction>

namespace bitlathe {
namespace {

constexpr int kRowHeight = 26, kFigureWidth = 70;

// Bars before the figures; a dot for the Pareto front, a frame for the present choice; grey until final.
class DuelDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    int hoveredRow = -1;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const Colors& colors = themeColors();
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const bool current = index.data(DuelModel::CurrentRole).toBool();
        if (option.state & QStyle::State_Selected || current) painter->fillRect(option.rect, toQColor(colors.selection));
        else if (index.row() == hoveredRow) painter->fillRect(option.rect, toQColor(colors.hover));
        QRect inner = option.rect.adjusted(8, 0, -8, 0);
        if (index.column() == DuelModel::Format) {
            if (index.data(DuelModel::FrontRole).toBool()) {
                painter->setPen(Qt::NoPen);
                painter->setBrush(toQColor(colors.good));
                painter->drawEllipse(QPointF(inner.left() + 4, inner.center().y() + 0.5), 3.5, 3.5);
            }
            inner.setLeft(inner.left() + 16);
        }
        if (const QVariant bar = index.data(DuelModel::BarRole); bar.isValid()) {
            QRectF room(inner.left(), inner.center().y() - 3.5, inner.width() - kFigureWidth, 8);
            if (room.width() > 12) {
                painter->setPen(Qt::NoPen);
                painter->setBrush(toQColor(colors.border));
                painter->drawRoundedRect(room, 3, 3);
                room.setWidth(std::max(3.0, room.width() * bar.toDouble()));
                painter->setBrush(toQColor(index.column() == DuelModel::Size ? colors.quantized : colors.error));
                painter->setOpacity(index.data(DuelModel::PreviewRole).toBool() ? 0.45 : 1);
                painter->drawRoundedRect(room, 3, 3);
                painter->setOpacity(1);
            }
        }
        const bool grey = index.column() != DuelModel::Format && (index.data(DuelModel::PreviewRole).toBool() || index.column() == DuelModel::Remove);
        painter->setPen(toQColor(grey ? colors.dimmed : colors.text));
        QFont font = option.font;
        if (current && index.column() == DuelModel::Format) font.setWeight(QFont::DemiBold);
        painter->setFont(font);
        const QString text = index.data(Qt::DisplayRole).toString();
        painter->drawText(inner, int(index.data(Qt::TextAlignmentRole).value<Qt::Alignment>()), QFontMetrics(font).elidedText(text, Qt::ElideRight, inner.width()));
        painter->restore();
    }
    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {60, kRowHeight}; }
};

DuelDelegate* delegateOf(QTableView* table) { return static_cast<DuelDelegate*>(table->itemDelegate()); }

}  // namespace

DuelPanel::DuelPanel(QWidget* parent)
    : QWidget(parent), m_model(new DuelModel(this)), m_table(new QTableView), m_subject(new QLabel), m_state(new QLabel), m_add(new QPushButton(tr("Add a format…"))),
      m_usual(new QPushButton(tr("Usual formats"))), m_menu(new QMenu(this)), m_editor(new SchemeEditor), m_addDraft(new QPushButton(tr("Add"))), m_empty(new EmptyState), m_stack(new QStackedWidget) {
    m_subject->setProperty("figure", true);
    m_state->setProperty("caption", true);
    m_add->setToolTip(tr("Any number format with its bits, granularity and clip range"));
    m_usual->setToolTip(tr("Back to the formats that one would usually try"));
    m_table->setModel(m_model);
    m_table->setItemDelegate(new DuelDelegate(m_table));
    m_table->setAccessibleName(tr("Formats on the selected layers"));
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(DuelModel::Size, Qt::AscendingOrder);
    m_table->setSelectionMode(QAbstractItemView::NoSelection);
    m_table->setShowGrid(false);
    m_table->setMouseTracking(true);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn);  // columns that fit must not move when rows come
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(kRowHeight);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->viewport()->installEventFilter(this);
    m_table->installEventFilter(this);

    // The editor that the inspector uses, on a draft.
    m_draft.weights = QuantSpec{};
    m_draft.weights->bits = 4;
    m_draft.weights->granularity = PerGroup{64};
    auto* sheet = new QWidget;
    auto* sheetColumn = new QVBoxLayout(sheet);
    sheetColumn->setContentsMargins(12, 10, 12, 12);
    sheetColumn->setSpacing(10);
    sheetColumn->addWidget(m_editor);
    m_addDraft->setProperty("accent", true);
    sheetColumn->addWidget(m_addDraft);
    sheet->setMinimumWidth(300);
    auto* action = new QWidgetAction(m_menu);
    action->setDefaultWidget(sheet);
    m_menu->addAction(action);
    showDraft();

    auto* head = new QHBoxLayout;
    head->setContentsMargins(12, 8, 12, 6);
    head->setSpacing(10);
    head->addWidget(m_subject);
    head->addWidget(m_state, 1);
    head->addWidget(m_usual);
    head->addWidget(m_add);
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(head);
    column->addWidget(m_table, 1);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(page);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(m_stack);

    connect(m_table, &QTableView::clicked, this, [this](const QModelIndex& index) {
        const DuelRow row = m_model->rowAt(index.row());
        if (index.column() == DuelModel::Remove) emit removed(row.spec);
        else if (row.failure.empty()) emit taken(row.spec);
    });
    connect(m_add, &QPushButton::clicked, this, &DuelPanel::openEditor);
    connect(m_usual, &QPushButton::clicked, this, &DuelPanel::usualWanted);
    connect(m_editor, &SchemeEditor::edited, this, [this](const SchemeChange& change, const QString&) {
        m_draft = applied(m_draft, change);
        showDraft();
    });
    connect(m_addDraft, &QPushButton::clicked, this, [this] {
        m_menu->close();
        if (m_draft.weights) emit added(*m_draft.weights);
    });
    showNothing(tr("Open a model and select layers: formats are compared on their weights."));
}

void DuelPanel::showDraft() {
    m_draft.activations.reset();  // a duel is about weights
    m_editor->show({m_draft});
    m_addDraft->setEnabled(m_draft.weights.has_value());
    m_addDraft->setText(m_draft.weights ? tr("Add %1").arg(fromUtf8(shortText({m_draft.weights, std::nullopt}))) : tr("Float has no error to compare"));
}

void DuelPanel::openEditor() { m_menu->popup(m_add->mapToGlobal(QPoint(0, m_add->height()))); }

void DuelPanel::show(const QString& subject, const std::vector<DuelRow>& rows, const std::optional<QuantSpec>& current, bool running) {
    m_stack->setCurrentIndex(1);
    m_subject->setText(subject);
    std::size_t exact = 0;
    for (const DuelRow& row : rows) exact += row.exact() || !row.failure.empty();
    m_state->setText(exact == rows.size() ? tr("<span style=\"color:%1\">●</span> no other format here is both smaller and better").arg(htmlColor(themeColors().good)) : running ? tr("%1 of %2 measured").arg(exact).arg(rows.size()) : tr("stopped: %1 of %2 measured").arg(exact).arg(rows.size()));
    m_model->setRows(rows, current);
    fitColumns();
    // The row under the pointer may be another one by now.
    m_hovered = -1;
    if (m_table->viewport()->underMouse()) hover(m_table->indexAt(m_table->viewport()->mapFromGlobal(QCursor::pos())));
}

void DuelPanel::showNothing(const QString& why) {
    m_empty->show(QStringLiteral("compare"), tr("Nothing to compare yet"), why);
    m_stack->setCurrentIndex(0);
}

void DuelPanel::hover(const QModelIndex& index) {
    const int row = index.isValid() && index.column() != DuelModel::Remove ? index.row() : -1;
    delegateOf(m_table)->hoveredRow = index.isValid() ? index.row() : -1;
    m_table->viewport()->update();
    if (row == m_hovered) return;
    m_hovered = row;
    if (row < 0) emit hoverEnded();
    else emit hovered(m_model->rowAt(row).spec);
}

bool DuelPanel::eventFilter(QObject* object, QEvent* event) {
    if (object == m_table->viewport()) {
        if (event->type() == QEvent::MouseMove) hover(m_table->indexAt(static_cast<QMouseEvent*>(event)->position().toPoint()));
        if (event->type() == QEvent::Leave) hover({});
    } else if (object == m_table && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const QModelIndex index = m_table->currentIndex();
        if (index.isValid() && (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter)) {
            emit taken(m_model->rowAt(index.row()).spec);
            return true;
        }
        if (index.isValid() && key->key() == Qt::Key_Delete) {
            emit removed(m_model->rowAt(index.row()).spec);
            return true;
        }
    }
    return QWidget::eventFilter(object, event);
}

void DuelPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    emit shown();
}

void DuelPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fitColumns();
}

// Time and bits per weight go first when there is little room; the bars take what is left.
void DuelPanel::fitColumns() {
    const int room = m_table->viewport()->width();
    m_table->setColumnHidden(DuelModel::Time, room < 620);
    m_table->setColumnHidden(DuelModel::Bits, room < 520);
    int format = 150;
    for (int row = 0; row < m_model->rowCount(); ++row) format = std::max(format, m_table->fontMetrics().horizontalAdvance(m_model->index(row, DuelModel::Format).data().toString()) + 40);
    const int widths[] = {std::min(format, room / 3), 0, 96, 84, 0, 84, 32};
    int fixed = 0;
    for (int column = 0; column < DuelModel::ColumnCount; ++column)
        if (!m_table->isColumnHidden(column)) fixed += widths[column];
    for (int column = 0; column < DuelModel::ColumnCount; ++column) {
        const bool bars = column == DuelModel::Size || column == DuelModel::Error;
        m_table->setColumnWidth(column, bars ? std::max((room - fixed) / 2, kFigureWidth + 16) : widths[column]);
    }
}

}  // namespace bitlathe
