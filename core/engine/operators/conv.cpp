#include "core/engine/operators/conv.h"

#include "core/engine/blas.h"
#include "core/engine/operator.h"
#include "core/engine/operators/epilogue.h"
#include "core/engine/operators/im2col.h"

#include <algorithm>

namespace bitlathe {

namespace {

struct ConvState {
    Epilogue epilogue;
};

// One convolution, resolved. x: n × channels × in; w: outputs × channels/groups × taps; y: n × outputs × out.
struct ConvTask {
    Window window;
    std::int64_t batch, channels, outputs, groups;
    const float *x, *w, *bias, *addend;
    float* y;
    Epilogue epilogue;

    void finish(std::int64_t n, std::int64_t output, std::int64_t begin, std::int64_t end) const {
        const std::int64_t at = (n * outputs + output) * window.outCount() + begin;
        if (bias || addend || epilogue.activation != Epilogue::Activation::None)
            epilogue.apply(y + at, end - begin, bias ? bias[output] : 0.0f, addend ? addend + at : nullptr);
    }
};

bool isDepthwise(const ConvTask& t) { return t.groups > 1 && t.channels == t.groups; }

// One row of one tap: y[i] += w · x[i · stride + offset], where that lies inside.
void addTap(const float* x, std::int64_t width, float w, std::int64_t offset, std::int64_t stride, float* y, std::int64_t count) {
    const std::int64_t begin = offset < 0 ? std::min(count, (-offset + stride - 1) / stride) : 0;
    const std::int64_t end = offset >= width ? 0 : std::min(count, (width - 1 - offset) / stride + 1);
    x += offset;
    if (stride == 1)
        for (std::int64_t i = begin; i < end; ++i) y[i] += w * x[i];
    else
        for (std::int64_t i = begin; i < end; ++i) y[i] += w * x[i * stride];
}

void depthwisePlane(const ConvTask& t, std::int64_t n, std::int64_t output) {
    const Window& w = t.window;
    const std::int64_t channel = output / (t.outputs / t.groups);
    const float* image = t.x + (n * t.channels + channel) * w.inCount();
    float* plane = t.y + (n * t.outputs + output) * w.outCount();
    std::fill_n(plane, w.outCount(), 0.0f);
    for (std::int64_t od = 0; od < w.out[0]; ++od)
        for (std::int64_t oh = 0; oh < w.out[1]; ++oh) {
            float* row = plane + (od * w.out[1] + oh) * w.out[2];
            const float* tap = t.w + output * w.taps();
            for (std::int64_t kd = 0; kd < w.kernel[0]; ++kd)
                for (std::int64_t kh = 0; kh < w.kernel[1]; ++kh, tap += w.kernel[2]) {
                    const std::int64_t d = od * w.stride[0] + kd * w.dilation[0] - w.padBegin[0];
                    const std::int64_t h = oh * w.stride[1] + kh * w.dilation[1] - w.padBegin[1];
                    if (d < 0 || d >= w.in[0] || h < 0 || h >= w.in[1]) continue;
                    for (std::int64_t kw = 0; kw < w.kernel[2]; ++kw)
                        addTap(image + (d * w.in[1] + h) * w.in[2], w.in[2], tap[kw], kw * w.dilation[2] - w.padBegin[2], w.stride[2], row, w.out[2]);
                }
        }
    t.finish(n, output, 0, w.outCount());
}

// Columns of patches per product: the patch matrix stays in the second-level cache.
std::int64_t tileColumns(std::int64_t depth, std::int64_t columns) {
    constexpr std::int64_t kElements = 1 << 16;
    return std::min(columns, std::max<std::int64_t>(64, kElements / std::max<std::int64_t>(depth, 1) / 64 * 64));
}

void convolve(OperatorContext& context, const ConvTask& t) {
    const Blas& blas = *context.machine().blas;
    const std::int64_t perGroup = t.channels / t.groups, outputs = t.outputs / t.groups;
    const std::int64_t depth = perGroup * t.window.taps(), columns = t.window.outCount();
    const bool inPlace = t.window.isPointwise();
    const std::int64_t tile = tileColumns(depth, columns), tiles = (columns + tile - 1) / tile;
    // Few columns: cut the output channels too, and build each patch matrix more than once.
    const std::int64_t block = t.batch * t.groups * tiles < 8 ? std::max<std::int64_t>(64, (outputs + 3) / 4) : outputs;
    const std::int64_t blocks = (outputs + block - 1) / block;
    context.forEachWithScratch(t.batch * t.groups * tiles * blocks, inPlace ? 0 : depth * tile * 4, [&](std::int64_t chunk, std::byte* scratch) {
        const std::int64_t m0 = chunk % blocks * block, m1 = std::min(outputs, m0 + block);
        const std::int64_t begin = chunk / blocks % tiles * tile, end = std::min(columns, begin + tile);
        const std::int64_t group = chunk / blocks / tiles % t.groups, n = chunk / blocks / tiles / t.groups;
        const float* image = t.x + (n * t.channels + group * perGroup) * t.window.inCount();
        auto* col = reinterpret_cast<float*>(scratch);
        if (!inPlace) im2col(t.window, perGroup, image, begin, end, col);
        const std::int64_t first = group * outputs + m0;
        blas.sgemm({.m = m1 - m0, .n = end - begin, .k = depth,
                    .a = t.w + first * depth, .lda = depth,
                    .b = inPlace ? image + begin : col, .ldb = inPlace ? columns : end - begin,
                    .c = t.y + (n * t.outputs + first) * columns + begin, .ldc = columns});
        for (std::int64_t m = m0; m < m1; ++m) t.finish(n, group * outputs + m, begin, end);
    });
}

}  // namespace

Prepared prepareConv(const PrepareContext& context) {
    auto state = std::make_shared<ConvState>();
    if (!Epilogue::fromNode(context.node, state->epilogue)) context.fail("its activation is not one that can be fused");
    const Tensor* weights = context.constant(1);
    const bool depthwise = weights && weights->shape().rank() > 1 && weights->shape()[1] == 1 && context.node.integer("group", 1) > 1;
    return {std::move(state), depthwise ? "depthwise float" : "im2col sgemm (" + context.machine.blas->name() + ")"};
}

void runConv(OperatorContext& context) {
    const Tensor &x = context.input(0), &w = context.input(1);
    const Tensor *bias = context.optional(2), *addend = context.optional(3);
    for (const Tensor* tensor : {&x, &w, bias, addend})
        if (tensor && tensor->type() != ElementType::F32) context.refuse("works on float tensors only, not on " + std::string(nameOf(tensor->type())));
    if (w.shape().rank() != x.shape().rank()) context.fail("input " + toText(x.shape()) + " and filter " + toText(w.shape()) + " differ in rank");
    const auto& kernel = w.shape().dims();
    ConvTask t;
    t.window = resolveWindow(context, x.shape(), std::span(kernel).subspan(std::min<std::size_t>(2, kernel.size())));
    t.batch = x.shape()[0];
    t.channels = x.shape()[1];
    t.outputs = w.shape()[0];
    t.groups = context.node().integer("group", 1);
    if (t.groups < 1 || t.channels % t.groups != 0 || t.outputs % t.groups != 0 || w.shape()[1] != t.channels / t.groups)
        context.fail("input " + toText(x.shape()) + ", filter " + toText(w.shape()) + " and group " + std::to_string(t.groups) + " do not fit");
    if (bias && bias->count() != t.outputs) context.fail("the bias has " + std::to_string(bias->count()) + " values for " + std::to_string(t.outputs) + " channels");
    t.x = x.as<float>().data();
    t.w = w.as<float>().data();
    t.bias = bias ? bias->as<float>().data() : nullptr;
    t.addend = addend ? addend->as<float>().data() : nullptr;
    t.epilogue = context.prepared<ConvState>()->epilogue;
    Shape shape = t.window.outShape({t.batch, t.outputs});
    if (addend && addend->shape() != shape) context.fail("the added tensor has another shape than the output");
    t.y = context.output<float>(0, std::move(shape)).data();
    if (isDepthwise(t))
        context.forEach(t.batch * t.outputs, [&](std::int64_t i) { depthwisePlane(t, i / t.outputs, i % t.outputs); });
    else convolve(context, t);
}

}  // namespace bitlathe
