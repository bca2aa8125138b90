#include "core/engine/operators/nhwc.h"

#include "core/engine/operator.h"
#include "core/kernels/transpose.h"

#include <algorithm>

namespace bitlathe {

namespace {

// batch × rows × columns to batch × columns × rows, in strips of columns.
void transposeImages(OperatorContext& context, const std::byte* x, std::int64_t batch, std::int64_t rows, std::int64_t columns, std::byte* y) {
    const std::int64_t strip = std::max<std::int64_t>(64, (1 << 16) / std::max<std::int64_t>(rows, 1) / 64 * 64);
    const std::int64_t strips = (columns + strip - 1) / strip;
    context.forEach(batch * strips, [&](std::int64_t chunk) {
        const std::int64_t begin = chunk % strips * strip, end = std::min(columns, begin + strip), image = chunk / strips * rows * columns;
        transposeBytes(context.machine().isa, x + image + begin, rows, end - begin, columns, y + image + begin * rows, rows);
    });
}

}  // namespace

const std::byte* toChannelsLast(OperatorContext& context, const Tensor& x) {
    const std::int64_t batch = x.shape()[0], channels = x.shape()[1], pixels = x.shape().count(2, x.shape().rank());
    if (channels == 1 || pixels == 1) return x.bytes().data();
    const auto turned = context.scratch<std::byte>(x.count());
    transposeImages(context, x.bytes().data(), batch, channels, pixels, turned.data());
    return turned.data();
}

void fromChannelsLast(OperatorContext& context, const std::byte* x, std::int64_t batch, std::int64_t pixels, std::int64_t channels, std::byte* y) {
    transposeImages(context, x, batch, pixels, channels, y);
}

Shape channelsFirst(const Shape& shape, bool channelsLast) {
    if (!channelsLast || shape.rank() < 3) return shape;
    std::vector<std::int64_t> dims = shape.dims();
    std::rotate(dims.begin() + 1, dims.end() - 1, dims.end());
    return Shape(std::move(dims));
}

Shape inLayout(const Shape& channelsFirst, bool channelsLast) {
    if (!channelsLast || channelsFirst.rank() < 3) return channelsFirst;
    std::vector<std::int64_t> dims = channelsFirst.dims();
    std::rotate(dims.begin() + 1, dims.begin() + 2, dims.end());
    return Shape(std::move(dims));
}

void runToChannelsLast(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int rank = x.shape().rank();
    if (rank < 3) context.fail("has no image to turn");
    if (bitsOf(x.type()) != 8) context.refuse("turns codes of one byte only, not " + std::string(nameOf(x.type())));
    Shape shape = inLayout(x.shape(), true);
    const std::int64_t channels = x.shape()[1], pixels = x.shape().count(2, rank);
    if (channels == 1 || pixels == 1) return context.setOutput(0, x.reshaped(std::move(shape)));
    std::byte* y = context.outputBytes(0, x.type(), std::move(shape));
    transposeImages(context, x.bytes().data(), x.shape()[0], channels, pixels, y);
}

void runToChannelsFirst(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int rank = x.shape().rank();
    if (rank < 3) context.fail("has no image to turn");
    if (bitsOf(x.type()) != 8) context.refuse("turns codes of one byte only, not " + std::string(nameOf(x.type())));
    Shape shape = channelsFirst(x.shape(), true);
    const std::int64_t channels = shape[1], pixels = shape.count(2, rank);
    if (channels == 1 || pixels == 1) return context.setOutput(0, x.reshaped(std::move(shape)));
    std::byte* y = context.outputBytes(0, x.type(), shape);
    fromChannelsLast(context, x.bytes().data(), shape[0], pixels, channels, y);
}

IconvShape iconvShape(const Window& w, std::int64_t batch, std::int64_t channels, std::int64_t outputs, std::int64_t groups) noexcept {
    IconvShape s;
    s.batch = batch;
    s.height = w.in[1];
    s.width = w.in[2];
    s.channels = channels;
    s.outputs = outputs;
    s.groups = groups;
    s.kernelHeight = w.kernel[1];
    s.kernelWidth = w.kernel[2];
    s.strideHeight = w.stride[1];
    s.strideWidth = w.stride[2];
    s.dilationHeight = w.dilation[1];
    s.dilationWidth = w.dilation[2];
    s.padTop = w.padBegin[1];
    s.padLeft = w.padBegin[2];
    s.outHeight = w.out[1];
    s.outWidth = w.out[2];
    return s;
}

}  // namespace bitlathe
