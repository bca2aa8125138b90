// The work in progress, for the job bar: what, how far, how long still, pause, stop. Knows no kinds of
// work: whoever starts something long asks for a ticket and hands its report to the job.
#pragma once

#include "core/base/job.h"

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QTimer>
#include <functional>
#include <memory>
#include <vector>

namespace bitlathe {

// A snapshot of one job for the screen.
struct JobState {
    int id = 0;
    QString title, what;  // "Evaluating", "sample 12 of 256"
    double fraction = 0;  // 0..1; below 0: not known
    double secondsLeft = -1;  // below 0: not known
    bool paused = false, stopping = false, quiet = false;
    bool operator==(const JobState&) const = default;
};

class Jobs : public QObject {
    Q_OBJECT
public:
    explicit Jobs(QObject* parent = nullptr);
    ~Jobs() override;

    // stop: called when the user stops the job. Returns its id.
    int begin(const QString& title, std::function<void()> stop);
    // What the worker calls: cheap, from any thread; blocks while the job is paused.
    JobContext::Report reportFor(int id);
    void end(int id);

    void setPaused(int id, bool paused);
    void stop(int id);
    void stopAll();
    const std::vector<JobState>& states() const { return m_states; }

signals:
    void changed();  // at most about 15 times a second

private:
    struct Shared;
    struct Job {
        JobState state;
        std::shared_ptr<Shared> shared;
        std::function<void()> stop;
        QElapsedTimer clock;
        qint64 pausedMs = 0, pausedSince = -1;
    };
    Job* find(int id);
    void refresh();

    std::vector<Job> m_jobs;
    std::vector<JobState> m_states;
    QTimer m_timer;
    int m_lastId = 0;
};

}  // namespace bitlathe
