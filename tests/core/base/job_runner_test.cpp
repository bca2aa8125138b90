#include "core/base/job_runner.h"

#include "core/base/mailbox.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace bitlathe {
namespace {

// Stands for a UI thread: runs what is posted when it is asked to.
class Inbox {
public:
    Post post() {
        return [this](std::function<void()> task) {
            { std::lock_guard lock(m_mutex); m_tasks.push_back(std::move(task)); }
            m_wake.notify_one();
        };
    }
    void runOne() {
        std::unique_lock lock(m_mutex);
        m_wake.wait(lock, [&] { return !m_tasks.empty(); });
        auto task = std::move(m_tasks.front());
        m_tasks.pop_front();
        lock.unlock();
        task();
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<std::function<void()>> m_tasks;
};

TEST(JobSlot, DeliversTheValueThroughPost) {
    Inbox inbox;
    JobRunner runner(1);
    JobSlot<int> slot(runner, inbox.post());
    int got = 0;
    slot.start([](JobContext&) { return 7; }, [&](Outcome<int> outcome) { got = outcome.value(); });
    EXPECT_TRUE(slot.running());
    inbox.runOne();
    EXPECT_EQ(got, 7);
    EXPECT_FALSE(slot.running());
}

TEST(JobSlot, ANewStartStopsTheOldJobAndDropsItsAnswer) {
    Inbox inbox;
    JobRunner runner(1);
    JobSlot<int> slot(runner, inbox.post());
    int got = 0;
    slot.start([](JobContext& context) -> int { while (true) { context.checkpoint(0); std::this_thread::yield(); } },
               [&](Outcome<int>) { FAIL(); });
    slot.start([](JobContext&) { return 2; }, [&](Outcome<int> outcome) { got = outcome.value(); });
    inbox.runOne();
    inbox.runOne();
    EXPECT_EQ(got, 2);
}

TEST(JobSlot, AnErrorIsAnOutcome) {
    Inbox inbox;
    JobRunner runner(1);
    JobSlot<int> slot(runner, inbox.post());
    std::string message;
    slot.start([](JobContext&) -> int { refuseInput("bad file"); }, [&](Outcome<int> outcome) { message = outcome.error()->message(); });
    inbox.runOne();
    EXPECT_EQ(message, "bad file");
}

TEST(JobSlot, AMistakeOfTheProgramIsASentenceAndNotTheEnd) {
    Inbox inbox;
    JobRunner runner(1);
    JobSlot<int> slot(runner, inbox.post());
    std::string message;
    const auto done = [&](Outcome<int> outcome) { message = outcome.error() ? outcome.error()->message() : "none"; };
    slot.start([](JobContext&) -> int { return static_cast<int>(std::vector<char>(1).at(static_cast<std::size_t>(7))); }, done);
    inbox.runOne();
    EXPECT_NE(message.find("made a mistake"), std::string::npos) << message;
    EXPECT_NE(message.find("stopped before its end"), std::string::npos) << message;
    EXPECT_EQ(message.find("nothing was changed"), std::string::npos) << "a save that fails in its midst has changed something: " << message;
    slot.start([](JobContext&) -> int {
        std::vector<double> none;
        none.reserve(none.max_size() + 1);
        return 0;
    }, done);
    inbox.runOne();
    EXPECT_NE(message.find("more than any memory holds"), std::string::npos) << message;
    slot.start([](JobContext&) -> int { refuseInput("bad file"); }, done);
    inbox.runOne();
    EXPECT_EQ(message, "bad file");
}

TEST(JobContext, APartMapsItsProgressIntoTheWhole) {
    std::vector<double> seen;
    JobContext whole({}, [&](double fraction, std::string_view) { seen.push_back(fraction); });
    JobContext half = whole.part(0.5, 1.0);
    half.checkpoint(0.0);
    half.part(0.5, 1.0).checkpoint(1.0);
    EXPECT_EQ(seen, (std::vector<double>{0.5, 1.0}));
}

TEST(Mailbox, NewestWinsAndWakesOnce) {
    Mailbox<int> box;
    EXPECT_TRUE(box.post(std::make_shared<const int>(1)));
    EXPECT_FALSE(box.post(std::make_shared<const int>(2)));
    EXPECT_EQ(*box.take(), 2);
    EXPECT_EQ(box.take(), nullptr);
}

}  // namespace
}  // namespace bitlathe
