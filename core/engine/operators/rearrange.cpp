#include "core/engine/operators/rearrange.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/broadcast.h"
#include "core/engine/operators/strided.h"
#include "core/engine/operators/transpose.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

namespace bitlathe {

void runConcat(OperatorContext& context) {
    const Tensor& first = context.input(0);
    const int size = elementBytes(context, first.type());
    const int axis = axisOf(context, context.node().integer("axis", 1), first.shape().rank());
    std::vector<std::int64_t> dims = first.shape().dims();
    auto& extent = dims[static_cast<std::size_t>(axis)];
    extent = 0;
    for (std::size_t i = 0; i < context.inputCount(); ++i) {
        const Tensor& part = context.input(i);
        needSameType(context, first, part);
        bool fits = part.shape().rank() == first.shape().rank();
        for (int a = 0; fits && a < part.shape().rank(); ++a) fits = a == axis || part.shape()[a] == first.shape()[a];
        if (!fits) context.fail(toText(part.shape()) + " cannot be joined to " + toText(first.shape()) + " along axis " + std::to_string(axis));
        extent += part.shape()[axis];
    }
    if (context.inputCount() == 1) return context.setOutput(0, first);
    const Shape shape = checkedShape(context, std::move(dims));
    const AroundAxis around = aroundAxis(shape, axis);
    std::byte* out = context.outputBytes(0, first.type(), shape);
    const std::int64_t stride = around.extent * around.inner * size;
    for (std::size_t i = 0; i < context.inputCount(); ++i) {
        const Tensor& part = context.input(i);
        const std::int64_t row = part.shape()[axis] * around.inner * size;
        copyRows(context, part.bytes().data(), row, out, stride, row, around.outer);
        out += row;
    }
}

void runSplit(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int size = elementBytes(context, x.type());
    const int axis = axisOf(context, context.node().integer("axis", 0), x.shape().rank());
    const AroundAxis around = aroundAxis(x.shape(), axis);
    const auto parts = static_cast<std::int64_t>(context.node().outputs.size());
    std::vector<std::int64_t> extents = integersIn(context, 1, "split");
    if (extents.empty()) {
        // Equal parts, the last one smaller where they do not come out even.
        const std::int64_t each = parts == 0 ? 0 : (around.extent + parts - 1) / parts;
        for (std::int64_t i = 0; i < parts; ++i) extents.push_back(std::clamp<std::int64_t>(around.extent - i * each, 0, each));
    }
    if (static_cast<std::int64_t>(extents.size()) != parts)
        context.fail("it names " + std::to_string(extents.size()) + " parts but has " + std::to_string(parts) + " outputs");
    std::int64_t rest = around.extent;
    for (const std::int64_t extent : extents) {
        if (extent < 0 || extent > rest) context.fail("its parts do not add up to the extent " + std::to_string(around.extent));
        rest -= extent;
    }
    if (rest != 0) context.fail("its parts do not add up to the extent " + std::to_string(around.extent));
    const std::byte* from = x.bytes().data();
    const std::int64_t stride = around.extent * around.inner * size;
    for (std::size_t i = 0; i < extents.size(); ++i) {
        const std::int64_t row = extents[i] * around.inner * size;
        if (context.wants(i)) {
            Shape shape = x.shape();
            shape[axis] = extents[i];
            copyRows(context, from, stride, context.outputBytes(i, x.type(), std::move(shape)), row, row, around.outer);
        }
        from += row;
    }
}

void runSlice(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int size = elementBytes(context, x.type()), rank = x.shape().rank();
    const auto starts = integersIn(context, 1, "starts"), ends = integersIn(context, 2, "ends");
    auto axes = integersIn(context, 3, "axes");
    auto steps = integersIn(context, 4);
    if (axes.empty()) {
        axes.resize(starts.size());
        std::iota(axes.begin(), axes.end(), 0);
    }
    if (steps.empty()) steps.assign(starts.size(), 1);
    if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
        context.fail("starts, ends, axes and steps differ in length");
    axesOf(context, axes, rank);
    StridedView view;
    view.extents = x.shape().dims();
    view.strides = stridesOf(x.shape());
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto axis = static_cast<std::size_t>(axisOf(context, axes[i], rank));
        const std::int64_t extent = view.extents[axis], step = steps[i];
        if (step == 0) context.fail("a step of 0 never ends");
        if (extent == 0) continue;
        const auto from = [extent](std::int64_t at) { return at < 0 ? std::max<std::int64_t>(at, -extent - 1) + extent : at; };
        const std::int64_t begin = std::clamp<std::int64_t>(from(starts[i]), 0, step > 0 ? extent : extent - 1);
        const std::int64_t end = std::clamp<std::int64_t>(from(ends[i]), step > 0 ? 0 : -1, step > 0 ? extent : extent - 1);
        std::int64_t count = 0;
        if (step > 0 && end > begin) count = (end - begin - 1) / step + 1;
        if (step < 0 && begin > end) count = step == std::numeric_limits<std::int64_t>::min() ? 1 : (begin - end - 1) / -step + 1;
        view.extents[axis] = count;
        if (count > 0) view.offset += begin * view.strides[axis];
        view.strides[axis] *= count > 1 ? step : 1;
    }
    const Shape shape(view.extents);
    if (shape == x.shape() && std::all_of(steps.begin(), steps.end(), [](std::int64_t step) { return step > 0; }))
        return context.setOutput(0, x);
    copyView(context, x.bytes().data(), view, size, context.outputBytes(0, x.type(), shape));
}

