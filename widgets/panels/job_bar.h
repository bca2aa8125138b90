// The work in progress, one line: what, how far, how long still, pause, stop. Takes plain values.
#pragma once

#include <QWidget>

class QLabel;
class QProgressBar;
class QToolButton;

namespace bitlathe {

class JobBar : public QWidget {
    Q_OBJECT
public:
    explicit JobBar(QWidget* parent = nullptr);

    struct Line {
        QString title, what;
        double fraction = -1;     // 0..1; below 0: not known
        double secondsLeft = -1;  // below 0: not known
        bool paused = false, stopping = false;
        int others = 0;           // jobs beside this one
    };
    void show(const Line& line);
    void showIdle(const QString& message = {});  // the last thing that happened

signals:
    void pauseClicked();
    void stopClicked();

private:
    QLabel* m_title;
    QLabel* m_what;
    QProgressBar* m_bar;
    QLabel* m_percent;
    QLabel* m_left;
    QToolButton* m_pause;
    QToolButton* m_stop;
};

}  // namespace bitlathe
