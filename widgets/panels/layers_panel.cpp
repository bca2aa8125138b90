#include "widgets/panels/layers_panel.h"

#include "widgets/canvas/icons.h"
#include "widgets/editors/choice.h"
#include "widgets/models/layer_proxy.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/panels/empty_state.h"
#include "widgets/panels/layer_view.h"

#include <QAction>
#include <QCompleter>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QItemSelectionModel>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <set>

namespace bitlathe {

LayersPanel::LayersPanel(LayerTableModel& table, QWidget* parent)
    : QWidget(parent), m_table(table), m_proxy(new LayerProxy(table, this)), m_filter(new QLineEdit), m_kind(new Choice(tr("Kinds of layers"))),
      m_view(new LayerView), m_note(new QLabel), m_empty(new EmptyState), m_stack(new QStackedWidget) {
    m_filter->setPlaceholderText(tr("Filter layers"));
    m_filter->setAccessibleName(tr("Filter layers"));
    m_filter->setClearButtonEnabled(true);
    m_filter->addAction(themeIcon(QStringLiteral("search"), IconColor::Dimmed), QLineEdit::LeadingPosition);
    QStringList words;
    for (const QString& word : layerFilterWords()) words << word;
    m_filter->setToolTip(tr("Words and comparisons that must all hold; a minus turns one round.<br><b>conv2 kind:conv bits&lt;8 sqnr&lt;20 -is:edited</b><br>Also: %1")
                             .arg(words.join(QStringLiteral("  ")).toHtmlEscaped()));
    m_filter->installEventFilter(this);
    m_kind->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    m_kind->setFixedWidth(116);
    m_view->setModel(m_proxy);
    m_view->setContextMenuPolicy(Qt::CustomContextMenu);
    m_view->horizontalHeader()->setSortIndicatorShown(false);
    m_note->setProperty("caption", true);
    m_note->setWordWrap(true);
    m_note->hide();
    m_note->setContentsMargins(12, 2, 12, 4);

    auto* top = new QHBoxLayout;
    top->setContentsMargins(12, 4, 12, 8);
    top->setSpacing(8);
    top->addWidget(m_filter, 1);
    top->addWidget(m_kind);
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(top);
    column->addWidget(m_note);
    column->addWidget(m_view, 1);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(content);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(m_stack);

    connect(m_filter, &QLineEdit::textChanged, this, &LayersPanel::applyFilter);
    connect(m_kind, &Choice::chosen, this, &LayersPanel::applyFilter);
    connect(m_view->selectionModel(), &QItemSelectionModel::selectionChanged, this, &LayersPanel::selectionChanged);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this, &LayersPanel::selectionChanged);
    connect(m_view, &LayerView::visibleRowsChanged, this, &LayersPanel::visibleChanged);
    connect(m_view, &LayerView::schemeClicked, this, [this](const QModelIndex& index, QPoint at) {
        emit schemeMenuRequested(std::size_t(m_proxy->mapToSource(index).row()), at);
    });
    connect(m_view, &QWidget::customContextMenuRequested, this, [this](QPoint at) { emit contextMenuRequested(m_view->viewport()->mapToGlobal(at)); });
    connect(m_view->horizontalHeader(), &QHeaderView::sectionClicked, this, &LayersPanel::headerClicked);
    connect(&m_table, &QAbstractItemModel::modelReset, this, [this] {
        m_hidden.clear();
        m_stack->setCurrentIndex(m_table.rowCount() ? 1 : 0);
        m_kind->clear();
        m_kind->add(tr("All kinds"), -1);
        std::set<int> kinds;
        if (m_table.model())
            for (const Layer& layer : m_table.model()->layers) kinds.insert(int(layer.kind));
        for (int kind : kinds) {
            const auto name = nameOf(LayerKind(kind));
            m_kind->add(QString::fromUtf8(name.data(), qsizetype(name.size())), kind);
        }
        m_kind->show(-1);
        applyFilter();
        m_view->fitColumns();
    });
}

bool LayersPanel::eventFilter(QObject* object, QEvent* event) {
    if (object == m_filter && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Escape) {
            if (m_filter->text().isEmpty()) m_view->setFocus();
            m_filter->clear();
            return true;
        }
        if ((key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Down) && m_proxy->rowCount()) {
            m_view->setFocus();
            m_view->selectRow(0);
            return true;
        }
    }
    return QWidget::eventFilter(object, event);
}