void runExpand(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int size = elementBytes(context, x.type());
    const Shape wanted = checkedShape(context, integersIn(context, 1));
    const auto joined = broadcast(x.shape(), wanted);
    if (!joined) context.fail("the input " + toText(x.shape()) + " cannot be expanded to " + toText(wanted));
    const Shape shape = checkedShape(context, joined->dims());
    if (shape == x.shape()) return context.setOutput(0, x);
    copyView(context, x.bytes().data(), {0, shape.dims(), broadcastStrides(x.shape(), shape)}, size,
             context.outputBytes(0, x.type(), shape));
}

void runTile(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int size = elementBytes(context, x.type());
    const auto repeats = integersIn(context, 1);
    if (static_cast<int>(repeats.size()) != x.shape().rank()) context.fail("repeats must have one number per axis of " + toText(x.shape()));
    const std::vector<std::int64_t> steps = stridesOf(x.shape());
    StridedView view;
    std::vector<std::int64_t> dims;
    for (std::size_t axis = 0; axis < repeats.size(); ++axis) {
        const std::int64_t extent = x.shape()[static_cast<int>(axis)];
        if (repeats[axis] < 0 || (extent > 0 && repeats[axis] > (std::int64_t(1) << 62) / extent)) context.fail("a repeat count is impossible");
        view.extents.insert(view.extents.end(), {repeats[axis], extent});
        view.strides.insert(view.strides.end(), {0, steps[axis]});
        dims.push_back(extent * repeats[axis]);
    }
    copyView(context, x.bytes().data(), view, size, context.outputBytes(0, x.type(), checkedShape(context, std::move(dims))));
}

namespace {

// The block size of the two operators below, and the input's shape: N × C × H × W.
std::int64_t blockOf(OperatorContext& context, const Tensor& x) {
    needRank(context, x, 4, 4);
    const std::int64_t block = context.node().integer("blocksize", 0);
    if (block < 1 || block > (1 << 20)) context.fail("blocksize " + std::to_string(block) + " is impossible");
    return block;
}

}  // namespace

void runDepthToSpace(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int size = elementBytes(context, x.type());
    const std::int64_t b = blockOf(context, x), n = x.shape()[0], c = x.shape()[1], h = x.shape()[2], w = x.shape()[3];
    if (c % (b * b) != 0) context.fail(std::to_string(c) + " channels cannot be cut into blocks of " + std::to_string(b) + " × " + std::to_string(b));
    const std::string mode = context.node().text("mode", "DCR");
    if (mode != "DCR" && mode != "CRD") context.fail("mode must be DCR or CRD, not '" + mode + "'");
    std::byte* out = context.outputBytes(0, x.type(), checkedShape(context, {n, c / (b * b), h * b, w * b}));
    if (mode == "DCR") transpose(context, x.bytes().data(), Shape{n, b, b, c / (b * b), h, w}, std::vector{0, 3, 4, 1, 5, 2}, size, out);
    else transpose(context, x.bytes().data(), Shape{n, c / (b * b), b, b, h, w}, std::vector{0, 1, 4, 2, 5, 3}, size, out);
}

void runSpaceToDepth(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int size = elementBytes(context, x.type());
    const std::int64_t b = blockOf(context, x), n = x.shape()[0], c = x.shape()[1], h = x.shape()[2], w = x.shape()[3];
    if (h % b != 0 || w % b != 0) context.fail(toText(x.shape()) + " cannot be cut into blocks of " + std::to_string(b) + " × " + std::to_string(b));
    std::byte* out = context.outputBytes(0, x.type(), checkedShape(context, {n, c * b * b, h / b, w / b}));
    transpose(context, x.bytes().data(), Shape{n, c, h / b, b, w / b, b}, std::vector{0, 3, 5, 1, 2, 4}, size, out);
}

void runReverseSequence(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int size = elementBytes(context, x.type());
    needRank(context, x, 2);
    const std::int64_t batchAxis = context.node().integer("batch_axis", 1), timeAxis = context.node().integer("time_axis", 0);
    if (batchAxis < 0 || batchAxis > 1 || timeAxis != 1 - batchAxis) context.fail("batch_axis and time_axis must be 0 and 1, each once");
    const std::int64_t batch = x.shape()[static_cast<int>(batchAxis)], time = x.shape()[static_cast<int>(timeAxis)];
    const auto lengths = integersIn(context, 1);
    if (static_cast<std::int64_t>(lengths.size()) != batch) context.fail("sequence_lens must have one number per sequence");
    for (const std::int64_t length : lengths)
        if (length < 0 || length > time) context.fail("a sequence length of " + std::to_string(length) + " exceeds the " + std::to_string(time) + " steps");
    const std::int64_t row = x.shape().count(2, x.shape().rank()) * size;
    const std::int64_t batchStep = batchAxis == 0 ? time : 1, timeStep = batchAxis == 0 ? 1 : batch;
    const std::byte* from = x.bytes().data();
    std::byte* to = context.outputBytes(0, x.type(), x.shape());
    context.forRange(batch * time, rowsPerChunk(row, 4 * kCheapGrain), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t b = i / time, t = i % time, length = lengths[static_cast<std::size_t>(b)];
            const std::int64_t source = t < length ? length - 1 - t : t;
            std::copy_n(from + (b * batchStep + source * timeStep) * row, row, to + (b * batchStep + t * timeStep) * row);
        }
    });
}

}  // namespace bitlathe
