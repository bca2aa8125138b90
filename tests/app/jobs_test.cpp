#include "app/jobs.h"

#include <gtest/gtest.h>

#include <QTest>

#include <atomic>
#include <thread>

namespace bitlathe {
namespace {

TEST(Jobs, AReportShowsAndAnEndedJobIsGone) {
    Jobs jobs;
    const int id = jobs.begin("Reading", {});
    std::thread worker([report = jobs.reportFor(id)] { report(0.5, "layer 3"); });
    worker.join();
    ASSERT_TRUE(QTest::qWaitFor([&] { return jobs.states().front().fraction == 0.5; }));
    EXPECT_EQ(jobs.states().front().what, "layer 3");
    jobs.end(id);
    EXPECT_TRUE(jobs.states().empty());
}

TEST(Jobs, APausedJobWaitsAndGoesOn) {
    Jobs jobs;
    const int id = jobs.begin("Reading", {});
    const auto report = jobs.reportFor(id);
    jobs.setPaused(id, true);
    std::atomic<bool> through{false};
    std::thread worker([&] {
        report(0.1, "");
        through = true;
    });
    QTest::qWait(30);
    EXPECT_FALSE(through);
    jobs.setPaused(id, false);
    worker.join();
    EXPECT_TRUE(through);
}

TEST(Jobs, StoppingAPausedJobLetsItsWorkerGo) {
    Jobs jobs;
    bool stopped = false;
    const int id = jobs.begin("Reading", [&] { stopped = true; });
    const auto report = jobs.reportFor(id);
    jobs.setPaused(id, true);
    std::thread worker([&] { report(0.1, ""); });
    jobs.stop(id);
    worker.join();
    EXPECT_TRUE(stopped);
}

TEST(Jobs, AnOvertakenReporterDoesNotWaitForAPauseOfItsSuccessor) {
    Jobs jobs;
    const int id = jobs.begin("Measuring", {});
    const auto old = jobs.reportFor(id);
    jobs.setPaused(id, true);
    std::thread worker([&] { old(0.1, ""); });
    const auto next = jobs.reportFor(id);
    worker.join();
    EXPECT_TRUE(jobs.states().front().paused);
    jobs.end(id);
}

TEST(Jobs, AStopMayEndTheJobItself) {
    Jobs jobs;
    int id = 0;
    id = jobs.begin("Reading", [&] { jobs.end(id); });
    jobs.stop(id);
    EXPECT_TRUE(jobs.states().empty());
}

}  // namespace
}  // namespace bitlathe
