#include "widgets/panels/totals_bar.h"

#include <QHBoxLayout>
#include <QLabel>

namespace bitlathe {

TotalsBar::TotalsBar(QWidget* parent)
    : QWidget(parent), m_parameters(new QLabel), m_size(new QLabel), m_bits(new QLabel), m_threads(new QLabel), m_blas(new QLabel), m_renderer(new QLabel) {
    setAccessibleName(tr("Totals"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(6, 0, 6, 0);
    row->setSpacing(14);
    row->setSizeConstraint(QLayout::SetNoConstraint);
    for (QLabel* label : {m_parameters, m_size, m_bits}) row->addWidget(label);
    row->addStretch(1);
    for (QLabel* label : {m_threads, m_blas, m_renderer}) row->addWidget(label);
    m_threads->setToolTip(tr("Threads that measure and run, and the instruction set of the kernels"));
    m_renderer->setToolTip(tr("What paints the plots"));
}

void TotalsBar::show(const Line& line) {
    m_parameters->setText(line.parameters);
    m_parameters->setToolTip(line.parametersTip);
    m_size->setText(line.size);
    m_size->setToolTip(line.sizeTip);
    m_bits->setText(line.bits);
    m_bits->setToolTip(line.bitsTip);
    m_threads->setText(line.threads);
    m_blas->setText(line.blas);
    m_blas->setToolTip(line.blasTip);
    m_renderer->setText(line.renderer);
    drop();
}

void TotalsBar::drop() {
    // Least important first; what is left is never cut.
    QLabel* const order[] = {m_renderer, m_blas, m_threads, m_bits};
    for (QLabel* label : order) label->setVisible(!label->text().isEmpty());
    for (QLabel* label : order) {
        if (layout()->minimumSize().width() <= width()) break;
        label->hide();
    }
}

void TotalsBar::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    drop();
}

}  // namespace bitlathe
