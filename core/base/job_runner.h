// Threads for jobs, and slots for the questions a window keeps asking. Knows no Qt: the answer is
// handed to a Post function, which the application makes "run this on the UI thread".
#pragma once

#include "core/base/job.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>

namespace bitlathe {

// Runs tasks on its own threads, highest priority first, then oldest first.
class JobRunner {
public:
    using Task = std::function<void()>;
    explicit JobRunner(int threads);
    ~JobRunner();  // drops what waits, waits for what runs: stop the jobs first
    JobRunner(const JobRunner&) = delete;
    JobRunner& operator=(const JobRunner&) = delete;

    void submit(Task task, int priority = 0);
    // Waits until nothing runs or waits: before what jobs read goes away. Stop them first; gives up after ten seconds.
    void drain();

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

// Hands a function to another thread (the UI's). Callable from any thread.
using Post = std::function<void(std::function<void()>)>;

// A job in which a mistake of the program, or a number that no memory can hold, is an Error like any other: what a
// person has on the screen must not go down with it.
template <class T>
T explained(JobContext& context, std::function<T(JobContext&)>& job) {
    try {
        return job(context);
    } catch (const Error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::system_error&) {
        throw;
    } catch (const std::length_error&) {
        throw Error(ErrorKind::Input, "the file asks for more than any memory holds; it is damaged, or not what its name says: make it again");
    } catch (const std::exception& mistake) {
        throw Error(ErrorKind::Unsupported, std::string("the program made a mistake here (") + mistake.what() + "); this task was stopped before its end: save your work, and report what you did");
    }
}

// One question that is asked again and again: a new start stops the old job, and its late answer is
// dropped. All members belong to the thread that owns the slot, which is the one that Post posts to.
template <class T>
class JobSlot {
public:
    JobSlot(JobRunner& runner, Post post) : m_runner(runner), m_post(std::move(post)) {}
    ~JobSlot() { cancel(); }
    JobSlot(const JobSlot&) = delete;
    JobSlot& operator=(const JobSlot&) = delete;

    // job runs on a worker; report too, at most as often as checkpoint() is called; done runs through
    // Post, and only when this start was not overtaken or cancelled by the slot's owner meanwhile.
    void start(std::function<T(JobContext&)> job, std::function<void(Outcome<T>)> done,
               JobContext::Report report = {}, int priority = 0) {
        cancel();
        m_stop = std::stop_source();
        m_running = true;
        auto alive = m_alive;
        const std::uint64_t ticket = ++*alive;
        m_runner.submit(
            [this, alive, ticket, job = std::move(job), done = std::move(done), report = std::move(report),
             stop = m_stop.get_token(), post = m_post]() mutable {
                JobContext context(stop, std::move(report));
                auto outcome = std::make_shared<Outcome<T>>(stop.stop_requested() ? Outcome<T>(Cancelled{})
                                                                                  : runJob(context, [&job](JobContext& inner) { return explained(inner, job); }));
                post([this, alive, ticket, outcome, done = std::move(done)] {
                    if (*alive != ticket) return;
                    m_running = false;
                    done(std::move(*outcome));
                });
            },
            priority);
    }
    // Asks the running job to stop. With silent, its outcome is never delivered (the default); without,
    // done() is called with Cancelled, which is what a cancel button wants.
    void cancel(bool silent = true) {
        m_stop.request_stop();
        if (silent) {
            ++*m_alive;
            m_running = false;
        }
    }
    bool running() const noexcept { return m_running; }

private:
    JobRunner& m_runner;
    Post m_post;
    std::stop_source m_stop;
    // Counts starts; outlives the slot, so that a late answer finds that its ticket has expired.
    std::shared_ptr<std::uint64_t> m_alive = std::make_shared<std::uint64_t>(0);
    bool m_running = false;
};

}  // namespace bitlathe
