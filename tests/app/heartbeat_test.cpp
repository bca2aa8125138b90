#include "tests/app/heartbeat.h"

#include <gtest/gtest.h>

#include <QTest>

namespace bitlathe {
namespace {

TEST(HeartbeatOfTheWindow, NoticesAThreadThatComputes) {
    Heartbeat heart;
    QTest::qWait(30);
    const std::clock_t begin = std::clock();
    volatile double x = 1;
    timespec time{};
    do {
        for (int i = 0; i < 10'000; ++i) x = x * 1.0000001;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    } while (double(std::clock() - begin) / CLOCKS_PER_SEC < 0.08);
    QTest::qWait(30);
    EXPECT_GT(heart.longestBusyMs(), 50);
}

TEST(HeartbeatOfTheWindow, NoticesAThreadThatSleeps) {
    Heartbeat heart;
    QTest::qWait(30);
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    QTest::qWait(30);
    EXPECT_GT(heart.longestWaitMs(), 50);
}

TEST(HeartbeatOfTheWindow, LeavesAnIdleLoopInPeace) {
    Heartbeat heart;
    QTest::qWait(200);
    EXPECT_LT(heart.longestBusyMs(), 50);
    EXPECT_LT(heart.longestWaitMs(), 50);
}

}  // namespace
}  // namespace bitlathe
