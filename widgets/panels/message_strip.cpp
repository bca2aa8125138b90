#include "widgets/panels/message_strip.h"

#include "widgets/canvas/icons.h"
#include "widgets/canvas/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>

namespace bitlathe {

MessageStrip::MessageStrip(QWidget* parent) : QWidget(parent), m_icon(new QLabel), m_text(new QLabel), m_offers(new QHBoxLayout) {
    m_text->setWordWrap(true);
    m_text->setMinimumWidth(80);  // a long path is no reason to widen the window
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_text->setAccessibleName(tr("Message"));
    auto* close = new QToolButton;
    close->setIcon(themeIcon(QStringLiteral("close"), IconColor::Dimmed));
    close->setAccessibleName(tr("Dismiss"));
    close->setToolTip(tr("Dismiss"));
    connect(close, &QToolButton::clicked, this, &QWidget::hide);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(14, 5, 8, 5);
    row->setSpacing(10);
    row->addWidget(m_icon);
    row->addWidget(m_text, 1);
    row->addLayout(m_offers);
    row->addWidget(close);
    hide();
}

void MessageStrip::show(Level level, const QString& text, std::vector<Offer> offers) {
    m_level = level;
    m_text->setText(text);
    const QString icon = level == Level::Done ? QStringLiteral("check") : level == Level::Note ? QStringLiteral("info")
                         : level == Level::Warning ? QStringLiteral("warning") : QStringLiteral("refusal");
    const IconColor color = level == Level::Done ? IconColor::Good : level == Level::Note ? IconColor::Accent
                            : level == Level::Warning ? IconColor::Warning : IconColor::Refusal;
    m_icon->setPixmap(themeIcon(icon, color).pixmap(18, 18));
    while (QLayoutItem* item = m_offers->takeAt(0)) {
        item->widget()->deleteLater();
        delete item;
    }
    for (Offer& offer : offers) {
        auto* button = new QPushButton(offer.text);
        connect(button, &QPushButton::clicked, this, [this, action = std::move(offer.action)] {
            hide();
            action();
        });
        m_offers->addWidget(button);
    }
    setVisible(true);
    update();
}

QString MessageStrip::text() const { return m_text->text(); }

void MessageStrip::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    update();
}

void MessageStrip::paintEvent(QPaintEvent*) {
    const Colors& colors = themeColors();
    const Rgba edge = m_level == Level::Done ? colors.good : m_level == Level::Note ? colors.accent
                      : m_level == Level::Warning ? colors.warning : colors.refusal;
    QPainter painter(this);
    painter.fillRect(rect(), toQColor(mix(colors.panel, edge, 0.12f)));
    painter.fillRect(QRect(0, 0, 3, height()), toQColor(edge));
}

}  // namespace bitlathe
