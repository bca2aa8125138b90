// What the reader changed, what the recipe cannot do and how to cure it, and what happened, newest last.
#pragma once

#include "core/quant/recipe.h"

#include <QWidget>
#include <vector>

class QListWidget;
class QTreeWidget;

namespace bitlathe {

class LogPanel : public QWidget {
    Q_OBJECT
public:
    explicit LogPanel(QWidget* parent = nullptr);
    void setIssues(const std::vector<Issue>& issues);
    void setNotes(const std::vector<std::string>& notes);  // of the model's reader
    void add(const QString& text);
    QSize sizeHint() const override { return {420, 220}; }

signals:
    void layerActivated(const QString& name);

private:
    QTreeWidget* m_issues;
    QListWidget* m_log;
    std::vector<Issue> m_shown;
};

}  // namespace bitlathe
