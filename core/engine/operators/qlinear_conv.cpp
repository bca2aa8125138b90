#include "core/engine/operators/qlinear_conv.h"

#include "core/base/error.h"
#include "core/engine/operator.h"
#include "core/engine/operators/integer_product.h"
#include "core/engine/operators/nhwc.h"
#include "core/kernels/kernel_list.h"

#include <algorithm>
#include <cstring>

namespace bitlathe {

namespace {

// A filter packed for the kernels, with the part of the geometry that it decides.
struct ConvState {
    IconvShape shape;
    ByteType type = ByteType::S8;
    Tensor packed;
    std::vector<std::int32_t> zeros;
};

// Empty reason: packed.
std::string packFilter(const Node& node, const Tensor& w, const Tensor* zero, ConvState& state) {
    if (!byteTypeOf(w.type(), state.type)) return "convolves 8-bit codes only, not " + std::string(nameOf(w.type()));
    const int rank = w.shape().rank();
    if (rank != 3 && rank != 4) return "works on 1 or 2 spatial axes, not on a filter " + toText(w.shape());
    IconvShape& s = state.shape;
    s.groups = node.integer("group", 1);
    s.outputs = w.shape()[0];
    if (s.groups < 1 || s.groups > s.outputs) return "filter " + toText(w.shape()) + " and group " + std::to_string(s.groups) + " do not fit";
    s.channels = w.shape()[1] * s.groups;
    s.kernelHeight = rank == 4 ? w.shape()[2] : 1;
    s.kernelWidth = w.shape()[rank - 1];
    if (s.groups < 1 || s.outputs < 1 || s.channels < 1 || s.outputs % s.groups != 0) return "filter " + toText(w.shape()) + " and group " + std::to_string(s.groups) + " do not fit";
    if (!iconvFits(s)) return "has a kernel too large to run in integers";
    state.zeros = zeroPoints(zero);
    if (state.zeros.size() > 1 && static_cast<std::int64_t>(state.zeros.size()) != s.outputs) return "the filter's zero points do not fit its output channels";
    std::byte* packed = nullptr;
    state.packed = Tensor::allocate(ElementType::U8, Shape{iconvPackedBytes(s)}, packed);
    iconvPack(s, w.bytes().data(), state.type, packed);
    return {};
}

Prepared prepareFilter(const PrepareContext& context, std::size_t w, std::size_t zero) {
    Prepared prepared;
    const Tensor* filter = context.constant(w);
    const bool zeroKnown = zero >= context.node.inputs.size() || context.node.inputs[zero] == kNoValue || context.constant(zero);
    if (!filter || !zeroKnown) return prepared;
    auto state = std::make_shared<ConvState>();
    if (const std::string why = packFilter(context.node, *filter, context.constant(zero), *state); !why.empty())
        throw Error(ErrorKind::Unsupported, placeOf(context.node) + why);
    prepared.kernel = kernelFor(iconvKernelKind(state->shape), context.machine.isa).name;
    prepared.state = std::move(state);
    return prepared;
}

// One run: geometry, folded zero points, and the call but for its destination.
struct ConvRun {
    ConvState fresh;
    const ConvState* state;
    Shape out;  // in the tensors' layout
    IconvCall call;
    bool channelsLast;

