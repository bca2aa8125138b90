#include "core/base/job_runner.h"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace bitlathe {

struct JobRunner::Impl {
    void serve(std::stop_token stop) {
        while (true) {
            Task task;
            {
                std::unique_lock lock(mutex);
                wake.wait(lock, stop, [&] { return !waiting.empty(); });
                if (stop.stop_requested()) return;
                task = std::move(waiting.begin()->second);
                waiting.erase(waiting.begin());
                ++running;
            }
            task();
            task = nullptr;  // what it holds goes away before anybody is told
            {
                std::lock_guard lock(mutex);
                --running;
            }
            idle.notify_all();
        }
    }

    std::mutex mutex;
    std::condition_variable_any wake, idle;
    int running = 0;
    std::uint64_t count = 0;
    std::map<std::pair<int, std::uint64_t>, Task> waiting;  // key: minus priority, then age
    std::vector<std::jthread> threads;
};

JobRunner::JobRunner(int threads) : m_impl(std::make_unique<Impl>()) {
    for (int i = 0; i < threads; ++i)
        m_impl->threads.emplace_back([impl = m_impl.get()](std::stop_token stop) { impl->serve(stop); });
}

JobRunner::~JobRunner() {
    for (auto& thread : m_impl->threads) thread.request_stop();
    m_impl->threads.clear();
}

void JobRunner::drain() {
    constexpr std::chrono::seconds kPatience{10};
    std::unique_lock lock(m_impl->mutex);
    m_impl->idle.wait_for(lock, kPatience, [&] { return m_impl->waiting.empty() && m_impl->running == 0; });
}

void JobRunner::submit(Task task, int priority) {
    {
        std::lock_guard lock(m_impl->mutex);
        m_impl->waiting.emplace(std::pair(-priority, m_impl->count++), std::move(task));
    }
    m_impl->wake.notify_one();
}

}  // namespace bitlathe
