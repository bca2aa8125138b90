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
    m_stack->setCurrentWidget(m_empty);
}

void PlaygroundPanel::showLanguage() { m_stack->setCurrentWidget(m_language); }
void PlaygroundPanel::showImage() { m_stack->setCurrentWidget(m_image); }
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
