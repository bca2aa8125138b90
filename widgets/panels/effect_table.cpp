#include "widgets/panels/effect_table.h"

#include "widgets/canvas/theme.h"

#include <QEvent>
#include <QGridLayout>
#include <QLabel>

namespace bitlathe {

EffectTable::EffectTable(QWidget* parent) : QWidget(parent), m_grid(new QGridLayout(this)) {
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(6);
    m_grid->setVerticalSpacing(4);
    m_grid->setColumnStretch(0, 1);
}

void EffectTable::show(const std::vector<EffectRow>& rows) {
    if (rows == m_rows) return;
    m_rows = rows;
    while (m_lines.size() < rows.size()) {
        const int row = int(m_lines.size());
        Line line{new QLabel, new QLabel, new QLabel(QStringLiteral("→")), new QLabel};
        for (QLabel* label : {line.name, line.before, line.arrow}) label->setProperty("caption", true);
        for (QLabel* label : {line.before, line.after}) label->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        line.after->setTextFormat(Qt::RichText);
        m_grid->addWidget(line.name, row, 0);
        m_grid->addWidget(line.before, row, 1);
        m_grid->addWidget(line.arrow, row, 2);
        m_grid->addWidget(line.after, row, 3);
        m_lines.push_back(line);
    }
    fill();
}

void EffectTable::fill() {
    const Colors& colors = themeColors();
    for (std::size_t i = 0; i < m_lines.size(); ++i) {
        const Line& line = m_lines[i];
        const bool used = i < m_rows.size();
        for (QLabel* label : {line.name, line.before, line.arrow, line.after}) label->setVisible(used);
        if (!used) continue;
        const EffectRow& row = m_rows[i];
        line.name->setText(row.name);
        line.before->setText(row.before);
        line.arrow->setVisible(!row.before.isEmpty());
        const Rgba color = row.preview ? colors.dimmed
                           : row.turn == EffectRow::Turn::Better ? colors.good
                           : row.turn == EffectRow::Turn::Worse  ? colors.warning
                                                                 : colors.text;
        line.after->setText(QStringLiteral("<span style=\"color:%1;font-weight:600\">%2</span>").arg(htmlColor(color), row.after.toHtmlEscaped()));
        for (QLabel* label : {line.name, line.before, line.after}) label->setToolTip(row.tip);
        line.after->setAccessibleName(tr("%1: %2, before %3").arg(row.name, row.after, row.before));
    }
}

void EffectTable::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) fill();
    QWidget::changeEvent(event);
}

}  // namespace bitlathe
