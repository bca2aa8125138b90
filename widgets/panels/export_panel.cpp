#include "widgets/panels/export_panel.h"

#include "widgets/canvas/icons.h"
#include "widgets/canvas/theme.h"
#include "widgets/models/figures.h"

#include <QComboBox>
#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSplitter>
#include <QToolButton>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>

namespace bitlathe {

ExportPanel::ExportPanel(QWidget* parent)
    : QWidget(parent), m_target(new QComboBox), m_path(new QLineEdit), m_export(new QPushButton), m_summary(new QLabel), m_state(new QLabel), m_issues(new QTreeWidget) {
    m_target->setAccessibleName(tr("Target"));
    m_target->setToolTip(tr("Who is to run the file: its rules decide how the model is written and what is refused."));
    m_path->setAccessibleName(tr("File to write"));
    m_path->setPlaceholderText(tr("File to write"));
    m_export->setProperty("accent", true);
    m_summary->setProperty("caption", true);
    m_summary->setWordWrap(true);
    m_state->setWordWrap(true);
    m_state->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_issues->setColumnCount(3);
    m_issues->setHeaderLabels({tr("Layer"), tr("Asked and got"), tr("Cure")});
    m_issues->setRootIsDecorated(false);
    m_issues->setUniformRowHeights(true);
    m_issues->setAccessibleName(tr("What stands in the way"));
    m_issues->header()->resizeSection(0, 150);
    m_issues->header()->resizeSection(1, 330);
    auto* browse = new QToolButton;
    browse->setIcon(themeIcon(QStringLiteral("open")));
    browse->setAccessibleName(tr("Choose where to write"));
    browse->setToolTip(tr("Choose where to write"));
    auto* form = new QGridLayout;
    form->setContentsMargins(12, 6, 12, 12);
    form->setHorizontalSpacing(8);
    form->setVerticalSpacing(6);
    const auto label = [](const QString& text, QWidget* buddy) {
        auto* made = new QLabel(text);
        made->setProperty("caption", true);
        made->setBuddy(buddy);
        return made;
    };
    form->addWidget(label(tr("Target"), m_target), 0, 0);
    form->addWidget(m_target, 0, 1, 1, 2);
    form->addWidget(label(tr("File"), m_path), 1, 0);
    form->addWidget(m_path, 1, 1);
    form->addWidget(browse, 1, 2);
    form->addWidget(m_export, 2, 1, 1, 2);
    form->addWidget(m_summary, 3, 0, 1, 3);
    form->addWidget(m_state, 4, 0, 1, 3);
    form->setRowStretch(5, 1);
    form->setColumnStretch(1, 1);
    auto* left = new QWidget;
    left->setLayout(form);
    auto* split = new QSplitter(Qt::Horizontal);
    split->addWidget(left);
    split->addWidget(m_issues);
    split->setStretchFactor(1, 1);
    split->setSizes({330, 560});
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(split);
    connect(m_export, &QPushButton::clicked, this, [this] { m_running ? emit stopClicked() : emit exportClicked(); });
    connect(browse, &QToolButton::clicked, this, &ExportPanel::browseClicked);
    connect(m_path, &QLineEdit::editingFinished, this, &ExportPanel::settingsChanged);
    connect(m_target, &QComboBox::currentIndexChanged, this, &ExportPanel::settingsChanged);
    connect(m_issues, &QTreeWidget::itemActivated, this, [this](QTreeWidgetItem* item) {
        if (!item->text(0).isEmpty()) emit layerActivated(item->text(0));
    });
    setRunning(false);
}

void ExportPanel::setTargets(const std::vector<Target>& targets) {
    const QSignalBlocker quiet(m_target);
    m_target->clear();
    for (const Target& target : targets) {
        m_target->addItem(target.label, target.name);
        m_target->setItemData(m_target->count() - 1, target.tip, Qt::ToolTipRole);
    }
}

QString ExportPanel::target() const { return m_target->currentData().toString(); }
void ExportPanel::setTarget(const QString& name) {
    if (const int index = m_target->findData(name); index >= 0) m_target->setCurrentIndex(index);
}
QString ExportPanel::path() const { return m_path->text().trimmed(); }

void ExportPanel::setPath(const QString& path) {
    m_path->setText(path);
    m_path->setToolTip(path);
    emit settingsChanged();
}

void ExportPanel::setPlanning(bool planning) {
    m_issues->setEnabled(!planning);
    if (!planning) return;
    m_summary->setText(tr("Checking what the target accepts…"));
    m_summary->show();
}

void ExportPanel::setPlan(const std::vector<Issue>& issues, const QString& summary, bool ready) {
    m_ready = ready;
    m_issues->setEnabled(true);
    m_issues->clear();
    for (const Issue& issue : issues) {
        auto* item = new QTreeWidgetItem({fromUtf8(issue.layer), fromUtf8(issue.message), fromUtf8(issue.cure)});
        const bool refusal = issue.level == Issue::Level::Error, warning = issue.level == Issue::Level::Warning;
        item->setIcon(0, themeIcon(refusal ? QStringLiteral("refusal") : warning ? QStringLiteral("warning") : QStringLiteral("info"),
                                   refusal ? IconColor::Refusal : warning ? IconColor::Warning : IconColor::Dimmed));
        for (int c = 1; c < 3; ++c) item->setToolTip(c, item->text(c));
        m_issues->addTopLevelItem(item);
    }
    m_issues->setColumnHidden(2, std::all_of(issues.begin(), issues.end(), [](const Issue& issue) { return issue.cure.empty(); }));
    if (issues.empty() && ready) {
        auto* item = new QTreeWidgetItem({QString(), tr("Nothing: the target runs everything as asked.")});
        item->setIcon(1, themeIcon(QStringLiteral("check"), IconColor::Good));
        item->setFlags(Qt::ItemIsEnabled);
        m_issues->addTopLevelItem(item);
    }
    QString refusal;
    for (const Issue& issue : issues)
        if (issue.level == Issue::Level::Error && refusal.isEmpty()) refusal = fromUtf8(issue.message) + QLatin1Char(' ') + fromUtf8(issue.cure);
    setProblem(ready ? QString() : refusal);
    m_summary->setText(summary);
    m_summary->setVisible(!summary.isEmpty());
    setRunning(m_running);
}

void ExportPanel::setRunning(bool running) {
    m_running = running;
    m_export->setText(running ? tr("Stop") : tr("Export"));
    m_export->setIcon(themeIcon(running ? QStringLiteral("stop") : QStringLiteral("export"), IconColor::OnAccent));
    m_export->setEnabled(running || m_ready);
}

void ExportPanel::setDone(const QString& text) {
    m_state->setText(QStringLiteral("<span style=\"color:%1\">%2</span>").arg(htmlColor(themeColors().good), text.toHtmlEscaped()));
}

void ExportPanel::setProblem(const QString& text) {
    m_state->setText(text.isEmpty() ? QString() : QStringLiteral("<span style=\"color:%1\">%2</span>").arg(htmlColor(themeColors().refusal), text.toHtmlEscaped()));
}

void ExportPanel::focusStart() { m_path->setFocus(); }

}  // namespace bitlathe
