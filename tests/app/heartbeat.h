// Watches the UI thread while a test drives the window: a timer beats in it, a second thread looks
// whether the beat is late and why. Late because the machine gave the thread no time is nobody's fault;
// late because the thread itself computed, or waited for something, is.
#pragma once

#include <QTimer>

#include <atomic>
#include <chrono>
#include <ctime>
#include <fstream>
#include <string>
#include <thread>
#include <unistd.h>

namespace bitlathe {

class Heartbeat {
public:
    Heartbeat() : m_threadId(gettid()), m_clock(), m_lastBeat(nowMs()) {
        pthread_getcpuclockid(pthread_self(), &m_clock);
        m_cpuAtBeat = cpuMs();
        QObject::connect(&m_timer, &QTimer::timeout, [this] { beat(); });
        m_timer.setTimerType(Qt::PreciseTimer);
        m_timer.start(4);
        m_watcher = std::jthread([this](std::stop_token stop) { watch(stop); });
    }
    // The longest stretch, in ms, in which the thread computed without letting the event loop run.
    double longestBusyMs() const { return m_longestBusy; }
    // The longest stretch in which it slept in a lock or in the kernel while events waited.
    double longestWaitMs() const { return m_longestWait; }
    // For work of the test itself (pictures): forgets what has passed since the last beat.
    void pause() { m_paused = true; }
    void resume() {
        m_lastBeat = nowMs();
        m_cpuAtBeat = cpuMs();
        m_paused = false;
    }

private:
    static double nowMs() {
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }
    double cpuMs() const {
        timespec time{};
        clock_gettime(m_clock, &time);
        return double(time.tv_sec) * 1e3 + double(time.tv_nsec) * 1e-6;
    }
    void beat() {
        const double cpu = cpuMs();
        if (!m_paused) m_longestBusy = std::max(m_longestBusy.load(), cpu - m_cpuAtBeat);
        m_cpuAtBeat = cpu;
        m_lastBeat = nowMs();
    }
    bool asleep() const {
        std::ifstream file("/proc/self/task/" + std::to_string(m_threadId) + "/stat");
        std::string text((std::istreambuf_iterator<char>(file)), {});
        const auto end = text.rfind(')');
        return end != std::string::npos && end + 2 < text.size() && (text[end + 2] == 'S' || text[end + 2] == 'D');
    }
    void watch(std::stop_token stop) {
        double since = 0;
        while (!stop.stop_requested()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(3));
            const double now = nowMs();
            // The event loop itself sleeps at most until the next beat is due.
            const bool waiting = !m_paused && now - m_lastBeat > 12 && asleep();
            if (!waiting) since = 0;
            else if (since == 0) since = now;
            else m_longestWait = std::max(m_longestWait.load(), now - since);
        }
    }

    pid_t m_threadId;
    clockid_t m_clock;
    std::atomic<double> m_lastBeat, m_cpuAtBeat{0}, m_longestBusy{0}, m_longestWait{0};
    std::atomic<bool> m_paused{false};
    QTimer m_timer;
    std::jthread m_watcher;
};

}  // namespace bitlathe
