#include "core/engine/operators/strided.h"

#include "core/engine/operators/arguments.h"

#include <algorithm>
#include <cstring>

namespace bitlathe {

namespace {

StridedView merged(const StridedView& view) {
    StridedView result;
    result.offset = view.offset;
    for (std::size_t axis = 0; axis < view.extents.size(); ++axis) {
        const std::int64_t extent = view.extents[axis], stride = view.strides[axis];
        if (extent == 1) continue;
        if (!result.extents.empty() && result.strides.back() == stride * extent) {
            result.extents.back() *= extent;
            result.strides.back() = stride;
        } else {
            result.extents.push_back(extent);
            result.strides.push_back(stride);
        }
    }
    if (result.extents.empty()) {
        result.extents.push_back(1);
        result.strides.push_back(1);
    }
    return result;
}

template <class T>
void copyRow(const T* from, std::int64_t stride, T* to, std::int64_t count) {
    if (stride == 1) std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(T));
    else if (stride == 0) std::fill_n(to, count, from[0]);
    else for (std::int64_t i = 0; i < count; ++i) to[i] = from[i * stride];
}

template <class T>
void copyViewOf(OperatorContext& context, const T* from, const StridedView& view, T* to) {
    const std::size_t outer = view.extents.size() - 1;
    const std::int64_t length = view.extents[outer], stride = view.strides[outer];
    std::int64_t rows = 1;
    for (std::size_t axis = 0; axis < outer; ++axis) rows *= view.extents[axis];
    if (rows == 1) {
        context.forRange(length, kCheapGrain, [&](std::int64_t begin, std::int64_t end) {
            copyRow(from + view.offset + begin * stride, stride, to + begin, end - begin);
        });
        return;
    }
    context.forRange(rows, rowsPerChunk(length), [&](std::int64_t begin, std::int64_t end) {
        std::vector<std::int64_t> index(outer);
        std::int64_t rest = begin, at = view.offset;
        for (std::size_t axis = outer; axis-- > 0; rest /= view.extents[axis]) {
            index[axis] = rest % view.extents[axis];
            at += index[axis] * view.strides[axis];
        }
        for (std::int64_t row = begin; row < end; ++row) {
            copyRow(from + at, stride, to + row * length, length);
            for (std::size_t axis = outer; axis-- > 0;) {
                at += view.strides[axis];
                if (++index[axis] < view.extents[axis]) break;
                at -= view.strides[axis] * view.extents[axis];
                index[axis] = 0;
            }
        }
    });
}

}  // namespace

void copyView(OperatorContext& context, const std::byte* from, const StridedView& view, int elementBytes, std::byte* to) {
    for (const std::int64_t extent : view.extents)
        if (extent == 0) return;
    const StridedView simple = merged(view);
    const auto as = [&](auto element) {
        using T = decltype(element);
        copyViewOf(context, reinterpret_cast<const T*>(from), simple, reinterpret_cast<T*>(to));
    };
    switch (elementBytes) {
    case 1: return as(std::uint8_t{});
    case 2: return as(std::uint16_t{});
    case 4: return as(std::uint32_t{});
    default: return as(std::uint64_t{});
    }
}

void copyRows(OperatorContext& context, const std::byte* from, std::int64_t fromStride, std::byte* to, std::int64_t toStride,
              std::int64_t rowBytes, std::int64_t rows) {
    if (rowBytes == 0 || rows == 0) return;
    constexpr std::int64_t kGrain = 4 * kCheapGrain;  // bytes
    if (rowBytes > kGrain) {
        const std::int64_t pieces = (rowBytes + kGrain - 1) / kGrain;
        context.forEach(rows * pieces, [&](std::int64_t chunk) {
            const std::int64_t row = chunk / pieces, begin = chunk % pieces * kGrain;
            std::memcpy(to + row * toStride + begin, from + row * fromStride + begin,
                        static_cast<std::size_t>(std::min(kGrain, rowBytes - begin)));
        });
        return;
    }
    context.forRange(rows, rowsPerChunk(rowBytes, kGrain), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row)
            std::memcpy(to + row * toStride, from + row * fromStride, static_cast<std::size_t>(rowBytes));
    });
}

std::byte* copyToOutput(OperatorContext& context, std::size_t over) {
    const Tensor& x = context.input(over);
    std::byte* out = context.outputBytesOver(0, over, x.type(), x.shape());
    if (out != x.bytes().data()) {
        const auto bytes = static_cast<std::int64_t>(x.bytes().size());
        copyRows(context, x.bytes().data(), bytes, out, bytes, bytes, 1);
    }
    return out;
}

}  // namespace bitlathe
