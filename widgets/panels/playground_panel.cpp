#include "widgets/panels/playground_panel.h"

#include "widgets/panels/empty_state.h"
#include "widgets/panels/playground_image.h"
#include "widgets/panels/playground_language.h"

#include <QStackedWidget>
#include <QVBoxLayout>

namespace bitlathe {

PlaygroundPanel::PlaygroundPanel(QWidget* parent)
    : QWidget(parent), m_empty(new EmptyState), m_language(new PlaygroundLanguage), m_image(new PlaygroundImage), m_stack(new QStackedWidget) {
    for (QWidget* page : {static_cast<QWidget*>(m_empty), static_cast<QWidget*>(m_language), static_cast<QWidget*>(m_image)}) m_stack->addWidget(page);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_stack);
    showNothing(tr("Nothing to play with yet"), tr("Open a model: a language model continues your text here, an image classifier names your image, in float and quantized side by side."));
}

void PlaygroundPanel::showNothing(const QString& title, const QString& why) {
    m_empty->show(QStringLiteral("compare"), title, why);
    turnTo(m_empty);
}

void PlaygroundPanel::showLanguage() { turnTo(m_language); }
void PlaygroundPanel::showImage() { turnTo(m_image); }

// Pages that are not seen take no room: a stack is as wide as its widest otherwise.
void PlaygroundPanel::turnTo(QWidget* page) {
    for (int i = 0; i < m_stack->count(); ++i) {
        const auto policy = m_stack->widget(i) == page ? QSizePolicy::Preferred : QSizePolicy::Ignored;
        m_stack->widget(i)->setSizePolicy(policy, policy);
    }
    m_stack->setCurrentWidget(page);
}

bool PlaygroundPanel::empty() const { return m_stack->currentWidget() == m_empty; }

void PlaygroundPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    emit shown();
}

void PlaygroundPanel::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    emit hidden();
}

}  // namespace bitlathe
