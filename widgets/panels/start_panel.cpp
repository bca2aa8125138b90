#include "widgets/panels/start_panel.h"

#include "widgets/canvas/icons.h"
#include "widgets/canvas/theme.h"

#include <QDir>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>

namespace bitlathe {
namespace {

// Gives way where room is short: the beginning and the end of a path say more than its middle.
class ElidedLabel : public QLabel {
public:
    using QLabel::QLabel;
    QSize minimumSizeHint() const override { return {std::min(QLabel::minimumSizeHint().width(), fontMetrics().averageCharWidth() * 12), QLabel::minimumSizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.setPen(palette().color(foregroundRole()));
        painter.drawText(contentsRect(), int(alignment()), fontMetrics().elidedText(text(), Qt::ElideMiddle, contentsRect().width()));
    }
};

}  // namespace

StartPanel::StartPanel(QWidget* parent)
    : QWidget(parent), m_title(new QLabel), m_text(new QLabel), m_refusal(new QLabel), m_open(new QPushButton(tr("Open a model…"))),
      m_demo(new QPushButton(tr("Open the demo"))), m_recentTitle(new QLabel(tr("Recent"))), m_recent(new QVBoxLayout) {
    QFont large = font();
    large.setPixelSize(22);
    large.setWeight(QFont::DemiBold);
    m_title->setFont(large);
    m_title->setStyleSheet(QStringLiteral("font-size: 22px; font-weight: 600;"));
    m_text->setProperty("caption", true);
    m_text->setWordWrap(true);
    m_recentTitle->setProperty("caption", true);
    m_refusal->setWordWrap(true);
    m_refusal->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_open->setProperty("accent", true);
    m_open->setIcon(themeIcon(QStringLiteral("open"), IconColor::OnAccent));
    m_demo->setIcon(themeIcon(QStringLiteral("play")));
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_open);
    buttons->addWidget(m_demo);
    buttons->addStretch(1);
    m_recent->setSpacing(2);
    auto* box = new QWidget;
    box->setMaximumWidth(520);
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(24, 24, 24, 24);
    column->setSpacing(10);
    column->addWidget(m_title);
    column->addWidget(m_text);
    column->addWidget(m_refusal);
    column->addSpacing(6);
    column->addLayout(buttons);
    column->addSpacing(14);
    column->addWidget(m_recentTitle);
    column->addLayout(m_recent);
    auto* middle = new QHBoxLayout;
    middle->addStretch(1);
    middle->addWidget(box, 4);
    middle->addStretch(1);
    auto* outer = new QVBoxLayout(this);
    outer->addStretch(2);
    outer->addLayout(middle);
    outer->addStretch(3);
    connect(m_open, &QPushButton::clicked, this, &StartPanel::openClicked);
    connect(m_demo, &QPushButton::clicked, this, &StartPanel::demoClicked);
    setLoading({});
    setRefusal({});
    setRecent({});
    setDemoAvailable(false);
}

void StartPanel::setRecent(const QStringList& paths) {
    while (QLayoutItem* item = m_recent->takeAt(0)) {
        item->widget()->deleteLater();
        delete item;
    }
    m_recentTitle->setVisible(!paths.isEmpty());
    for (qsizetype i = 0; i < std::min<qsizetype>(paths.size(), 9); ++i) {
        const QFileInfo file(paths[i]);
        auto* button = new QPushButton;
        button->setFlat(true);
        button->setAccessibleName(tr("Open %1").arg(paths[i]));
        button->setToolTip(QDir::toNativeSeparators(paths[i]));
        button->setCursor(Qt::PointingHandCursor);
        auto* row = new QHBoxLayout(button);
        row->setContentsMargins(8, 0, 8, 0);
        row->setSpacing(10);
        auto* name = new ElidedLabel(file.fileName());
        auto* folder = new ElidedLabel(QDir::toNativeSeparators(file.path()));
        folder->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);  // what the name leaves
        folder->setProperty("caption", true);
        auto* key = new QLabel(tr("Ctrl+%1").arg(i + 1));
        key->setProperty("caption", true);
        row->addWidget(name);
        row->addWidget(folder, 1);
        row->addWidget(key);
        button->setMinimumHeight(30);
        const QString path = paths[i];
        connect(button, &QPushButton::clicked, this, [this, path] { emit recentClicked(path); });
        m_recent->addWidget(button);
    }
}

void StartPanel::setDemoAvailable(bool available) { m_demo->setVisible(available); }

void StartPanel::setLoading(const QString& name) {
    const bool loading = !name.isEmpty();
    m_title->setText(loading ? tr("Opening %1").arg(name) : tr("Drop a model here"));
    m_text->setText(loading ? tr("Reading the graph and the weights. The window stays yours meanwhile.")
                            : tr("or open one. Bitlathe shows every layer, what a number format does to it, and what the network still knows afterwards."));
    m_open->setEnabled(!loading);
    m_demo->setEnabled(!loading);
}

void StartPanel::setRefusal(const QString& text) {
    m_refusal->setVisible(!text.isEmpty());
    m_refusal->setText(text.isEmpty() ? QString() : QStringLiteral("<b style=\"color:%1\">%2</b><br>%3").arg(htmlColor(themeColors().refusal), tr("Could not be opened"), text.toHtmlEscaped()));
}

void StartPanel::setDropping(bool dropping) {
    m_dropping = dropping;
    update();
}

void StartPanel::paintEvent(QPaintEvent*) {
    const Colors& colors = themeColors();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QPen pen(toQColor(m_dropping ? colors.accent : colors.border), m_dropping ? 2 : 1.5, Qt::DashLine);
    pen.setDashPattern({5, 5});
    painter.setPen(pen);
    painter.setBrush(toQColor(m_dropping ? mix(colors.panel, colors.accent, 0.08f) : colors.panel));
    painter.drawRoundedRect(QRectF(rect()).adjusted(12, 12, -12, -12), 12, 12);
}

}  // namespace bitlathe
