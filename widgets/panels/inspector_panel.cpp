#include "widgets/panels/inspector_panel.h"

#include "widgets/canvas/icons.h"
#include "widgets/canvas/theme.h"
#include "widgets/editors/scheme_editor.h"
#include "widgets/panels/empty_state.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace bitlathe {
namespace {

// A thin line between sections, in the theme's colour.
class Rule : public QWidget {
public:
    Rule() { setFixedHeight(1); }
    void paintEvent(QPaintEvent*) override { QPainter(this).fillRect(rect(), toQColor(themeColors().border)); }
};

QLabel* caption(const QString& text) {
    auto* label = new QLabel(text);
    label->setProperty("caption", true);
    return label;
}

}  // namespace

InspectorPanel::InspectorPanel(QWidget* parent)
    : QWidget(parent), m_title(new QLabel), m_subtitle(caption({})), m_fixed(caption({})), m_editor(new SchemeEditor), m_effectTitle(caption({})), m_effect(new EffectTable),
      m_curveCard(new QWidget), m_scroll(new QScrollArea), m_reset(new QPushButton), m_similar(new QPushButton), m_empty(new EmptyState), m_stack(new QStackedWidget),
      m_column(nullptr) {
    m_title->setProperty("figure", true);
    m_title->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_subtitle->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_fixed->setWordWrap(true);
    m_subtitle->setContentsMargins(0, 0, 0, 6);
    m_reset->setText(tr("Reset"));
    m_reset->setIcon(themeIcon(QStringLiteral("reset")));
    m_reset->setToolTip(tr("Gives the selected layers back to the recipe's rules."));
    m_similar->setProperty("accent", true);
    m_similar->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);

    auto* content = new QWidget;
    m_column = new QVBoxLayout(content);
    m_column->setContentsMargins(12, 2, 12, 8);
    m_column->setSpacing(5);
    m_column->addWidget(m_title);
    m_column->addWidget(m_subtitle);
    m_column->addWidget(m_fixed);
    m_column->addWidget(m_editor);
    m_column->addSpacing(7);
    m_column->addWidget(new Rule);
    m_column->addSpacing(4);
    m_column->addWidget(m_effectTitle);
    m_column->addWidget(m_effect);
    m_column->addSpacing(6);
    m_column->addWidget(m_curveCard, 1);
    auto* curveColumn = new QVBoxLayout(m_curveCard);
    curveColumn->setContentsMargins(0, 0, 0, 0);
    curveColumn->setSpacing(6);
    m_curveCard->hide();
    m_column->addStretch(0);

    QScrollArea* scroll = m_scroll;
    scroll->setWidget(content);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);
    auto* buttons = new QHBoxLayout;
    buttons->setContentsMargins(12, 8, 12, 12);
    buttons->setSpacing(8);
    buttons->addWidget(m_reset);
    buttons->addWidget(m_similar, 1);
    auto* page = new QWidget;
    auto* pageColumn = new QVBoxLayout(page);
    pageColumn->setContentsMargins(0, 0, 0, 0);
    pageColumn->setSpacing(0);
    pageColumn->addWidget(scroll, 1);
    pageColumn->addLayout(buttons);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(page);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(m_stack);
    setMinimumWidth(252);

    connect(m_reset, &QPushButton::clicked, this, &InspectorPanel::resetClicked);
    connect(m_similar, &QPushButton::clicked, this, &InspectorPanel::applySimilarClicked);
}

void InspectorPanel::show(const Subject& subject) {
    m_stack->setCurrentIndex(1);
    // One layer has its name above its pictures; only a selection of several needs saying here.
    m_title->setVisible(subject.several);
    m_subtitle->setVisible(subject.several);
    m_title->setText(subject.title);
    m_title->setToolTip(subject.title);
    m_subtitle->setText(subject.subtitle);
    m_effectTitle->setText(subject.several ? tr("Effect on these layers") : tr("Effect on this layer"));
    m_fixed->setText(subject.fixedReason);
    m_fixed->setVisible(!subject.fixedReason.isEmpty());
    m_editor->show(subject.schemes);
    m_editor->setScaleCounts(subject.scaleCounts);
    m_reset->setEnabled(subject.edited);
    m_similar->setEnabled(subject.similar > 0 && !subject.schemes.empty());
    m_similar->setText(subject.similar > 0 ? tr("Apply to %1 similar").arg(subject.similar) : tr("Apply to similar"));
    m_similar->setToolTip(tr("Gives this scheme to all other layers of the same kind."));
}

void InspectorPanel::showNothing() { m_stack->setCurrentIndex(0); }
void InspectorPanel::setFoundRange(double lo, double hi) { m_editor->setFoundRange(lo, hi); }
void InspectorPanel::setEffect(const std::vector<EffectRow>& rows) { m_effect->show(rows); }

void InspectorPanel::setCurve(QWidget* curve) {
    curve->setMinimumHeight(172);
    static_cast<QVBoxLayout*>(m_curveCard->layout())->addWidget(curve, 1);
    m_hasCurve = true;
    placeCurve();
}

void InspectorPanel::placeCurve() {
    if (!m_hasCurve) return;
    constexpr int lowest = 180;
    const int taken = m_curveCard->isVisibleTo(this) ? m_curveCard->minimumSizeHint().height() + m_column->spacing() : 0;
    m_curveCard->setVisible(m_column->minimumSize().height() - taken + lowest <= m_scroll->viewport()->height());
}

void InspectorPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    placeCurve();
}

}  // namespace bitlathe
