#include "core/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace bitlathe {
namespace {

TEST(Workers, CallEveryChunkExactlyOnce) {
    for (int threads : {1, 2, 5}) {
        Workers workers(threads);
        for (int round = 0; round < 200; ++round) {
            std::vector<std::atomic<int>> calls(37);
            workers.forEach(37, [&](std::int64_t chunk) { ++calls[chunk]; });
            for (auto& count : calls) EXPECT_EQ(count, 1);
        }
    }
}

TEST(Workers, CutRangesTheSameWayForEveryThreadCount) {
    for (int threads : {1, 3}) {
        Workers workers(threads);
        std::vector<std::int64_t> length(4);
        workers.forRange(100, 30, [&](std::int64_t begin, std::int64_t end) { length[begin / 30] = end - begin; });
        EXPECT_EQ(length, (std::vector<std::int64_t>{30, 30, 30, 10}));
    }
}

TEST(Workers, PassOnWhatABodyThrows) {
    Workers workers(2);
    EXPECT_THROW(workers.forEach(10, [](std::int64_t chunk) { if (chunk == 3) throw std::runtime_error("x"); }), std::runtime_error);
    std::atomic<int> after = 0;
    workers.forEach(10, [&](std::int64_t) { ++after; });
    EXPECT_EQ(after, 10);
}

TEST(Workers, SurviveALoopInsideALoop) {
    Workers workers(2);
    std::atomic<int> calls = 0;
    workers.forEach(4, [&](std::int64_t) { workers.forEach(4, [&](std::int64_t) { ++calls; }); });
    EXPECT_EQ(calls, 16);
}

TEST(Workers, NothingToDoIsNothingDone) {
    Workers workers(2);
    workers.forEach(0, [](std::int64_t) { FAIL(); });
}

TEST(Workers, LoopsShorterThanTheirWakingTouchNothingThatIsGone) {
    // A thread that comes late to a loop may still run its last chunk while the caller has finished the others.
    for (int crew = 0; crew < 20; ++crew) {
        Workers workers(3);
        std::atomic<std::int64_t> sum{0};
        std::int64_t expected = 0;
        for (int i = 0; i < 1000; ++i) {
            const std::int64_t chunks = 2 + i % 5;
            workers.forEach(chunks, [&](std::int64_t chunk) { sum += chunk + i; });
            expected += chunks * (chunks - 1) / 2 + chunks * i;
        }
        EXPECT_EQ(sum, expected);
    }
}

}  // namespace
}  // namespace bitlathe
