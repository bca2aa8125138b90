#include "core/engine/operators/transpose.h"

#include "core/engine/operators/arguments.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace bitlathe {

namespace {

// The axes of a transposition in the order of the result, merged where they stay neighbours.
struct Axes {
    std::vector<std::int64_t> extents, strides;  // of the result; strides in the source, in elements
};

Axes mergedAxes(const Shape& shape, std::span<const int> permutation) {
    const std::vector<std::int64_t> steps = stridesOf(shape);
    Axes axes;
    for (const int axis : permutation) {
        const std::int64_t extent = shape[axis], stride = steps[static_cast<std::size_t>(axis)];
        if (extent == 1) continue;
        if (!axes.extents.empty() && axes.strides.back() == stride * extent) {
            axes.extents.back() *= extent;
            axes.strides.back() = stride;
        } else {
            axes.extents.push_back(extent);
            axes.strides.push_back(stride);
        }
    }
    return axes;
}

// A square of elements whose rows are one cache line long, turned over in registers where the compiler can.
template <class T>
inline constexpr std::int64_t kSide = 64 / static_cast<std::int64_t>(sizeof(T));

// block[r][c] = from[c][r] for full squares, through groups of four by four.
template <class T>
void turnSquare(const T* from, std::int64_t fromStride, T* block) {
    for (std::int64_t c = 0; c < kSide<T>; c += 4)
        for (std::int64_t r = 0; r < kSide<T>; r += 4) {
            T group[4][4];
            for (std::int64_t i = 0; i < 4; ++i) std::memcpy(group[i], from + (c + i) * fromStride + r, sizeof group[i]);
            for (std::int64_t j = 0; j < 4; ++j) {
                const T column[4] = {group[0][j], group[1][j], group[2][j], group[3][j]};
                std::memcpy(block + (r + j) * kSide<T> + c, column, sizeof column);
            }
        }
}

// to[r][c] = from[c][r] for r < rows, c < columns; strides in elements. Full squares are turned in a buffer and
// written line by line: neither side then needs more lines of one cache set than there are.
template <class T>
void transposeTile(const T* from, std::int64_t fromStride, T* to, std::int64_t toStride, std::int64_t rows, std::int64_t columns) {
    constexpr std::int64_t kStep = kSide<T>;
    alignas(64) T block[kStep * kStep];
    for (std::int64_t r0 = 0; r0 < rows; r0 += kStep) {
        const std::int64_t r1 = std::min(rows, r0 + kStep);
        for (std::int64_t c0 = 0; c0 < columns; c0 += kStep) {
            const std::int64_t c1 = std::min(columns, c0 + kStep);
            if (r1 - r0 == kStep && c1 - c0 == kStep) {
                turnSquare(from + c0 * fromStride + r0, fromStride, block);
                for (std::int64_t r = 0; r < kStep; ++r) std::memcpy(to + (r0 + r) * toStride + c0, block + r * kStep, sizeof(T) * kStep);
                continue;
            }
            for (std::int64_t r = r0; r < r1; ++r)
                for (std::int64_t c = c0; c < c1; ++c) to[r * toStride + c] = from[c * fromStride + r];
        }
    }
}

// Where outer row `row` begins in the source; the outer axes are all but the last `inner` ones.
std::int64_t sourceOf(const Axes& axes, std::size_t inner, std::int64_t row) {
    std::int64_t offset = 0;
    for (std::size_t axis = axes.extents.size() - inner; axis-- > 0; row /= axes.extents[axis])
        offset += row % axes.extents[axis] * axes.strides[axis];
    return offset;
}

template <class T>
void transposeAxes(OperatorContext& context, const T* from, const Axes& axes, std::int64_t count, T* to) {
    const std::size_t rank = axes.extents.size();
    if (rank == 0) {
        to[0] = from[0];
        return;
    }
    const std::int64_t columns = axes.extents[rank - 1], step = axes.strides[rank - 1];
    if (step == 1) {  // whole rows stay together
        context.forRange(count / columns, rowsPerChunk(columns), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin; row < end; ++row)
                std::memcpy(to + row * columns, from + sourceOf(axes, 1, row), static_cast<std::size_t>(columns) * sizeof(T));
        });
        return;
    }
    // The axis that lies innermost in the source becomes the rows of a matrix, the result's last axis its columns.
    const std::size_t near = static_cast<std::size_t>(std::min_element(axes.strides.begin(), axes.strides.end()) - axes.strides.begin());
    const std::int64_t rows = axes.extents[near];
    Axes outer;
    std::vector<std::int64_t> target;  // strides of the outer axes in the result
    std::int64_t toStride = 0, place = 1;
    for (std::size_t axis = rank; axis-- > 0; place *= axes.extents[axis]) {
        if (axis == near) toStride = place;
        if (axis == near || axis == rank - 1) continue;
        outer.extents.push_back(axes.extents[axis]);
        outer.strides.push_back(axes.strides[axis]);
        target.push_back(place);
    }
    const std::int64_t matrices = count / (rows * columns);
    constexpr std::int64_t kBand = 64;
    const std::int64_t bands = (rows + kBand - 1) / kBand;
    const std::int64_t bandsPerChunk = rowsPerChunk(std::min(kBand, rows) * columns);
    context.forRange(matrices * bands, bandsPerChunk, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t at = begin; at < end; ++at) {
            std::int64_t rest = at / bands, source = 0, goal = 0;
            for (std::size_t axis = 0; axis < outer.extents.size(); ++axis) {
                const std::int64_t index = rest % outer.extents[axis];
                rest /= outer.extents[axis];
                source += index * outer.strides[axis];
                goal += index * target[axis];
            }
            const std::int64_t r0 = at % bands * kBand;
            transposeTile(from + source + r0, step, to + goal + r0 * toStride, toStride, std::min(kBand, rows - r0), columns);
        }
    });
}

}  // namespace