void LayersPanel::applyFilter() {
    QString text = m_filter->text();
    if (const auto kind = m_kind->value(); kind && *kind >= 0) text += QStringLiteral(" kind:") + m_kind->currentText();
    // What is selected stays selected while a filter hides it, and is shown selected when it comes back.
    const std::vector<std::size_t> before = selected();
    QString problem;
    {
        const QSignalBlocker quiet(m_view->selectionModel());
        problem = m_proxy->setFilter(text);
    }
    m_hidden = before;
    if (selected() != before || m_view->selectionModel()->selectedRows().isEmpty()) select(before);
    const bool narrowed = !m_proxy->filter().empty();
    const int shown = m_proxy->rowCount(), all = m_table.rowCount();
    m_note->setText(!problem.isEmpty() ? problem
                    : shown == 0       ? tr("No layer fits this filter. Esc clears it.")
                                       : tr("%1 of %2 layers").arg(shown).arg(all));
    m_note->setVisible(all > 0 && (narrowed || !problem.isEmpty()));
    emit visibleChanged();
}

void LayersPanel::headerClicked(int column) {
    // Up, down, and the third click gives the graph's order back.
    if (m_sortColumn != column) {
        m_sortColumn = column;
        m_sortOrder = Qt::AscendingOrder;
    } else if (m_sortOrder == Qt::AscendingOrder) {
        m_sortOrder = Qt::DescendingOrder;
    } else {
        m_sortColumn = -1;
    }
    m_proxy->sort(m_sortColumn, m_sortColumn < 0 ? Qt::AscendingOrder : m_sortOrder);
    m_view->horizontalHeader()->setSortIndicatorShown(m_sortColumn >= 0);
    if (m_sortColumn >= 0) m_view->horizontalHeader()->setSortIndicator(m_sortColumn, m_sortOrder);
    emit visibleChanged();
}

std::vector<std::size_t> LayersPanel::selected() const {
    const auto* selection = m_view->selectionModel();
    const QModelIndex current = selection->currentIndex();
    std::vector<int> rows;
    for (const QModelIndex& index : selection->selectedRows()) rows.push_back(index.row());
    std::sort(rows.begin(), rows.end());
    const auto at = current.isValid() ? std::find(rows.begin(), rows.end(), current.row()) : rows.end();
    if (at != rows.end()) std::rotate(rows.begin(), at, at + 1);
    if (rows.empty()) return m_hidden;
    std::vector<std::size_t> layers;
    for (int row : rows) layers.push_back(std::size_t(m_proxy->mapToSource(m_proxy->index(row, 0)).row()));
    return layers;
}

std::vector<std::size_t> LayersPanel::visible() const {
    std::vector<std::size_t> layers;
    const int first = std::max(m_view->rowAt(0), 0);
    int last = m_view->rowAt(m_view->viewport()->height() - 1);
    if (last < 0) last = m_proxy->rowCount() - 1;
    for (int row = first; row <= last; ++row) layers.push_back(std::size_t(m_proxy->mapToSource(m_proxy->index(row, 0)).row()));
    return layers;
}

void LayersPanel::select(const std::vector<std::size_t>& layers) {
    QItemSelection selection;
    QModelIndex first;
    for (std::size_t layer : layers) {
        const QModelIndex index = m_proxy->mapFromSource(m_table.index(int(layer), 0));
        if (!index.isValid()) continue;
        if (!first.isValid()) first = index;
        selection.select(index, index);
    }
    if (!first.isValid() && !layers.empty()) {
        m_hidden = layers;
        return;
    }
    auto* model = m_view->selectionModel();
    if (first.isValid()) {
        model->setCurrentIndex(first, QItemSelectionModel::NoUpdate);
        m_view->scrollTo(first);
    }
    model->select(selection, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
}

void LayersPanel::focusFilter() {
    m_filter->setFocus();
    m_filter->selectAll();
}

void LayersPanel::setFilterText(const QString& text) { m_filter->setText(text); }

}  // namespace bitlathe
