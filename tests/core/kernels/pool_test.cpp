#include "core/kernels/pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/core/kernels/bytes.h"

namespace bitlathe {
namespace {

IconvShape windowOf(std::int64_t channels, std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
    IconvShape s;
    s.batch = 2;
    s.height = 7;
    s.width = 9;
    s.channels = s.outputs = s.groups = channels;
    s.kernelHeight = s.kernelWidth = kernel;
    s.strideHeight = s.strideWidth = stride;
    s.padTop = s.padLeft = pad;
    s.outHeight = (s.height + 2 * pad - kernel) / stride + 1;
    s.outWidth = (s.width + 2 * pad - kernel) / stride + 1;
    return s;
}

int codeAt(const IconvShape& s, const std::vector<std::uint8_t>& x, ByteType type, std::int64_t image, std::int64_t y,
           std::int64_t xPos, std::int64_t c) {
    const std::uint8_t byte = x[static_cast<std::size_t>(((image * s.height + y) * s.width + xPos) * s.channels + c)];
    return type == ByteType::U8 ? byte : static_cast<std::int8_t>(byte);
}

// Calls body(code) for every tap of a window that lies inside the image.
template <typename Body>
void forWindow(const IconvShape& s, const std::vector<std::uint8_t>& x, ByteType type, std::int64_t pixel, std::int64_t c, Body body) {
    const std::int64_t image = pixel / (s.outHeight * s.outWidth), oy = pixel / s.outWidth % s.outHeight, ox = pixel % s.outWidth;
    for (std::int64_t ky = 0; ky < s.kernelHeight; ++ky)
        for (std::int64_t kx = 0; kx < s.kernelWidth; ++kx) {
            const std::int64_t iy = oy * s.strideHeight - s.padTop + ky, ix = ox * s.strideWidth - s.padLeft + kx;
            if (iy >= 0 && iy < s.height && ix >= 0 && ix < s.width) body(codeAt(s, x, type, image, iy, ix, c));
        }
}

}  // namespace

TEST(Pool, MaximumEqualsTheDefinition) {
    Bytes random(1);
    for (const std::int64_t channels : {1, 3, 16, 31, 64, 70, 130})
        for (const std::int64_t kernel : {1, 2, 3})
            for (const std::int64_t stride : {1, 2})
                for (const std::int64_t pad : {0, 1})
                    for (const ByteType type : {ByteType::U8, ByteType::S8}) {
                        if (pad >= kernel) continue;
                        const IconvShape s = windowOf(channels, kernel, stride, pad);
                        const auto x = random.next(s.batch * s.height * s.width * channels);
                        const std::vector<std::uint8_t> padding(static_cast<std::size_t>(channels), type == ByteType::U8 ? 0 : 0x80);
                        for (const Isa isa : testIsas()) {
                            std::vector<std::uint8_t> y(static_cast<std::size_t>(s.pixels() * channels));
                            maxPool(isa, {s, x.data(), type, padding.data(), y.data()}, 0, s.pixels());
                            for (std::int64_t p = 0; p < s.pixels(); ++p)
                                for (std::int64_t c = 0; c < channels; ++c) {
                                    int best = -1000;
                                    forWindow(s, x, type, p, c, [&](int code) { best = std::max(best, code); });
                                    ASSERT_EQ(y[static_cast<std::size_t>(p * channels + c)], static_cast<std::uint8_t>(best)) << isaName(isa);
                                }
                        }
                    }
}

TEST(Pool, AverageFollowsTheFloatRule) {
    Bytes random(2);
    for (const std::int64_t channels : {1, 7, 16, 40})
        for (const std::int64_t kernel : {2, 3})
            for (const std::int64_t pad : {0, 1})
                for (const bool countPadding : {false, true})
                    for (const ByteType type : {ByteType::U8, ByteType::S8}) {
                        const IconvShape s = windowOf(channels, kernel, 2, pad);
                        const auto x = random.next(s.batch * s.height * s.width * channels);
                        const AverageRule rule{{0.031f, type == ByteType::U8 ? 120 : -9}, {0.027f, 10}, countPadding};
                        const std::vector<std::uint8_t> padding(static_cast<std::size_t>(channels), static_cast<std::uint8_t>(rule.x.zeroPoint));
                        for (const Isa isa : testIsas()) {
                            std::vector<std::uint8_t> y(static_cast<std::size_t>(s.pixels() * channels));
                            averagePool(isa, {s, x.data(), type, padding.data(), y.data()}, rule, 0, s.pixels());
                            for (std::int64_t p = 0; p < s.pixels(); ++p)
                                for (std::int64_t c = 0; c < channels; ++c) {
                                    float sum = 0;
                                    int inside = 0;
                                    forWindow(s, x, type, p, c, [&](int code) {
                                        sum += rule.x.scale * static_cast<float>(code - rule.x.zeroPoint);
                                        ++inside;
                                    });
                                    const float mean = sum / static_cast<float>(countPadding ? kernel * kernel : inside);
                                    const int up = -lowestCode(type);  // signed codes are made 128 up
                                    const float code = std::nearbyint(mean / rule.y.scale + static_cast<float>(rule.y.zeroPoint + up));
                                    const float want = std::clamp(code, 0.0f, 255.0f) - static_cast<float>(up);
                                    ASSERT_EQ(y[static_cast<std::size_t>(p * channels + c)], static_cast<std::uint8_t>(static_cast<int>(want))) << isaName(isa);
                                }
                        }
                    }
}

TEST(Pool, GlobalAverageFollowsTheIntegerRule) {
    Bytes random(3);
    for (const std::int64_t channels : {1, 5, 16, 17, 64, 100})
        for (const std::int64_t pixels : {1, 49, 1000})
            for (const ByteType type : {ByteType::U8, ByteType::S8}) {
                const auto x = random.next(pixels * channels);
                const ByteScale xs{0.05f, type == ByteType::U8 ? 128 : 3}, ys{0.02f, 5};
                for (const Isa isa : testIsas()) {
                    std::vector<std::uint8_t> y(static_cast<std::size_t>(channels));
                    globalAveragePool(isa, x.data(), type, pixels, channels, xs, ys, y.data(), 0, channels);
                    for (std::int64_t c = 0; c < channels; ++c) {
                        std::int32_t sum = 0;
                        for (std::int64_t p = 0; p < pixels; ++p) {
                            const std::uint8_t byte = x[static_cast<std::size_t>(p * channels + c)];
                            sum += (type == ByteType::U8 ? int(byte) : int(static_cast<std::int8_t>(byte))) - xs.zeroPoint;
                        }
                        const float v = static_cast<float>(sum) * (xs.scale / (ys.scale * static_cast<float>(pixels)));
                        const float want = std::clamp(std::nearbyint(v) + 5, float(lowestCode(type)), float(highestCode(type)));
                        ASSERT_EQ(y[static_cast<std::size_t>(c)], static_cast<std::uint8_t>(static_cast<int>(want))) << isaName(isa);
                    }
                }
            }
}

}  // namespace bitlathe
