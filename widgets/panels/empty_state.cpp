#include "widgets/panels/empty_state.h"

#include "widgets/canvas/icons.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace bitlathe {

EmptyState::EmptyState(QWidget* parent) : QWidget(parent), m_icon(new QLabel), m_title(new QLabel), m_text(new QLabel), m_action(new QPushButton) {
    m_title->setProperty("figure", true);
    m_text->setProperty("caption", true);
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(20, 20, 20, 20);
    column->setSpacing(8);
    column->addStretch(2);
    for (QLabel* label : {m_icon, m_title, m_text}) {
        label->setAlignment(Qt::AlignCenter);
        column->addWidget(label);
    }
    column->addSpacing(6);
    column->addWidget(m_action, 0, Qt::AlignHCenter);
    column->addStretch(3);
    connect(m_action, &QPushButton::clicked, this, &EmptyState::actionClicked);
}

void EmptyState::show(const QString& icon, const QString& title, const QString& text, const QString& action) {
    set(icon, false, title, text, action);
}

void EmptyState::showRefusal(const QString& title, const QString& text, const QString& action) {
    set(QStringLiteral("refusal"), true, title, text, action);
}

void EmptyState::set(const QString& icon, bool refusal, const QString& title, const QString& text, const QString& action) {
    m_icon->setPixmap(themeIcon(icon, refusal ? IconColor::Refusal : IconColor::Dimmed).pixmap(28, 28));
    m_title->setText(title);
    m_text->setText(text);
    m_action->setText(action);
    m_action->setVisible(!action.isEmpty());
    setAccessibleName(title);
    setAccessibleDescription(text);
}

}  // namespace bitlathe
