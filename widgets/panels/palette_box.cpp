#include "widgets/panels/palette_box.h"

#include "widgets/canvas/icons.h"
#include "widgets/canvas/theme.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QVBoxLayout>
#include <algorithm>

namespace bitlathe {

PaletteBox::PaletteBox(QWidget* window) : QWidget(window), m_typed(new QLineEdit), m_list(new QListWidget) {
    m_typed->setPlaceholderText(tr("Type a command"));
    m_typed->setAccessibleName(tr("Command"));
    m_typed->addAction(themeIcon(QStringLiteral("command"), IconColor::Dimmed), QLineEdit::LeadingPosition);
    m_typed->installEventFilter(this);
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setAccessibleName(tr("Commands"));
    m_list->setUniformItemSizes(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 10, 10, 10);
    column->setSpacing(8);
    column->addWidget(m_typed);
    column->addWidget(m_list);
    connect(m_typed, &QLineEdit::textChanged, this, &PaletteBox::filter);
    connect(m_list, &QListWidget::itemClicked, this, [this] { runCurrent(); });
    window->installEventFilter(this);
    hide();
}

int PaletteBox::fit(const QString& typed, const QString& text) {
    int score = 0;
    for (const QString& word : typed.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        const qsizetype at = text.indexOf(word, 0, Qt::CaseInsensitive);
        if (at < 0) return -1;
        const bool startsWord = at == 0 || !text[at - 1].isLetterOrNumber();
        score += (startsWord ? 100 : 20) - int(std::min<qsizetype>(at, 19));
    }
    return score;
}

void PaletteBox::open(std::vector<Entry> entries) {
    m_entries = std::move(entries);
    const QWidget* window = parentWidget();
    const int width = std::min(620, window->width() - 40), height = std::min(440, window->height() - 80);
    setGeometry((window->width() - width) / 2, 70, width, height);
    m_typed->clear();
    filter();
    show();
    raise();
    m_typed->setFocus();
}

void PaletteBox::filter() {
    std::vector<std::pair<int, std::size_t>> hits;
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        // What it does counts too, but less than what it is called.
        int score = fit(m_typed->text(), m_entries[i].text + QLatin1Char(' ') + m_entries[i].category);
        if (score < 0 && fit(m_typed->text(), m_entries[i].text + QLatin1Char(' ') + m_entries[i].tip) >= 0) score = 0;
        if (score >= 0) hits.emplace_back(-score + (m_entries[i].enabled ? 0 : 1000), i);
    }
    std::stable_sort(hits.begin(), hits.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    m_list->clear();
    for (const auto& [score, i] : hits) {
        const Entry& entry = m_entries[i];
        auto* item = new QListWidgetItem;
        item->setData(Qt::UserRole, qulonglong(i));
        item->setData(Qt::AccessibleTextRole, entry.text);
        item->setSizeHint({0, 32});
        if (!entry.enabled) item->setFlags(Qt::NoItemFlags);
        m_list->addItem(item);
        auto* line = new QWidget;
        auto* row = new QHBoxLayout(line);
        row->setContentsMargins(8, 0, 8, 0);
        auto* text = new QLabel(entry.text);
        text->setEnabled(entry.enabled);
        auto* category = new QLabel(entry.category);
        category->setProperty("caption", true);
        auto* key = new QLabel(entry.key.toString(QKeySequence::NativeText));
        key->setProperty("caption", true);
        key->setMinimumWidth(90);
        key->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        row->addWidget(text, 1);
        row->addWidget(category);
        row->addWidget(key);
        line->setAttribute(Qt::WA_TransparentForMouseEvents);
        m_list->setItemWidget(item, line);
    }
    if (hits.empty()) {
        auto* nothing = new QListWidgetItem(tr("No command fits. Try another word."));
        nothing->setFlags(Qt::NoItemFlags);
        m_list->addItem(nothing);
    }
    m_list->setCurrentRow(0);
}

void PaletteBox::runCurrent() {
    QListWidgetItem* item = m_list->currentItem();
    if (!item || !item->data(Qt::UserRole).isValid()) return;
    const auto index = std::size_t(item->data(Qt::UserRole).toULongLong());
    if (!m_entries[index].enabled) return;
    const auto run = m_entries[index].run;
    hide();
    parentWidget()->setFocus();
    run();
}

bool PaletteBox::eventFilter(QObject* object, QEvent* event) {
    if (object == m_typed && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        const int row = m_list->currentRow(), last = m_list->count() - 1;
        if (key == Qt::Key_Escape) hide();
        else if (key == Qt::Key_Return || key == Qt::Key_Enter) runCurrent();
        else if (key == Qt::Key_Down) m_list->setCurrentRow(std::min(row + 1, last));
        else if (key == Qt::Key_Up) m_list->setCurrentRow(std::max(row - 1, 0));
        else if (key == Qt::Key_PageDown) m_list->setCurrentRow(std::min(row + 10, last));
        else if (key == Qt::Key_PageUp) m_list->setCurrentRow(std::max(row - 10, 0));
        else return false;
        return true;
    }
    if (object == m_typed && event->type() == QEvent::FocusOut) hide();
    if (object == parentWidget() && event->type() == QEvent::Resize && isVisible()) hide();
    return QWidget::eventFilter(object, event);
}

void PaletteBox::paintEvent(QPaintEvent*) {
    const Colors& colors = themeColors();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(rect(), toQColor(colors.window));
    painter.setPen(QPen(toQColor(colors.border), 1));
    painter.setBrush(toQColor(colors.panel));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
}

}  // namespace bitlathe
