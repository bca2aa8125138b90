// Writing the quantized model: which consumer, where to, what stands in the way and how to cure it.
// Takes and gives plain values; knows no formats and no files.
#pragma once

#include "core/quant/recipe.h"

#include <QStringList>
#include <QWidget>
#include <vector>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QTreeWidget;

namespace bitlathe {

class ExportPanel : public QWidget {
    Q_OBJECT
public:
    explicit ExportPanel(QWidget* parent = nullptr);

    struct Target {
        QString name, label, tip;
    };
    void setTargets(const std::vector<Target>& targets);
    QString target() const;
    void setTarget(const QString& name);  // unknown names change nothing
    QString path() const;
    void setPath(const QString& path);
    void setPlanning(bool planning);  // the list below is being made anew
    // before and after in words; ready: nothing refuses the export.
    void setPlan(const std::vector<Issue>& issues, const QString& summary, bool ready);
    void setRunning(bool running);
    void setDone(const QString& text);
    void setProblem(const QString& text);
    void focusStart();
    QSize sizeHint() const override { return {640, 240}; }

signals:
    void exportClicked();
    void stopClicked();
    void browseClicked();
    void settingsChanged();
    void layerActivated(const QString& name);

private:
    QComboBox* m_target;
    QLineEdit* m_path;
    QPushButton* m_export;
    QLabel* m_summary;
    QLabel* m_state;
    QTreeWidget* m_issues;
    bool m_running = false, m_ready = false;
};

}  // namespace bitlathe
