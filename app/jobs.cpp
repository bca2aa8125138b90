#include "app/jobs.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>

namespace bitlathe {

// What worker and window share of one job.
struct Jobs::Shared {
    std::atomic<double> fraction{-1};
    std::atomic<bool> paused{false};
    std::mutex mutex;
    std::condition_variable resumed;
    std::string what;
    int reporters = 0;  // the newest reporter waits while paused; an overtaken one must get out of the way
};

Jobs::Jobs(QObject* parent) : QObject(parent) {
    m_timer.setInterval(66);
    connect(&m_timer, &QTimer::timeout, this, &Jobs::refresh);
}

Jobs::~Jobs() { stopAll(); }

int Jobs::begin(const QString& title, std::function<void()> stop) {
    Job job;
    job.state.id = ++m_lastId;
    job.state.title = title;
    job.state.fraction = -1;
    job.shared = std::make_shared<Shared>();
    job.stop = std::move(stop);
    job.clock.start();
    m_jobs.push_back(std::move(job));
    m_timer.start();
    refresh();
    return m_lastId;
}

JobContext::Report Jobs::reportFor(int id) {
    const Job* job = find(id);
    if (!job) return {};
    int mine = 0;
    {
        std::lock_guard lock(job->shared->mutex);
        mine = ++job->shared->reporters;
    }
    job->shared->resumed.notify_all();
    return [shared = job->shared, mine](double fraction, std::string_view what) {
        shared->fraction.store(fraction, std::memory_order_relaxed);
        std::unique_lock lock(shared->mutex);
        if (!what.empty()) shared->what.assign(what);
        shared->resumed.wait(lock, [&] { return !shared->paused.load() || shared->reporters != mine; });
    };
}

Jobs::Job* Jobs::find(int id) {
    for (Job& job : m_jobs)
        if (job.state.id == id) return &job;
    return nullptr;
}

void Jobs::end(int id) {
    setPaused(id, false);
    std::erase_if(m_jobs, [id](const Job& job) { return job.state.id == id; });
    if (m_jobs.empty()) m_timer.stop();
    refresh();
}

void Jobs::setPaused(int id, bool paused) {
    Job* job = find(id);
    if (!job || job->state.paused == paused) return;
    job->state.paused = paused;
    if (paused) {
        job->pausedSince = job->clock.elapsed();
    } else {
        job->pausedMs += job->clock.elapsed() - job->pausedSince;
        job->pausedSince = -1;
    }
    {
        std::lock_guard lock(job->shared->mutex);
        job->shared->paused = paused;
    }
    job->shared->resumed.notify_all();
    refresh();
}

void Jobs::stop(int id) {
    Job* job = find(id);
    if (!job) return;
    job->state.stopping = true;
    const auto stop = job->stop;
    setPaused(id, false);
    if (stop) stop();  // may end the job, so `job` is not used again
    refresh();
}

void Jobs::stopAll() {
    std::vector<int> ids;
    for (const Job& job : m_jobs) ids.push_back(job.state.id);
    for (int id : ids) stop(id);
}

void Jobs::refresh() {
    std::vector<JobState> states;
    for (Job& job : m_jobs) {
        job.state.fraction = job.shared->fraction.load(std::memory_order_relaxed);
        {
            std::lock_guard lock(job.shared->mutex);
            job.state.what = QString::fromStdString(job.shared->what);
        }
        const double seconds = double((job.pausedSince >= 0 ? job.pausedSince : job.clock.elapsed()) - job.pausedMs) / 1000;
        // Too early a guess is worse than none.
        const bool known = job.state.fraction > 0.02 && seconds > 1;
        job.state.secondsLeft = known ? seconds * (1 - job.state.fraction) / job.state.fraction : -1;
        states.push_back(job.state);
    }
    if (states == m_states) return;
    m_states = std::move(states);
    emit changed();
}

}  // namespace bitlathe
