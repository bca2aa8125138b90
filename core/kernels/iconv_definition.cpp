#include "core/kernels/iconv.h"

namespace bitlathe {
namespace {

std::int64_t value(ByteType type, const void* data, std::int64_t index) noexcept {
    const std::uint8_t byte = static_cast<const std::uint8_t*>(data)[index];
    return type == ByteType::U8 ? byte : static_cast<std::int8_t>(byte);
}

}  // namespace

void iconvDefinition(const IconvShape& s, const void* x, ByteType xType, std::int32_t xz, const void* weights,
                     ByteType wType, const std::int32_t* wz, const std::int32_t* bias, std::int32_t* c) noexcept {
    const std::int64_t depth = s.channels / s.groups;
    for (std::int64_t pixel = 0; pixel < s.pixels(); ++pixel)
        for (std::int64_t o = 0; o < s.outputs; ++o) {
            const std::int64_t image = pixel / (s.outHeight * s.outWidth);
            const std::int64_t outY = pixel / s.outWidth % s.outHeight, outX = pixel % s.outWidth;
            std::int64_t sum = bias ? bias[o] : 0;
            for (std::int64_t ky = 0; ky < s.kernelHeight; ++ky)
                for (std::int64_t kx = 0; kx < s.kernelWidth; ++kx) {
                    const std::int64_t inY = outY * s.strideHeight - s.padTop + ky * s.dilationHeight;
                    const std::int64_t inX = outX * s.strideWidth - s.padLeft + kx * s.dilationWidth;
                    if (inY < 0 || inY >= s.height || inX < 0 || inX >= s.width) continue;  // padding is exactly 0
                    for (std::int64_t d = 0; d < depth; ++d) {
                        const std::int64_t channel = o / (s.outputs / s.groups) * depth + d;
                        const std::int64_t at = ((image * s.height + inY) * s.width + inX) * s.channels + channel;
                        const std::int64_t weight = ((o * depth + d) * s.kernelHeight + ky) * s.kernelWidth + kx;
                        sum += (value(xType, x, at) - xz) * (value(wType, weights, weight) - (wz ? wz[o] : 0));
                    }
                }
            c[pixel * s.outputs + o] = static_cast<std::int32_t>(static_cast<std::uint32_t>(sum));
        }
}

}  // namespace bitlathe
