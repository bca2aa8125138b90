#include "widgets/editors/levels_editor.h"

#include "core/base/error.h"
#include "core/quant/user_table.h"
#include "widgets/models/figures.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>
#include <algorithm>
#include <charconv>

namespace bitlathe {
namespace {

QString numberOf(float level) { return QString::number(double(level), 'g', 6).replace(QLatin1Char('-'), QChar(0x2212)); }

// For the field: the shortest that tableFromText() reads back as the same floats.
QString textOf(const std::vector<float>& table) {
    std::string text;
    char number[32];
    for (const float level : table) text.append(number, std::to_chars(number, number + sizeof number, level).ptr) += '\n';
    return QString::fromStdString(text);
}

// Pasted numbers may have real minus signs.
std::string plainText(QString text) { return text.replace(QChar(0x2212), QLatin1Char('-')).toStdString(); }

}  // namespace

LevelsEditor::LevelsEditor(QWidget* parent)
    : QWidget(parent), m_summary(new QLabel), m_write(new QPushButton(tr("Edit…"))), m_field(new QWidget), m_text(new QPlainTextEdit), m_problem(new QLabel),
      m_apply(new QPushButton(tr("Use them"))) {
    auto* open = new QPushButton(tr("File…"));
    open->setAccessibleName(tr("Open a file of levels"));
    m_write->setAccessibleName(tr("Edit the levels"));
    m_write->setCheckable(true);
    m_write->setToolTip(tr("Write or paste the levels: 2 to 256 numbers. Each group's scale brings the largest of them to its largest weight."));
    open->setToolTip(tr("A text file of numbers, separated by blanks, commas or lines; what follows a # is a remark."));
    m_summary->setProperty("caption", true);
    m_summary->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    for (QPushButton* button : {m_write, open}) button->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
    auto* line = new QHBoxLayout;
    line->setContentsMargins(18, 0, 0, 0);
    line->setSpacing(6);
    line->addWidget(m_summary, 1);
    line->addWidget(m_write);
    line->addWidget(open);

    m_text->setAccessibleName(tr("Levels"));
    m_text->setPlaceholderText(tr("−1, −0.3, 0, 0.3, 1"));
    m_text->setFixedHeight(m_text->fontMetrics().lineSpacing() * 6);
    m_text->setTabChangesFocus(true);
    m_problem->setWordWrap(true);
    m_problem->setAccessibleName(tr("What is wrong with the levels"));
    auto* below = new QHBoxLayout;
    below->addWidget(m_problem, 1);
    below->addWidget(m_apply, 0, Qt::AlignTop);
    auto* field = new QVBoxLayout(m_field);
    field->setContentsMargins(18, 0, 0, 0);
    field->setSpacing(5);
    field->addWidget(m_text);
    field->addLayout(below);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addLayout(line);
    column->addWidget(m_field);
    m_field->hide();
    setFocusProxy(m_write);
    connect(m_write, &QPushButton::toggled, this, &LevelsEditor::unfold);
    connect(open, &QPushButton::clicked, this, &LevelsEditor::fileWanted);
    connect(m_text, &QPlainTextEdit::textChanged, this, &LevelsEditor::check);
    connect(m_apply, &QPushButton::clicked, this, &LevelsEditor::apply);
}

void LevelsEditor::show(const std::optional<std::vector<float>>& table) {
    if (table == m_table && !m_summary->text().isEmpty()) return;
    m_table = table;
    if (!table) {
        m_summary->setText(tr("mixed levels"));
    } else if (table->empty()) {
        m_summary->setText(tr("no levels yet"));
    } else {
        const auto [least, most] = std::minmax_element(table->begin(), table->end());
        m_summary->setText(tr("%1 levels, %2 … %3").arg(table->size()).arg(numberOf(*least), numberOf(*most)));
        m_summary->setToolTip(textOf(*table).simplified().left(400));
    }
    const QSignalBlocker quiet(m_text);
    m_text->setPlainText(table ? textOf(*table) : QString());
    check();
}

void LevelsEditor::offerText(const QString& text, const QString& source) {
    m_source = source;
    m_write->setChecked(true);
    m_text->setPlainText(text);
    check();
    if (m_apply->isEnabled()) apply();
}

void LevelsEditor::unfold(bool open) {
    m_field->setVisible(open);
    if (open) m_text->setFocus();
    check();
}

void LevelsEditor::check() {
    QString problem;
    std::size_t count = 0;
    try {
        const std::vector<float> levels = tableFromText(plainText(m_text->toPlainText()), m_source.isEmpty() ? "levels" : m_source.toStdString());
        count = levels.size();
        problem = fromUtf8(tableProblem(levels, bitsForTable(count)));
    } catch (const Error& error) {
        problem = fromUtf8(error.message());
    }
    m_apply->setEnabled(problem.isEmpty());
    m_problem->setProperty("caption", problem.isEmpty());
    m_problem->setText(problem.isEmpty() ? tr("%1 levels: codes of %2 bits").arg(count).arg(bitsForTable(count)) : problem);
}

void LevelsEditor::apply() {
    const auto levels = tableFromText(plainText(m_text->toPlainText()), "levels");
    m_source.clear();
    m_write->setChecked(false);
    emit edited(levels);
}

}  // namespace bitlathe
