#include "widgets/panels/job_bar.h"

#include "widgets/canvas/icons.h"
#include "widgets/models/figures.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QToolButton>

namespace bitlathe {

JobBar::JobBar(QWidget* parent)
    : QWidget(parent), m_title(new QLabel), m_what(new QLabel), m_bar(new QProgressBar), m_percent(new QLabel), m_left(new QLabel),
      m_pause(new QToolButton), m_stop(new QToolButton) {
    setAccessibleName(tr("Work in progress"));
    QFont strong = m_title->font();
    strong.setWeight(QFont::DemiBold);
    m_title->setFont(strong);
    for (QLabel* label : {m_what, m_percent, m_left}) label->setProperty("caption", true);
    m_what->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    m_what->setMinimumWidth(40);
    m_bar->setTextVisible(false);
    m_bar->setRange(0, 1000);
    m_bar->setAccessibleName(tr("Progress"));
    m_pause->setIcon(themeIcon(QStringLiteral("pause")));
    m_stop->setIcon(themeIcon(QStringLiteral("stop")));
    m_pause->setToolTip(tr("Pause: the work keeps what it has and goes on from there."));
    m_stop->setToolTip(tr("Stop"));
    m_pause->setAccessibleName(tr("Pause"));
    m_stop->setAccessibleName(tr("Stop"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 0, 8, 0);
    row->setSpacing(12);
    row->addWidget(m_title);
    row->addWidget(m_what);
    row->addWidget(m_bar, 1);
    row->addWidget(m_percent);
    row->addWidget(m_left);
    row->addWidget(m_pause);
    row->addWidget(m_stop);
    setFixedHeight(32);
    connect(m_pause, &QToolButton::clicked, this, &JobBar::pauseClicked);
    connect(m_stop, &QToolButton::clicked, this, &JobBar::stopClicked);
    showIdle();
}

void JobBar::show(const Line& line) {
    static_cast<QHBoxLayout*>(layout())->setStretchFactor(m_what, 0);
    m_title->setText(line.title);
    const QFontMetrics metrics(m_what->font());
    m_what->setText(metrics.elidedText(line.stopping ? tr("stopping…") : line.what, Qt::ElideMiddle, std::max(width() / 4, 60)));
    m_what->setToolTip(line.what);
    m_bar->setRange(0, line.fraction < 0 ? 0 : 1000);
    m_bar->setValue(int(line.fraction * 1000));
    m_percent->setText(line.fraction < 0 ? QString() : tr("%1 %").arg(int(line.fraction * 100)));
    QString left = line.paused ? tr("paused") : line.secondsLeft < 0 ? QString() : tr("%1 left").arg(durationText(line.secondsLeft));
    if (line.others > 0) left += left.isEmpty() ? tr("+%1 more").arg(line.others) : tr(" · +%1 more").arg(line.others);
    m_left->setText(left);
    m_pause->setIcon(themeIcon(line.paused ? QStringLiteral("play") : QStringLiteral("pause")));
    m_pause->setToolTip(line.paused ? tr("Go on") : tr("Pause: the work keeps what it has and goes on from there."));
    m_pause->setAccessibleName(line.paused ? tr("Go on") : tr("Pause"));
    for (QWidget* widget : {static_cast<QWidget*>(m_bar), static_cast<QWidget*>(m_percent), static_cast<QWidget*>(m_left), static_cast<QWidget*>(m_pause), static_cast<QWidget*>(m_stop)}) widget->setVisible(true);
    m_stop->setEnabled(!line.stopping);
}

void JobBar::showIdle(const QString& message) {
    m_title->setText(tr("Ready"));
    static_cast<QHBoxLayout*>(layout())->setStretchFactor(m_what, 1);
    m_what->setText(message);
    m_what->setToolTip(message);
    for (QWidget* widget : {static_cast<QWidget*>(m_bar), static_cast<QWidget*>(m_percent), static_cast<QWidget*>(m_left), static_cast<QWidget*>(m_pause), static_cast<QWidget*>(m_stop)}) widget->setVisible(false);
}

}  // namespace bitlathe
