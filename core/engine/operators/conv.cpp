#include "core/engine/operators/conv.h"

#include "core/engine/operator.h"
#include "core/engine/operators/epilogue.h"
#include "core/engine/operators/staged_image.h"
#include "core/kernels/kernel_list.h"

#include <algorithm>
#include <limits>

namespace bitlathe {

namespace {

struct ConvState {
    Epilogue epilogue;
    Tensor packed;  // of a constant filter, group after group
};

// One convolution, resolved. x: batch × channels × in; w: outputs × channels/groups × taps; y: batch × outputs × out.
struct ConvTask {
    Window window;
    std::int64_t batch = 0, channels = 0, outputs = 0, groups = 1;
    const float *x = nullptr, *bias = nullptr, *addend = nullptr;
    float* y = nullptr;
    const float* packed = nullptr;
    Epilogue epilogue;

    std::int64_t perGroup() const { return channels / groups; }
    std::int64_t groupOutputs() const { return outputs / groups; }
    std::int64_t depth() const { return perGroup() * window.taps(); }
    std::int64_t groupPacked() const { return fconvPackedCount(groupOutputs(), depth()); }
};

Tensor packFilter(const Tensor& w, std::int64_t groups) {
    const std::int64_t outputs = w.shape()[0] / groups, depth = w.shape().count(1, w.shape().rank());
    std::byte* bytes = nullptr;
    Tensor packed = Tensor::allocate(ElementType::F32, Shape{groups * fconvPackedCount(outputs, depth)}, bytes);
    auto* to = reinterpret_cast<float*>(bytes);
    for (std::int64_t g = 0; g < groups; ++g)
        fconvPack(w.as<float>().data() + g * outputs * depth, outputs, depth, to + g * fconvPackedCount(outputs, depth));
    return packed;
}

// Taps and rows of a convolution, and how its work is cut. All of it follows from shapes.
class Convolution {
public:
    explicit Convolution(const ConvTask& task) : t(task), m_image(task.window), m_taps(m_image.taps(task.perGroup())), m_rows(m_image.rows()) {
        using Activation = Epilogue::Activation;
        const Activation activation = t.epilogue.activation;
        m_bounded = !t.addend && (activation == Activation::Relu || activation == Activation::Clip);
        m_low = activation == Activation::Relu ? 0.0f : t.epilogue.a;
        m_high = activation == Activation::Relu ? std::numeric_limits<float>::infinity() : t.epilogue.b;
        m_finish = !m_bounded && (t.addend || activation != Activation::None);
        // Rows of one piece read an image part that stays in the second-level cache.
        const auto count = static_cast<std::int64_t>(m_rows.size());
        m_pieceRows = std::clamp<std::int64_t>((1 << 12) / t.perGroup() / 24 * 24, 24, std::max<std::int64_t>(count, 24));
        m_pieces = (count + m_pieceRows - 1) / m_pieceRows;
        m_blockOutputs = t.groupOutputs();
        if (t.groups * m_pieces < 8) m_blockOutputs = std::max<std::int64_t>(16, (t.groupOutputs() + 3) / 4 + 7) / 8 * 8;
        m_blocks = (t.groupOutputs() + m_blockOutputs - 1) / m_blockOutputs;
    }

    void run(OperatorContext& context) const {
        const std::int64_t size = t.window.inCount(), staged = m_image.channelSize();
        if (t.batch >= 8) {  // an image is enough work for one thread
            context.forEachWithScratch(t.batch, m_image.inPlace() ? 0 : (t.channels * staged + fconvLanes) * 4, [&](std::int64_t n, std::byte* scratch) {
                const float* image = t.x + n * t.channels * size;
                if (!m_image.inPlace()) {
                    auto* to = reinterpret_cast<float*>(scratch);
                    for (std::int64_t c = 0; c < t.channels; ++c) m_image.stage(image + c * size, to + c * staged);
                    image = to;
                }
                for (std::int64_t i = 0; i < items(); ++i) compute(context.machine().isa, n, i, image);
            });
            return;
        }
        float* stage = m_image.inPlace() ? nullptr : context.scratch<float>(t.channels * staged + fconvLanes).data();
        const std::int64_t grain = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, m_blockOutputs * t.depth() * std::min<std::int64_t>(m_pieceRows, static_cast<std::int64_t>(m_rows.size())) * fconvLanes));
        for (std::int64_t n = 0; n < t.batch; ++n) {
            const float* image = t.x + n * t.channels * size;
            if (stage) {
                context.forRange(t.channels, std::max<std::int64_t>(1, kStageGrain / std::max<std::int64_t>(1, staged)), [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t c = begin; c < end; ++c) m_image.stage(image + c * size, stage + c * staged);
                });
                image = stage;
            }
            context.forRange(items(), grain, [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t i = begin; i < end; ++i) compute(context.machine().isa, n, i, image);
            });
        }
    }

