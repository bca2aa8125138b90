#include "core/kernels/iconv_rows.h"

#include <algorithm>
#include <cstring>

namespace bitlathe {
namespace {

// Adjacent output pixels of one output row.
struct Run {
    std::int64_t image, outY, outX;
    int first, count;  // position within the block
};

template <typename Body>
void forEachRun(const IconvShape& s, std::int64_t pixelBegin, int count, const Body& body) noexcept {
    for (int first = 0; first < count;) {
        const std::int64_t pixel = pixelBegin + first;
        const std::int64_t outX = pixel % s.outWidth;
        const int length = static_cast<int>(std::min<std::int64_t>(s.outWidth - outX, count - first));
        body(Run{pixel / (s.outHeight * s.outWidth), pixel / s.outWidth % s.outHeight, outX, first, length});
        first += length;
    }
}

constexpr std::int64_t ceilDiv(std::int64_t a, std::int64_t b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

const std::uint8_t* imageRow(const IconvCall& call, const Run& run, std::int64_t inY) noexcept {
    const IconvShape& s = call.shape;
    return static_cast<const std::uint8_t*>(call.x) + (run.image * s.height + inY) * s.width * s.channels;
}

// Short copies of unknown length: a call of memcpy would cost more than the bytes.
void copyShort(std::uint8_t* to, const std::uint8_t* from, std::int64_t count) noexcept {
    std::int64_t i = 0;
    for (; i + 8 <= count; i += 8) std::memcpy(to + i, from + i, 8);
    for (; i < count; ++i) to[i] = from[i];
}

// One kernel row of one pixel, tap by tap: some taps may lie outside. `image`: the row of x, or nullptr
// where all of it is padding.
void copyTaps(const IconvShape& s, const std::uint8_t* image, const std::uint8_t* padding, std::int64_t inX,
              std::int64_t channelOffset, std::int64_t channels, std::uint8_t* to) noexcept {
    for (std::int64_t kx = 0; kx < s.kernelWidth; ++kx, to += channels) {
        const std::int64_t x = inX + kx * s.dilationWidth;
        const bool inside = image && x >= 0 && x < s.width;
        copyShort(to, (inside ? image + x * s.channels : padding) + channelOffset, channels);
    }
}

// The same kernel row of `count` pixels, each `bytes` adjacent bytes in x. Copies eight at a time and so up
// to 7 too many, where `readEnd` allows it; what it writes too many, the next kernel row writes again.
void copyRuns(const std::uint8_t* from, std::int64_t fromStep, const std::uint8_t* readEnd, std::uint8_t* to, std::int64_t toStep,
              int count, std::int64_t bytes) noexcept {
    const std::int64_t eights = (bytes + 7) / 8 * 8;
    for (; count > 0 && from + eights <= readEnd; --count, from += fromStep, to += toStep)
        for (std::int64_t i = 0; i < eights; i += 8) std::memcpy(to + i, from + i, 8);
    for (; count > 0; --count, from += fromStep, to += toStep) copyShort(to, from, bytes);
}

}  // namespace

void iconvRowPointers(const IconvCall& call, std::int64_t pixelBegin, int count, std::int64_t channelOffset,
                      const std::uint8_t** rows, std::int64_t rowsStride) noexcept {
    const IconvShape& s = call.shape;
    const auto* padding = static_cast<const std::uint8_t*>(call.paddingRow) + channelOffset;
    const std::int64_t step = s.strideWidth * s.channels;
    forEachRun(s, pixelBegin, count, [&](const Run& run) {
        for (std::int64_t ky = 0; ky < s.kernelHeight; ++ky) {
            const std::int64_t inY = run.outY * s.strideHeight - s.padTop + ky * s.dilationHeight;
            for (std::int64_t kx = 0; kx < s.kernelWidth; ++kx) {
                const std::uint8_t** to = rows + (ky * s.kernelWidth + kx) * rowsStride + run.first;
                if (inY < 0 || inY >= s.height) {
                    std::fill(to, to + run.count, padding);
                    continue;
                }
                // Pixels [begin, end) of the run look inside the image.
                const std::int64_t shift = kx * s.dilationWidth - s.padLeft;
                const std::int64_t begin =
                    std::clamp<std::int64_t>(ceilDiv(-shift, s.strideWidth) - run.outX, 0, run.count);
                const std::int64_t end =
                    std::clamp<std::int64_t>(ceilDiv(s.width - shift, s.strideWidth) - run.outX, begin, run.count);
                std::fill(to, to + begin, padding);
                const std::uint8_t* from = imageRow(call, run, inY) + channelOffset +
                                           ((run.outX + begin) * s.strideWidth + shift) * s.channels;
                for (std::int64_t i = begin; i < end; ++i, from += step) to[i] = from;
                std::fill(to + end, to + run.count, padding);
            }
        }
    });
}

void iconvCopyRows(const IconvCall& call, std::int64_t pixelBegin, int count, std::int64_t channelOffset,
                   std::int64_t channels, std::uint8_t* to, std::int64_t toStride) noexcept {
    const IconvShape& s = call.shape;
    const auto* padding = static_cast<const std::uint8_t*>(call.paddingRow);
    const auto* readEnd = static_cast<const std::uint8_t*>(call.x) + s.batch * s.height * s.width * s.channels;
    const std::int64_t kernelRow = s.kernelWidth * channels;
    // Then a whole row of the kernel is one run of bytes.
    const bool adjacent = s.dilationWidth == 1 && channels == s.channels;
    forEachRun(s, pixelBegin, count, [&](const Run& run) {
        // Pixels [begin, end) of the run have all their taps inside, as to columns.
        const std::int64_t last = s.width - s.kernelWidth;
        const auto begin = static_cast<int>(std::clamp<std::int64_t>(ceilDiv(s.padLeft, s.strideWidth) - run.outX, 0, run.count));
        const auto end = static_cast<int>(
            std::clamp<std::int64_t>(ceilDiv(last + 1 + s.padLeft, s.strideWidth) - run.outX, begin, run.count));
        for (std::int64_t ky = 0; ky < s.kernelHeight; ++ky) {
            const std::int64_t inY = run.outY * s.strideHeight - s.padTop + ky * s.dilationHeight;
            const std::uint8_t* image = inY >= 0 && inY < s.height ? imageRow(call, run, inY) : nullptr;
            std::uint8_t* out = to + run.first * toStride + ky * kernelRow;
            for (int i = 0; i < run.count; ++i) {
                const std::int64_t inX = (run.outX + i) * s.strideWidth - s.padLeft;
                if (adjacent && image && i == begin && begin < end) {
                    copyRuns(image + inX * s.channels, s.strideWidth * s.channels, readEnd, out + i * toStride, toStride,
                             end - begin, kernelRow);
                    i = end - 1;
                } else {
                    copyTaps(s, image, padding, inX, channelOffset, channels, out + i * toStride);
                }
            }
        }
    });
}

}  // namespace bitlathe
