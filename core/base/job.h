// Long work: a job is a function (JobContext&) -> value that calls checkpoint() at least every 10 ms.
// One call is both the report of progress and the point of cancellation. Knows no threads.
#pragma once

#include "core/base/error.h"
#include "core/base/lost_pages.h"

#include <functional>
#include <new>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

namespace bitlathe {

// Thrown by checkpoint() when the job was stopped; caught in runJob() only.
struct Cancelled {};

class JobContext {
public:
    // Called from the thread that runs the job; fraction is 0..1 and never falls, what is the
    // present step in words ("calibrating: sample 12 of 256"). Must be cheap and must not throw.
    using Report = std::function<void(double fraction, std::string_view what)>;

    JobContext() = default;
    explicit JobContext(std::stop_token stop, Report report = {}) : m_stop(std::move(stop)), m_report(std::move(report)) {}

    // Progress and cancellation in one. Throws Cancelled when the job was stopped.
    void checkpoint(double fraction, std::string_view what = {}) {
        if (m_stop.stop_requested()) throw Cancelled{};
        if (m_report) m_report(m_begin + fraction * (m_end - m_begin), what);
    }
    // Progress alone: for a context that passes another one's on.
    void report(double fraction, std::string_view what) const {
        if (m_report) m_report(m_begin + fraction * (m_end - m_begin), what);
    }
    // For inner loops, from any thread: true once the job was stopped.
    bool stopRequested() const noexcept { return m_stop.stop_requested(); }
    const std::stop_token& stopToken() const noexcept { return m_stop; }

    // A context for a part of the work: its 0..1 is begin..end of this one.
    JobContext part(double begin, double end) const {
        JobContext inner = *this;
        inner.m_begin = m_begin + begin * (m_end - m_begin);
        inner.m_end = m_begin + end * (m_end - m_begin);
        return inner;
    }

private:
    std::stop_token m_stop;
    Report m_report;
    double m_begin = 0.0;
    double m_end = 1.0;
};

// How a job ended: a value, an error of the outside world, or a stop.
template <class T>
class Outcome {
public:
    Outcome(T value) : m_state(std::move(value)) {}
    Outcome(Error error) : m_state(std::move(error)) {}
    Outcome(Cancelled) : m_state(Cancelled{}) {}

    bool ok() const noexcept { return std::holds_alternative<T>(m_state); }
    bool cancelled() const noexcept { return std::holds_alternative<Cancelled>(m_state); }
    const T& value() const { return std::get<T>(m_state); }
    T& value() { return std::get<T>(m_state); }
    const Error* error() const noexcept { return std::get_if<Error>(&m_state); }

private:
    std::variant<T, Error, Cancelled> m_state;
};

// Runs the function here and now. Only Error and Cancelled are outcomes, and what the standard library
// throws in the outside world's name: exhausted memory, a folder that may not be read. Everything else is a
// bug and passes through. A job during which pages of a mapped file were lost has read zeros: it fails.
template <class F>
auto runJob(JobContext& context, F&& job) -> Outcome<decltype(job(context))> {
    const std::uint64_t lost = lostPages();
    try {
        auto value = job(context);
        if (lostPages() != lost) return lostPagesError();
        return value;
    } catch (const Error& error) {
        return lostPages() != lost ? lostPagesError() : error;
    } catch (const Cancelled&) {
        return Cancelled{};
    } catch (const std::bad_alloc&) {
        return Error(ErrorKind::Input, "not enough memory for this; close other programs or choose a smaller model or batch");
    } catch (const std::system_error& error) {
        return Error(ErrorKind::Input, std::string("the system refuses: ") + error.what() + "; check the path and the permissions");
    }
}

}  // namespace bitlathe
