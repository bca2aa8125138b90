#include "widgets/panels/plots_panel.h"

#include "widgets/canvas/theme.h"
#include "widgets/models/figures.h"
#include "widgets/panels/empty_state.h"

#include <QButtonGroup>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace bitlathe {

PlotsPanel::PlotsPanel(CanvasRenderer renderer, QWidget* parent)
    : QWidget(parent), m_title(new QLabel), m_subtitle(new QLabel), m_sqnr(addFigure(tr("SQNR"), tr("Own error of this layer's weights: 10·log10(Σx² / Σe²), e = x − q(x)"))),
      m_rms(addFigure(tr("RMS error"), tr("√(Σe² / n), in units of the weights"))),
      m_clipped(addFigure(tr("Clipped"), tr("Share of the weights outside the representable range"))),
      m_size(addFigure(tr("Size"), tr("Codes, scales, zero points and bias as they will be stored"))), m_linear(new QPushButton(tr("Linear"))), m_log(new QPushButton(tr("Log"))),
      m_canvas(new Canvas(tr("Plots of the selected layer"), renderer)), m_empty(new EmptyState), m_stack(new QStackedWidget) {
    m_title->setProperty("figure", true);
    m_title->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_subtitle->setProperty("caption", true);
    m_title->setMinimumWidth(60);
    m_subtitle->setMinimumWidth(60);
    auto* names = new QVBoxLayout;
    names->setSpacing(1);
    names->addWidget(m_title);
    names->addWidget(m_subtitle);
    auto* scale = new QHBoxLayout;
    scale->setSpacing(0);
    auto* group = new QButtonGroup(this);
    for (QPushButton* button : {m_linear, m_log}) {
        button->setCheckable(true);
        button->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
        group->addButton(button);
        scale->addWidget(button);
    }
    m_linear->setChecked(true);
    m_linear->setToolTip(tr("Counts on a linear axis"));
    m_log->setToolTip(tr("Counts on a logarithmic axis: the tails become visible"));
    m_linear->setAccessibleName(tr("Linear counts"));
    m_log->setAccessibleName(tr("Logarithmic counts"));
    auto* header = new QHBoxLayout;
    header->setContentsMargins(6, 6, 4, 6);
    header->setSpacing(18);
    header->addLayout(names, 1);
    for (const Figure& figure : {m_sqnr, m_rms, m_clipped, m_size}) header->addWidget(figure.box);
    header->addLayout(scale);
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(4, 0, 4, 4);
    column->setSpacing(2);
    column->addLayout(header);
    column->addWidget(m_canvas, 1);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(page);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(m_stack);
    m_canvas->setScene([this](CanvasFrame& frame) { m_scene.draw(frame); });
    connect(m_canvas, &Canvas::framed, this, [this] {
        for (const PlotIntent& wish : m_scene.takeIntents()) emit intent(wish);
    });
    connect(m_log, &QPushButton::toggled, this, [this](bool on) {
        m_scene.setLogCounts(on);
        m_canvas->refresh();
    });
}

