#include "core/kernels/transpose.h"

#include <gtest/gtest.h>

#include "tests/core/kernels/bytes.h"

namespace bitlathe {

TEST(Transpose, MovesEveryByte) {
    Bytes random(1);
    for (const std::int64_t rows : {1, 3, 15, 16, 17, 32, 50})
        for (const std::int64_t columns : {1, 2, 16, 31, 49, 64})
            for (const std::int64_t extra : {0, 5}) {
                const auto x = random.next(rows * (columns + extra));
                for (const Isa isa : testIsas()) {
                    std::vector<std::uint8_t> y(static_cast<std::size_t>(columns * (rows + extra)), 0xaa);
                    transposeBytes(isa, x.data(), rows, columns, columns + extra, y.data(), rows + extra);
                    for (std::int64_t c = 0; c < columns; ++c) {
                        for (std::int64_t r = 0; r < rows; ++r)
                            ASSERT_EQ(y[static_cast<std::size_t>(c * (rows + extra) + r)], x[static_cast<std::size_t>(r * (columns + extra) + c)]) << isaName(isa);
                        for (std::int64_t r = rows; r < rows + extra; ++r) ASSERT_EQ(y[static_cast<std::size_t>(c * (rows + extra) + r)], 0xaa);
                    }
                }
            }
}

TEST(Transpose, MovesEveryFloat) {
    for (const std::int64_t rows : {1, 7, 8, 9, 24, 33})
        for (const std::int64_t columns : {1, 8, 15, 16, 40})
            for (const std::int64_t extra : {0, 3}) {
                std::vector<float> x(static_cast<std::size_t>(rows * (columns + extra)));
                for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
                for (const Isa isa : testIsas()) {
                    std::vector<float> y(static_cast<std::size_t>(columns * (rows + extra)), -1);
                    transposeFloats(isa, x.data(), rows, columns, columns + extra, y.data(), rows + extra);
                    for (std::int64_t c = 0; c < columns; ++c) {
                        for (std::int64_t r = 0; r < rows; ++r)
                            ASSERT_EQ(y[static_cast<std::size_t>(c * (rows + extra) + r)], x[static_cast<std::size_t>(r * (columns + extra) + c)]) << isaName(isa);
                        for (std::int64_t r = rows; r < rows + extra; ++r) ASSERT_EQ(y[static_cast<std::size_t>(c * (rows + extra) + r)], -1);
                    }
                }
            }
}

}  // namespace bitlathe