private:
    static constexpr std::int64_t kGrain = 2'000'000;   // multiply-adds that are worth waking a thread for
    static constexpr std::int64_t kStageGrain = 65536;  // floats

    std::int64_t items() const { return t.groups * m_pieces * m_blocks; }

    // One piece of rows for one block of output channels of one group.
    void compute(Isa isa, std::int64_t n, std::int64_t item, const float* image) const {
        const std::int64_t group = item / m_blocks / m_pieces, piece = item / m_blocks % m_pieces, block = item % m_blocks;
        const std::int64_t plane = t.window.outCount(), begin = block * m_blockOutputs, end = std::min(t.groupOutputs(), begin + m_blockOutputs);
        const auto first = static_cast<std::size_t>(piece * m_pieceRows), last = std::min(m_rows.size(), first + static_cast<std::size_t>(m_pieceRows));
        FconvCall call;
        call.packed = t.packed + group * t.groupPacked();
        call.taps = m_taps.data();
        call.depth = t.depth();
        call.outputs = t.groupOutputs();
        call.x = image + group * t.perGroup() * m_image.channelSize();
        call.y = t.y + (n * t.outputs + group * t.groupOutputs()) * plane;
        call.yStride = plane;
        call.bias = t.bias ? t.bias + group * t.groupOutputs() : nullptr;
        call.bounded = m_bounded;
        call.low = m_low;
        call.high = m_high;
        fconv(isa, call, m_rows.data() + first, static_cast<std::int64_t>(last - first), begin, end);
        if (!m_finish) return;
        const std::int64_t from = m_rows[first].y, count = (last < m_rows.size() ? m_rows[last].y : plane) - from;
        for (std::int64_t o = begin; o < end; ++o) {
            const std::int64_t at = (n * t.outputs + group * t.groupOutputs() + o) * plane + from;
            t.epilogue.apply(t.y + at, count, 0.0f, t.addend ? t.addend + at : nullptr);
        }
    }

    const ConvTask& t;
    StagedImage m_image;
    std::vector<std::int64_t> m_taps;
    std::vector<FconvRow> m_rows;
    bool m_bounded, m_finish;
    float m_low, m_high;
    std::int64_t m_pieceRows, m_pieces, m_blockOutputs, m_blocks;
};

}  // namespace

Prepared prepareConv(const PrepareContext& context) {
    auto state = std::make_shared<ConvState>();
    if (!Epilogue::fromNode(context.node, state->epilogue)) context.fail("its activation is not one that can be fused");
    const Tensor* w = context.constant(1);
    const std::int64_t groups = context.node.integer("group", 1);
    if (w && w->type() == ElementType::F32 && w->shape().rank() > 2 && groups >= 1 && w->shape()[0] % groups == 0) state->packed = packFilter(*w, groups);
    return {std::move(state), std::string(kernelFor("fconv", context.machine.isa).name)};
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
    const auto* state = context.prepared<ConvState>();
    const bool known = state->packed.count() > 0;
    const Tensor fresh = known ? Tensor() : packFilter(w, t.groups);
    t.packed = (known ? state->packed : fresh).as<float>().data();
    t.x = x.as<float>().data();
    t.bias = bias ? bias->as<float>().data() : nullptr;
    t.addend = addend ? addend->as<float>().data() : nullptr;
    t.epilogue = state->epilogue;
    Shape shape = t.window.outShape({t.batch, t.outputs});
    if (addend && addend->shape() != shape) context.fail("the added tensor has another shape than the output");
    t.y = context.output<float>(0, std::move(shape)).data();
    if (t.batch == 0 || t.outputs == 0 || t.window.outCount() == 0) return;
    if (!StagedImage(t.window).size(t.channels)) context.fail("its pads and dilations make an impossibly large image of " + toText(x.shape()));
    Convolution(t).run(context);
}

}  // namespace bitlathe