PlotsPanel::Figure PlotsPanel::addFigure(const QString& caption, const QString& tip) {
    Figure figure{new QWidget, new QLabel(QStringLiteral("–")), new QLabel(caption)};
    figure.value->setProperty("figure", true);
    figure.value->setTextFormat(Qt::RichText);
    figure.caption->setProperty("caption", true);
    auto* column = new QVBoxLayout(figure.box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(1);
    column->addWidget(figure.value);
    column->addWidget(figure.caption);
    figure.box->setToolTip(tip);
    return figure;
}

void PlotsPanel::showLayer(const Subject& subject) {
    m_progress = -1;
    m_fullTitle = subject.title;
    m_fullSubtitle = subject.subtitle;
    m_title->setToolTip(subject.title);
    elide();
    if (!subject.refusal.isEmpty()) {
        m_empty->showRefusal(tr("%1 could not be measured").arg(subject.title), subject.refusal);
        m_stack->setCurrentIndex(0);
    } else if (!subject.fixedReason.isEmpty()) {
        m_empty->show(QStringLiteral("lock"), subject.title, subject.fixedReason);
        m_stack->setCurrentIndex(0);
    } else {
        m_stack->setCurrentIndex(1);
    }
}

void PlotsPanel::showNothing() { m_stack->setCurrentIndex(0); }

void PlotsPanel::setReport(std::shared_ptr<const LayerReport> report, const QString& label, qint64 bytes) {
    m_bytes = bytes;
    m_stale = !report;
    if (!report || report->exact()) m_progress = -1;
    if (report) {
        m_report = report;
        m_scene.setReport(std::move(report), label.toStdString());
        m_canvas->refresh();
        m_canvas->setAccessibleDescription(QString::fromStdString(m_scene.description()));
    }
    fillFigures();
}

void PlotsPanel::setProgress(double fraction) {
    if (fraction == m_progress) return;
    m_progress = fraction;
    elide();
}

void PlotsPanel::fillFigures() {
    const Colors& colors = themeColors();
    const LayerReport* report = m_report.get();
    const bool quantized = report && report->scheme.weights;
    // Grey until final: the figure rests on a sample, or belongs to what was there before.
    const bool grey = m_stale || !report || !report->exact();
    const auto set = [&](const Figure& figure, const QString& text, Rgba color) {
        figure.value->setText(QStringLiteral("<span style=\"color:%1\">%2</span>").arg(htmlColor(grey ? colors.dimmed : color), text));
    };
    const double db = report ? report->error.sqnrDb : 0;
    set(m_sqnr, quantized ? dbText(db) + QStringLiteral(" dB") : QStringLiteral("–"), !quantized ? colors.text : db < 10 ? colors.refusal : db < 25 ? colors.warning : colors.text);
    set(m_rms, quantized ? numberText(report->error.rootMeanSquare) : QStringLiteral("–"), colors.text);
    set(m_clipped, quantized ? percentText(report->error.clipped) : QStringLiteral("–"), colors.text);
    set(m_size, bytesText(m_bytes), colors.text);
    elide();
}

void PlotsPanel::setLogCounts(bool on) { (on ? m_log : m_linear)->setChecked(true); }
bool PlotsPanel::logCounts() const { return m_log->isChecked(); }

void PlotsPanel::fit() {
    m_scene.fitAll();
    m_canvas->refresh();
}

void PlotsPanel::showPlot(const QString& name) {
    m_scene.turnTo(name.toStdString());
    m_canvas->refresh();
}

void PlotsPanel::elide() {
    // Figures give way one by one when the panel is narrow; the layer's name stays readable.
    const int wanted = std::min(std::max(m_title->fontMetrics().horizontalAdvance(m_fullTitle), 120) + 4, width() / 2);
    const int room = width() - (m_linear->sizeHint().width() + m_log->sizeHint().width() + 44);
    const auto taken = [](const Figure& figure) { return figure.box->sizeHint().width() + 18; };
    int figures = 0;
    for (const Figure* figure : {&m_sqnr, &m_rms, &m_clipped, &m_size}) figures += taken(*figure);
    for (const Figure* figure : {&m_rms, &m_clipped, &m_size, &m_sqnr}) {
        const bool fits = room - figures >= wanted;
        figure->box->setVisible(fits);
        if (!fits) figures -= taken(*figure);
    }
    const int space = std::max(room - figures, 80);
    m_title->setText(m_title->fontMetrics().elidedText(m_fullTitle, Qt::ElideLeft, space));
    // Whole facts or none: half a number says something wrong.
    const QString line = m_progress < 0 ? m_fullSubtitle : tr("measuring every weight: %1 %").arg(int(m_progress * 100)) + QStringLiteral(" · ") + m_fullSubtitle;
    QStringList facts = line.split(QStringLiteral(" · "));
    while (facts.size() > 1 && m_subtitle->fontMetrics().horizontalAdvance(facts.join(QStringLiteral(" · "))) > space) facts.removeLast();
    m_subtitle->setText(facts.join(QStringLiteral(" · ")));
    m_subtitle->setToolTip(line);
}

// Figures that do not fit are left out: the panel may be narrower than all of them.
QSize PlotsPanel::minimumSizeHint() const {
    return {m_linear->sizeHint().width() + m_log->sizeHint().width() + m_sqnr.box->sizeHint().width() + 66, QWidget::minimumSizeHint().height()};
}

void PlotsPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    elide();
}

void PlotsPanel::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange && m_canvas) fillFigures();
    QWidget::changeEvent(event);
}

}  // namespace bitlathe
