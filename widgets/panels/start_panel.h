// The start: drop a model here, open one, take the demo, or go on with a recent one.
#pragma once

#include <QStringList>
#include <QWidget>

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace bitlathe {

class StartPanel : public QWidget {
    Q_OBJECT
public:
    explicit StartPanel(QWidget* parent = nullptr);
    void setRecent(const QStringList& paths);
    void setDemoAvailable(bool available);
    void setLoading(const QString& name);         // empty: not loading
    void setRefusal(const QString& text);         // empty: none
    void setDropping(bool dropping);              // something is held above the window

signals:
    void openClicked();
    void demoClicked();
    void recentClicked(const QString& path);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QLabel* m_title;
    QLabel* m_text;
    QLabel* m_refusal;
    QPushButton* m_open;
    QPushButton* m_demo;
    QLabel* m_recentTitle;
    QVBoxLayout* m_recent;
    bool m_dropping = false;
};

}  // namespace bitlathe