void transpose(OperatorContext& context, const std::byte* from, const Shape& shape, std::span<const int> permutation,
               int elementBytes, std::byte* to) {
    const std::int64_t count = shape.count();
    if (count == 0) return;
    const Axes axes = mergedAxes(shape, permutation);
    const auto as = [&](auto element) {
        using T = decltype(element);
        transposeAxes(context, reinterpret_cast<const T*>(from), axes, count, reinterpret_cast<T*>(to));
    };
    switch (elementBytes) {
    case 1: return as(std::uint8_t{});
    case 2: return as(std::uint16_t{});
    case 4: return as(std::uint32_t{});
    default: return as(std::uint64_t{});
    }
}

void runTranspose(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int rank = x.shape().rank(), size = elementBytes(context, x.type());
    std::vector<int> permutation(static_cast<std::size_t>(rank));
    const auto given = context.node().integers("perm");
    if (given.empty()) {
        std::iota(permutation.rbegin(), permutation.rend(), 0);
    } else {
        if (static_cast<int>(given.size()) != rank) context.fail("perm must name each axis of " + toText(x.shape()) + " once");
        for (std::size_t i = 0; i < given.size(); ++i) permutation[i] = axisOf(context, given[i], rank);
        axesOf(context, given, rank);
    }
    std::vector<std::int64_t> dims;
    bool moves = false;  // axes of extent 1 may go anywhere
    int last = -1;
    for (const int axis : permutation) {
        dims.push_back(x.shape()[axis]);
        if (x.shape()[axis] == 1) continue;
        moves = moves || axis < last;
        last = axis;
    }
    Shape shape(std::move(dims));
    if (!moves) return context.setOutput(0, x.reshaped(std::move(shape)));
    std::byte* out = context.outputBytes(0, x.type(), std::move(shape));
    transpose(context, x.bytes().data(), x.shape(), permutation, size, out);
}

}  // namespace bitlathe
