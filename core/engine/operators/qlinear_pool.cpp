#include "core/engine/operators/qlinear_pool.h"

#include "core/engine/operator.h"
#include "core/engine/operators/byte_scale.h"
#include "core/engine/operators/nhwc.h"
#include "core/kernels/pool.h"

#include <algorithm>

namespace bitlathe {

namespace {

// A pool over 1 or 2 spatial axes in either layout: everything but the arithmetic.
struct PoolRun {
    PoolCall call;
    Shape out;
    bool channelsLast;
    std::byte *y, *to;

    PoolRun(OperatorContext& context, const Tensor& x, bool last, std::uint8_t padding) : channelsLast(last) {
        call.type = codesOf(context, x);
        const Shape shape = channelsFirst(x.shape(), channelsLast);
        const auto kernel = context.node().integers("kernel_shape");
        const Window window = resolveWindow(context, shape, kernel);
        if (window.spatial > 2) context.refuse("works on 1 or 2 spatial axes, not on " + toText(x.shape()));
        call.shape = iconvShape(window, shape[0], shape[1], shape[1], shape[1]);
        const auto row = context.scratch<std::uint8_t>(shape[1]);
        std::fill(row.begin(), row.end(), padding);
        call.paddingRow = row.data();
        out = inLayout(window.outShape({shape[0], shape[1]}), channelsLast);
        y = context.outputBytes(0, x.type(), out);
        to = direct() ? y : context.scratch<std::byte>(out.count()).data();
        call.y = to;
        call.x = channelsLast ? x.bytes().data() : toChannelsLast(context, x);
    }
    std::int64_t pixels() const { return call.shape.outHeight * call.shape.outWidth; }
    bool direct() const { return channelsLast || pixels() == 1 || call.shape.channels == 1; }
    template <class F>
    void go(OperatorContext& context, F&& body) const {
        context.forRange(call.shape.pixels(), std::max<std::int64_t>(1, (1 << 14) / std::max<std::int64_t>(1, call.shape.channels)), body);
        if (!direct()) fromChannelsLast(context, to, call.shape.batch, pixels(), call.shape.channels, y);
    }
};

}  // namespace

void runQLinearAveragePool(OperatorContext& context) {
    if (context.node().integer("ceil_mode", 0) != 0) context.refuse("rounds its output extents up, which cannot run in integers here yet");
    AverageRule rule;
    rule.x = byteScale(context, 1);
    rule.y = byteScale(context, 3);
    rule.countPadding = context.node().integer("count_include_pad", 0) != 0;
    const PoolRun run(context, context.input(0), context.node().integer("channels_last", 0) != 0, static_cast<std::uint8_t>(rule.x.zeroPoint));
    run.go(context, [&](std::int64_t begin, std::int64_t end) { averagePool(context.machine().isa, run.call, rule, begin, end); });
}

void runNhwcMaxPool(OperatorContext& context) {
    if (context.node().integer("ceil_mode", 0) != 0) context.refuse("rounds its output extents up, which cannot run in integers here yet");
    const Tensor& x = context.input(0);
    const ByteType type = codesOf(context, x);
    const PoolRun run(context, x, true, static_cast<std::uint8_t>(lowestCode(type)));
    run.go(context, [&](std::int64_t begin, std::int64_t end) { maxPool(context.machine().isa, run.call, begin, end); });
}

void runQLinearGlobalAveragePool(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const ByteType type = codesOf(context, x);
    const ByteScale in = byteScale(context, 1), out = byteScale(context, 3);
    const bool last = context.node().integer("channels_last", 0) != 0;
    const Shape shape = channelsFirst(x.shape(), last);
    if (shape.rank() < 3) context.fail("its input must have batch, channel and spatial axes, but is " + toText(x.shape()));
    const std::int64_t batch = shape[0], channels = shape[1], pixels = shape.count(2, shape.rank());
    std::vector<std::int64_t> dims(static_cast<std::size_t>(shape.rank()), 1);
    dims[0] = batch;
    dims[1] = channels;
    std::byte* y = context.outputBytes(0, x.type(), inLayout(Shape(std::move(dims)), last));
    const std::byte* from = last ? x.bytes().data() : toChannelsLast(context, x);
    const std::int64_t strip = 64, strips = (channels + strip - 1) / strip;
    context.forEach(batch * strips, [&](std::int64_t chunk) {
        const std::int64_t n = chunk / strips, begin = chunk % strips * strip;
        globalAveragePool(context.machine().isa, from + n * pixels * channels, type, pixels, channels, in, out, y + n * channels, begin,
                          std::min(channels, begin + strip));
    });
}

}  // namespace bitlathe
