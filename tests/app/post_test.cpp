#include "app/post.h"

#include <gtest/gtest.h>

#include <QObject>
#include <QTest>

#include <atomic>
#include <memory>
#include <thread>

namespace bitlathe {
namespace {

TEST(Post, RunsFunctionsOnTheTargetsThreadInOrder) {
    QObject target;
    const Post post = postTo(&target);
    std::vector<int> seen;
    const auto here = std::this_thread::get_id();
    bool same = true;
    std::thread worker([&] {
        for (int i = 0; i < 5; ++i) post([&, i] { seen.push_back(i), same = same && std::this_thread::get_id() == here; });
    });
    worker.join();
    ASSERT_TRUE(QTest::qWaitFor([&] { return seen.size() == 5; }));
    EXPECT_EQ(seen, (std::vector<int>{0, 1, 2, 3, 4}));
    EXPECT_TRUE(same);
}

TEST(Post, AWorkerThatIsLateFindsNobodyAndLeaves) {
    auto target = std::make_unique<QObject>();
    const Post post = postTo(target.get());
    std::atomic<bool> stop{false}, ran{false};
    std::thread worker([&] {
        while (!stop) post([&] { ran = true; });
    });
    QTest::qWait(10);
    target.reset();
    ran = false;
    QTest::qWait(20);
    stop = true;
    worker.join();
    QTest::qWait(5);
    EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace bitlathe