    ConvRun(OperatorContext& context, const Tensor& x, const Tensor* xZero, const Tensor& w, const Tensor* wZero, const Tensor* bias) {
        state = context.prepared<ConvState>();
        if (!state) {
            if (const std::string why = packFilter(context.node(), w, wZero, fresh); !why.empty()) context.refuse(why);
            state = &fresh;
        }
        channelsLast = context.node().integer("channels_last", 0) != 0;
        const Shape shape = channelsFirst(x.shape(), channelsLast);
        const auto& dims = w.shape().dims();
        if (shape.rank() != w.shape().rank()) context.fail("input " + toText(x.shape()) + " and filter " + toText(w.shape()) + " differ in rank");
        const Window window = resolveWindow(context, shape, std::span(dims).subspan(2));
        if (shape[1] != state->shape.channels) context.fail("input " + toText(x.shape()) + " and filter " + toText(w.shape()) + " differ in channels");
        call.shape = iconvShape(window, shape[0], shape[1], state->shape.outputs, state->shape.groups);
        out = inLayout(window.outShape({shape[0], state->shape.outputs}), channelsLast);
        if (!byteTypeOf(x.type(), call.xType)) context.refuse("convolves 8-bit codes only, not " + std::string(nameOf(x.type())));
        fold(context, xZero, bias);
        call.x = channelsLast ? x.bytes().data() : toChannelsLast(context, x);
    }
    void fold(OperatorContext& context, const Tensor* xZero, const Tensor* bias) {
        if (xZero && xZero->count() != 1) context.refuse("has more than one zero point for its input");
        const std::int32_t zero = xZero ? zeroPoints(xZero)[0] : 0;
        if (bias && (bias->type() != ElementType::I32 || bias->count() != state->shape.outputs)) context.fail("the bias is not one int32 per output channel");
        const std::int64_t count = iconvOffsetCount(call.shape);
        const auto offsets = context.scratch<std::int32_t>(count), zeros = context.scratch<std::int32_t>(count);
        const IgemmZeroPoints points{call.xType, zero, state->type, state->zeros.empty() ? nullptr : state->zeros.data(), static_cast<std::int64_t>(state->zeros.size())};
        const bool both = iconvOffsets(call.shape, state->packed.bytes().data(), points, bias ? bias->as<std::int32_t>().data() : nullptr, offsets.data(), zeros.data());
        call.packed = state->packed.bytes().data();
        call.offsets = offsets.data();
        call.outputZeros = both ? zeros.data() : nullptr;
        const auto row = context.scratch<std::uint8_t>(call.shape.channels);
        std::fill(row.begin(), row.end(), static_cast<std::uint8_t>(zero));
        call.paddingRow = row.data();
    }
    void go(OperatorContext& context) const {
        const Isa isa = context.machine().isa;
        // Multiples of 96 pixels that are worth waking a thread for.
        const std::int64_t perPixel = std::max<std::int64_t>(1, call.shape.outputs * call.shape.taps() * (call.shape.channels / call.shape.groups));
        const std::int64_t grain = std::max<std::int64_t>(1, kIntegerGrain / perPixel / 96) * 96;
        context.forRange(call.shape.pixels(), grain, [&](std::int64_t begin, std::int64_t end) { iconv(isa, call, begin, end); });
    }
};

}  // namespace

Prepared prepareQLinearConv(const PrepareContext& context) { return prepareFilter(context, 3, 5); }

void runQLinearConv(OperatorContext& context) {
    const Tensor &w = context.input(3), &yZero = context.input(7);
    ConvRun run(context, context.input(0), context.optional(2), w, context.optional(5), context.optional(8));
    const Tensor xScale = toFloat32(context.input(1)), wScale = toFloat32(context.input(4)), yScale = toFloat32(context.input(6));
    const std::int64_t outputs = run.call.shape.outputs;
    if (xScale.count() != 1 || yScale.count() != 1 || yZero.count() != 1 || (wScale.count() != 1 && wScale.count() != outputs))
        context.fail("its scales do not fit: one for the input, one for the output, one or one per channel for the filter");
    const auto scales = context.scratch<float>(wScale.count());
    for (std::size_t i = 0; i < scales.size(); ++i) scales[i] = xScale.as<float>()[0] * wScale.as<float>()[i] / yScale.as<float>()[0];
    ByteType type;
    if (!byteTypeOf(yZero.type(), type)) context.refuse("makes 8-bit codes only, not " + std::string(nameOf(yZero.type())));
    run.call.rule = {scales.data(), scales.size() > 1, zeroPoints(&yZero)[0], lowestCode(type), highestCode(type)};
    std::byte* y = context.outputBytes(0, yZero.type(), run.out);
    const std::int64_t batch = run.call.shape.batch, pixels = run.call.shape.outHeight * run.call.shape.outWidth;
    const bool direct = run.channelsLast || outputs == 1 || pixels == 1;
    std::byte* to = direct ? y : context.scratch<std::byte>(batch * pixels * outputs).data();
    run.call.y = to;
    run.go(context);
    if (!direct) fromChannelsLast(context, to, batch, pixels, outputs, y);
}

Prepared prepareConvInteger(const PrepareContext& context) { return prepareFilter(context, 1, 3); }

void runConvInteger(OperatorContext& context) {
    ConvRun run(context, context.input(0), context.optional(2), context.input(1), context.optional(3), nullptr);
    const std::int64_t batch = run.call.shape.batch, pixels = run.call.shape.outHeight * run.call.shape.outWidth, outputs = run.call.shape.outputs;
    const auto y = context.output<std::int32_t>(0, run.out);
    const bool direct = run.channelsLast || outputs == 1 || pixels == 1;
    const auto to = direct ? y : context.scratch<std::int32_t>(batch * pixels * outputs);
    run.call.c = to.data();
    run.go(context);
    if (direct) return;
    context.forEach(batch * outputs, [&](std::int64_t plane) {
        const std::int32_t* from = to.data() + plane / outputs * pixels * outputs + plane % outputs;
        for (std::int64_t i = 0; i < pixels; ++i) y[static_cast<std::size_t>(plane * pixels + i)] = from[i * outputs];
    });
}

}  // namespace bitlathe
