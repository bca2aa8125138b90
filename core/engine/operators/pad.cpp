#include "core/engine/operators/pad.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/elements.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace bitlathe {

namespace {

enum class Border { Constant, Reflect, Edge, Wrap };

// Where index i of a padded axis comes from: 0 … extent - 1, or -1 for the constant.
std::int64_t sourceOf(std::int64_t i, std::int64_t extent, Border border) {
    if (i >= 0 && i < extent) return i;
    switch (border) {
    case Border::Constant: return -1;
    case Border::Edge: return i < 0 ? 0 : extent - 1;
    case Border::Wrap: return (i % extent + extent) % extent;
    case Border::Reflect: break;
    }
    if (extent == 1) return 0;
    const std::int64_t period = 2 * (extent - 1), at = (i % period + period) % period;
    return at < extent ? at : period - at;
}

struct PaddedAxis {
    std::vector<std::int64_t> source;  // per index of the result
    std::int64_t begin = 0, end = 0;   // the indices that come straight from the input
    std::int64_t shift = 0;            // source of index i in begin … end is i - shift
};

template <class T>
void padRow(const T* from, const PaddedAxis& axis, T fill, T* to) {
    const auto border = [&](std::int64_t i) {
        const std::int64_t source = axis.source[static_cast<std::size_t>(i)];
        to[i] = source < 0 ? fill : from[source];
    };
    for (std::int64_t i = 0; i < axis.begin; ++i) border(i);
    std::copy_n(from + axis.begin - axis.shift, axis.end - axis.begin, to + axis.begin);
    for (auto i = axis.end; i < static_cast<std::int64_t>(axis.source.size()); ++i) border(i);
}

std::vector<std::int64_t> padsOf(OperatorContext& context, int rank) {
    const auto given = integersIn(context, 1, "pads");
    std::vector<std::int64_t> axes = integersIn(context, 3);
    if (axes.empty() && !context.optional(3))
        for (int axis = 0; axis < rank; ++axis) axes.push_back(axis);
    if (given.size() != 2 * axes.size()) context.fail("pads must have two numbers per axis");
    axesOf(context, axes, rank);
    std::vector<std::int64_t> pads(2 * static_cast<std::size_t>(rank), 0);
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto axis = static_cast<std::size_t>(axisOf(context, axes[i], rank));
        pads[axis] = given[i];
        pads[axis + static_cast<std::size_t>(rank)] = given[i + axes.size()];
    }
    return pads;
}

std::vector<std::byte> fillOf(OperatorContext& context, const Tensor& x, int size) {
    std::vector<std::byte> fill(static_cast<std::size_t>(size), std::byte(0));
    if (const Tensor* value = context.optional(2)) {
        needSameType(context, x, *value);
        if (value->count() == 0) return fill;
        if (value->count() != 1) context.fail("the constant must be one number");
        std::copy_n(value->bytes().data(), size, fill.data());
    } else if (context.node().has("value") && x.type() == ElementType::F32) {
        const float number = context.node().real("value", 0.0f);
        std::memcpy(fill.data(), &number, sizeof number);
    }
    return fill;
}

}  // namespace

void runPad(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int size = elementBytes(context, x.type()), rank = x.shape().rank();
    const std::string mode = context.node().text("mode", "constant");
    const Border border = mode == "reflect" ? Border::Reflect : mode == "edge" ? Border::Edge : mode == "wrap" ? Border::Wrap : Border::Constant;
    if (border == Border::Constant && mode != "constant") context.fail("mode must be constant, reflect, edge or wrap, not '" + mode + "'");
    const std::vector<std::int64_t> pads = padsOf(context, rank);
    if (std::all_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad == 0; })) return context.setOutput(0, x);

    constexpr std::int64_t kMost = std::int64_t(1) << 40;
    std::vector<std::int64_t> dims;
    for (int axis = 0; axis < rank; ++axis) {
        const auto at = static_cast<std::size_t>(axis);
        const std::int64_t before = pads[at], after = pads[at + static_cast<std::size_t>(rank)], extent = x.shape()[axis];
        if (before > kMost || after > kMost || before < -kMost || after < -kMost || extent + before + after < 0)
            context.fail("pads " + std::to_string(before) + " and " + std::to_string(after) + " are impossible for the extent " + std::to_string(extent));
        if (extent == 0 && border != Border::Constant && before + after > 0) context.fail("an empty axis has no border to repeat");
        dims.push_back(extent + before + after);
    }
    const Shape shape = checkedShape(context, std::move(dims));
    std::byte* out = context.outputBytes(0, x.type(), shape);
    if (shape.count() == 0) return;
    std::vector<PaddedAxis> axes(static_cast<std::size_t>(rank));
    for (int axis = 0; axis < rank; ++axis) {
        PaddedAxis& padded = axes[static_cast<std::size_t>(axis)];
        padded.shift = pads[static_cast<std::size_t>(axis)];
        padded.begin = std::clamp<std::int64_t>(padded.shift, 0, shape[axis]);
        padded.end = std::clamp<std::int64_t>(padded.shift + x.shape()[axis], padded.begin, shape[axis]);
        for (std::int64_t i = 0; i < shape[axis]; ++i) padded.source.push_back(sourceOf(i - padded.shift, x.shape()[axis], border));
    }

    const std::vector<std::byte> fillBytes = fillOf(context, x, size);
    const std::vector<std::int64_t> steps = stridesOf(x.shape());
    const PaddedAxis& last = axes.back();
    const std::int64_t length = shape[rank - 1];
    visitWidths(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        T fill;
        std::memcpy(&fill, fillBytes.data(), sizeof fill);
        const T* from = reinterpret_cast<const T*>(x.bytes().data());
        T* to = reinterpret_cast<T*>(out);
        context.forRange(shape.count() / length, rowsPerChunk(length), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin; row < end; ++row) {
                std::int64_t rest = row, offset = 0;
                bool constant = x.count() == 0;
                for (int axis = rank - 2; axis >= 0 && !constant; --axis) {
                    const std::int64_t source = axes[static_cast<std::size_t>(axis)].source[static_cast<std::size_t>(rest % shape[axis])];
                    rest /= shape[axis];
                    constant = source < 0;
                    offset += source * steps[static_cast<std::size_t>(axis)];
                }
                if (constant) std::fill_n(to + row * length, length, fill);
                else padRow(from + offset, last, fill, to + row * length);
            }
        });
    });
}

}  // namespace bitlathe
