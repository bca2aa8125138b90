#include "widgets/panels/log_panel.h"

#include "widgets/canvas/icons.h"
#include "widgets/models/figures.h"

#include <QDateTime>
#include <QHeaderView>
#include <QListWidget>
#include <QSplitter>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace bitlathe {

LogPanel::LogPanel(QWidget* parent) : QWidget(parent), m_issues(new QTreeWidget), m_log(new QListWidget) {
    m_issues->setColumnCount(3);
    m_issues->setHeaderLabels({tr("Layer"), tr("Issue"), tr("Cure")});
    m_issues->setRootIsDecorated(false);
    m_issues->setUniformRowHeights(true);
    m_issues->setAccessibleName(tr("Issues of the recipe"));
    m_issues->header()->setSectionResizeMode(QHeaderView::Interactive);
    m_issues->header()->resizeSection(0, 150);
    m_issues->header()->resizeSection(1, 360);
    m_log->setAccessibleName(tr("Log"));
    m_log->setWordWrap(true);
    m_log->setSelectionMode(QAbstractItemView::ExtendedSelection);
    auto* split = new QSplitter(Qt::Horizontal);
    split->addWidget(m_issues);
    split->addWidget(m_log);
    split->setStretchFactor(0, 3);
    split->setStretchFactor(1, 2);
    split->setChildrenCollapsible(false);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(split);
    setIssues({});
    connect(m_issues, &QTreeWidget::itemActivated, this, [this](QTreeWidgetItem* item) {
        if (!item->text(0).isEmpty()) emit layerActivated(item->text(0));
    });
}

void LogPanel::setIssues(const std::vector<Issue>& issues) {
    if (issues == m_shown && m_issues->topLevelItemCount()) return;
    m_shown = issues;
    m_issues->clear();
    for (const Issue& issue : issues) {
        auto* item = new QTreeWidgetItem({fromUtf8(issue.layer), fromUtf8(issue.message), fromUtf8(issue.cure)});
        const bool refusal = issue.level == Issue::Level::Error, warning = issue.level == Issue::Level::Warning;
        item->setIcon(0, themeIcon(refusal ? QStringLiteral("refusal") : warning ? QStringLiteral("warning") : QStringLiteral("info"),
                                   refusal ? IconColor::Refusal : warning ? IconColor::Warning : IconColor::Dimmed));
        for (int c = 1; c < 3; ++c) item->setToolTip(c, item->text(c));
        m_issues->addTopLevelItem(item);
    }
    if (issues.empty()) {
        auto* item = new QTreeWidgetItem({QString(), tr("No issues: everything that was asked can be done.")});
        item->setIcon(1, themeIcon(QStringLiteral("check"), IconColor::Good));
        item->setFlags(Qt::ItemIsEnabled);
        m_issues->addTopLevelItem(item);
    }
}

void LogPanel::setNotes(const std::vector<std::string>& notes) {
    for (const std::string& note : notes) add(tr("Reader: %1").arg(fromUtf8(note)));
}

void LogPanel::add(const QString& text) {
    m_log->addItem(QDateTime::currentDateTime().toString(QStringLiteral("HH:mm:ss  ")) + text);
    if (m_log->count() > 2000) delete m_log->takeItem(0);
    m_log->scrollToBottom();
}

}  // namespace bitlathe
