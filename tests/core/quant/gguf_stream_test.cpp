// Tensors in pieces: the bytes of packGgufRows(), in order, for every number of threads.
#include "core/quant/gguf_stream.h"

#include "core/base/error.h"
#include "core/base/job.h"
#include "core/base/parallel.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace bitlathe {
namespace {

std::vector<float> bell(std::size_t count) {
    std::minstd_rand random(5);
    std::normal_distribution<float> normal;
    std::vector<float> x(count);
    for (float& v : x) v = normal(random);
    return x;
}

std::vector<std::byte> streamed(const GgufRows& rows, std::span<const float> x, int threads) {
    std::vector<std::byte> all;
    Workers workers(threads);
    JobContext job;
    streamGguf(rows, ElementType::F32, std::as_bytes(x), [&](std::span<const std::byte> bytes) { all.insert(all.end(), bytes.begin(), bytes.end()); }, workers, job);
    return all;
}

TEST(GgufStream, GivesTheBytesOfAllRowsInOrder) {
    for (const std::int64_t columns : {256, 768, 40960}) {
        const auto x = bell(static_cast<std::size_t>(columns * (1500000 / columns + 1)));
        for (const GgufType type : {GgufType::Q8_0, GgufType::Q4_0, GgufType::Q6_K}) {
            const GgufRows rows{ggufForm(type), columns};
            std::vector<std::byte> expected(static_cast<std::size_t>(static_cast<std::int64_t>(x.size()) / columns * rows.rowBytes()));
            packGgufRows(rows, x, expected);
            for (const int threads : {1, 3}) EXPECT_EQ(streamed(rows, x, threads), expected) << columns << " columns, " << threads << " threads";
        }
    }
}

TEST(GgufStream, ATensorWithoutRowsHasNoBytes) { EXPECT_TRUE(streamed({ggufForm(GgufType::Q4_0), 32}, {}, 2).empty()); }

TEST(GgufStream, AFullDiskEndsIt) {
    const auto x = bell(1 << 21);
    Workers workers(2);
    JobContext job;
    const auto full = [](std::span<const std::byte>) { throw Error{ErrorKind::Output, "no space left"}; };
    EXPECT_THROW(streamGguf({ggufForm(GgufType::Q4_0), 4096}, ElementType::F32, std::as_bytes(std::span(x)), full, workers, job), Error);
}

TEST(GgufStream, StopsBetweenPieces) {
    const auto x = bell(1 << 21);
    Workers workers(2);
    std::stop_source stop;
    JobContext job(stop.get_token());
    std::size_t taken = 0;
    const auto take = [&](std::span<const std::byte> bytes) {
        taken += bytes.size();
        stop.request_stop();
    };
    EXPECT_THROW(streamGguf({ggufForm(GgufType::Q8_0), 4096}, ElementType::F32, std::as_bytes(std::span(x)), take, workers, job), Cancelled);
    EXPECT_LT(taken, x.size());
}

}  // namespace
}  // namespace bitlathe
