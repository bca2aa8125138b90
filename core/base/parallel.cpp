#include "core/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include <sched.h>

namespace bitlathe {

namespace {
// Set while this thread works on a chunk: a loop inside a loop must not wait for its own crew.
thread_local bool t_insideLoop = false;

// Waits for what usually comes within microseconds, as loops follow each other closely while a network runs: a
// sleeping core takes longer to wake than such a loop lasts. Gives up after a while.
template <class Done>
void watch(const Done& done) {
    constexpr auto longest = std::chrono::microseconds(30);
    const auto until = std::chrono::steady_clock::now() + longest;
    do
        for (int i = 0; i < 64; ++i) {
            if (done()) return;
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
    while (std::chrono::steady_clock::now() < until);
}
}  // namespace

int availableThreads() noexcept {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
    return std::max(1u, std::thread::hardware_concurrency());
}

struct Workers::Impl {
    explicit Impl(int threads) : count(threads) {
        for (int i = 1; i < threads; ++i) crew.emplace_back([this](std::stop_token stop) { serve(stop); });
    }
    ~Impl() {
        for (auto& thread : crew) thread.request_stop();
        { std::lock_guard lock(mutex); }
        wake.notify_all();
    }

    void serve(std::stop_token stop) {
        std::uint64_t seen = 0;
        while (true) {
            const std::function<void(std::int64_t)>* task = nullptr;
            if (watchful) watch([&] { return generation.load(std::memory_order_relaxed) != seen && body.load(std::memory_order_relaxed); });
            {
                std::unique_lock lock(mutex);
                wake.wait(lock, [&] { return stop.stop_requested() || (generation != seen && body.load()); });
                if (stop.stop_requested()) return;
                seen = generation.load();
                ++active;
                task = body.load();  // the caller forgets it while the last chunk still runs here
            }
            work(*task);
            {
                std::lock_guard lock(mutex);
                --active;
            }
            idle.notify_all();
        }
    }

    void work(const std::function<void(std::int64_t)>& task) {
        t_insideLoop = true;
        while (true) {
            const std::int64_t chunk = next.fetch_add(1, std::memory_order_relaxed);
            if (chunk >= chunks) break;
            try {
                task(chunk);
            } catch (...) {
                std::lock_guard lock(mutex);
                if (!failure) failure = std::current_exception();
                next.store(chunks, std::memory_order_relaxed);
            }
        }
        t_insideLoop = false;
    }

    void run(std::int64_t total, const std::function<void(std::int64_t)>& task) {
        std::lock_guard turn(oneLoop);
        {
            std::lock_guard lock(mutex);
            body = &task;
            chunks = total;
            next.store(0, std::memory_order_relaxed);
            failure = nullptr;
            ++generation;
        }
        wake.notify_all();
        work(task);
        if (watchful) watch([&] { return active.load(std::memory_order_relaxed) == 0; });
        std::exception_ptr thrown;
        {
            std::unique_lock lock(mutex);
            body = nullptr;  // late risers find nothing to do
            idle.wait(lock, [&] { return active == 0; });
            thrown = failure;
        }
        if (thrown) std::rethrow_exception(thrown);
    }

    const int count;
    const bool watchful = count > 1 && count <= availableThreads();  // else it would keep others from working
    std::mutex oneLoop;
    std::mutex mutex;
    std::condition_variable wake, idle;
    std::atomic<const std::function<void(std::int64_t)>*> body{nullptr};
    std::int64_t chunks = 0;
    std::atomic<std::int64_t> next{0};
    std::atomic<std::uint64_t> generation{0};
    std::atomic<int> active{0};
    std::exception_ptr failure;
    std::vector<std::jthread> crew;
};

Workers::Workers(int threads) : m_impl(std::make_unique<Impl>(threads > 0 ? threads : availableThreads())) {}
Workers::~Workers() = default;
int Workers::threads() const noexcept { return m_impl->count; }

void Workers::forEach(std::int64_t chunks, const std::function<void(std::int64_t)>& body) {
    if (chunks <= 0) return;
    if (chunks == 1 || m_impl->count == 1 || t_insideLoop) {
        for (std::int64_t i = 0; i < chunks; ++i) body(i);
        return;
    }
    m_impl->run(chunks, body);
}

void Workers::forRange(std::int64_t count, std::int64_t grain,
                       const std::function<void(std::int64_t, std::int64_t)>& body) {
    grain = std::max<std::int64_t>(grain, 1);
    forEach((count + grain - 1) / grain, [&](std::int64_t chunk) {
        const std::int64_t begin = chunk * grain;
        body(begin, std::min(begin + grain, count));
    });
}

}  // namespace bitlathe
