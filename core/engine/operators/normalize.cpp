#include "core/engine/operators/normalize.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/broadcast.h"
#include "core/engine/operators/row_math.h"
#include "core/engine/operators/strided.h"
#include "core/engine/operators/transpose.h"
#include "core/kernels/float_rows.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace bitlathe {

namespace {

enum class Centre { Mean, Zero };  // Zero: the RMS form

// Scale or bias as `width` numbers per row; `rowStep` 0 where all rows share them.
struct PerElement {
    const float* data = nullptr;  // null: absent
    std::int64_t rowStep = 0;
    const float* row(std::int64_t i) const noexcept { return data ? data + i * rowStep : nullptr; }
};

// A tensor that broadcasts to x, laid out along x's axes from `axis` on.
PerElement alongRows(OperatorContext& context, const Tensor* tensor, const Shape& x, int axis) {
    if (!tensor) return {};
    if (tensor->type() != ElementType::F32) refuseType(context, tensor->type());
    const auto joined = broadcast(x, tensor->shape());
    if (!joined || *joined != x) context.fail("the scale or bias " + toText(tensor->shape()) + " does not fit the input " + toText(x));
    const Shape row(std::vector<std::int64_t>(x.begin() + axis, x.end()));
    if (tensor->shape() == row) return {tensor->as<float>().data(), 0};
    // Where its outer axes are of extent 1 the rows share it; else it is written out in full.
    const bool shared = tensor->shape().rank() <= row.rank() || tensor->shape().count(0, tensor->shape().rank() - row.rank()) == 1;
    std::vector<std::int64_t> strides = broadcastStrides(tensor->shape(), x);
    const int from = shared ? axis : 0;
    const Shape full(std::vector<std::int64_t>(x.begin() + from, x.end()));
    strides.erase(strides.begin(), strides.begin() + from);
    const auto copy = context.scratch<float>(full.count());
    copyView(context, tensor->bytes().data(), {0, full.dims(), strides}, 4, reinterpret_cast<std::byte*>(copy.data()));
    return {copy.data(), shared ? 0 : row.count()};
}

struct Statistics {
    double mean, inverse;  // inverse: 1 / sqrt(variance + epsilon)
};

Statistics statisticsOf(const FloatRows& rows, const float* x, std::int64_t count, Centre centre, double epsilon) {
    if (centre == Centre::Mean) {
        const RowMoments moments = rows.moments(x, count);
        return {moments.mean, 1.0 / std::sqrt(moments.variance + epsilon)};
    }
    return {0.0, 1.0 / std::sqrt(rows.sumOfSquares(x, count) / double(count) + epsilon)};
}

// y = (x - mean) · inverse · scale + bias over one row; y may be x.
void normalizeRow(const FloatRows& rows, const float* x, float* y, std::int64_t count, const Statistics& s, const float* scale, const float* bias) {
    rows.normalize(x, y, count, static_cast<float>(s.mean), static_cast<float>(s.inverse), scale, bias);
}

// One number for mean and deviation each, for every row that was normalised.
void giveStatistics(OperatorContext& context, const Shape& x, int axis, std::span<const Statistics> rows, std::size_t meanOutput, std::size_t inverseOutput) {
    std::vector<std::int64_t> dims = x.dims();
    std::fill(dims.begin() + axis, dims.end(), 1);
    const auto give = [&](std::size_t i, auto member) {
        if (i == 0 || !context.wants(i)) return;
        const auto to = context.output<float>(i, Shape(dims));
        for (std::size_t row = 0; row < rows.size(); ++row) to[row] = static_cast<float>(rows[row].*member);
    };
    give(meanOutput, &Statistics::mean);
    give(inverseOutput, &Statistics::inverse);
}

void layerNormalization(OperatorContext& context, Centre centre) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    const int axis = axisOf(context, context.node().integer("axis", -1), x.shape().rank());
    const double epsilon = context.node().real("epsilon", 1e-5f);
    const std::int64_t rows = x.shape().count(0, axis), width = x.shape().count(axis, x.shape().rank());
    const PerElement scale = alongRows(context, context.optional(1), x.shape(), axis);
    const PerElement bias = alongRows(context, centre == Centre::Mean ? context.optional(2) : nullptr, x.shape(), axis);
    const float* from = x.as<float>().data();
    float* to = context.outputOver<float>(0, 0, x.shape()).data();
    const FloatRows& kernels = floatRows(context.machine().isa);
    std::vector<Statistics> statistics(static_cast<std::size_t>(rows));
    context.forRange(rows, rowsPerChunk(width, kCheapGrain / 4), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            Statistics& found = statistics[static_cast<std::size_t>(row)];
            found = statisticsOf(kernels, from + row * width, width, centre, epsilon);
            normalizeRow(kernels, from + row * width, to + row * width, width, found, scale.row(row), bias.row(row));
        }
    });
    if (centre == Centre::Mean) giveStatistics(context, x.shape(), axis, statistics, 1, 2);
    else giveStatistics(context, x.shape(), axis, statistics, 0, 1);
}

// Inputs: x, skip, scale, then bias of the scale (mean form) and bias of the sum.
void skipNormalization(OperatorContext& context, Centre centre) {
    const Tensor &x = inputOf(context, 0, ElementType::F32), &skip = inputOf(context, 1, ElementType::F32);
    needRank(context, x, 2);
    const int axis = x.shape().rank() - 1;
    const double epsilon = context.node().real("epsilon", 1e-12f);
    const std::int64_t width = x.shape()[axis], rows = x.shape().count(0, axis);
    const bool centred = centre == Centre::Mean;
    const PerElement scale = alongRows(context, &context.input(2), x.shape(), axis);
    const PerElement bias = alongRows(context, centred ? context.optional(3) : nullptr, x.shape(), axis);
    const PerElement added = alongRows(context, context.optional(centred ? 4 : 3), x.shape(), axis);
    const PerElement skipped = alongRows(context, &skip, x.shape(), axis);
    const float* from = x.as<float>().data();
    float* sum = context.wants(3) ? context.output<float>(3, x.shape()).data() : nullptr;
    float* to = context.output<float>(0, x.shape()).data();
    const FloatRows& kernels = floatRows(context.machine().isa);
    std::vector<Statistics> statistics(static_cast<std::size_t>(rows));
    context.forRange(rows, rowsPerChunk(width, kCheapGrain / 4), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            const float *a = from + row * width, *b = skipped.row(row), *c = added.row(row);
            float* y = to + row * width;
            for (std::int64_t i = 0; i < width; ++i) y[i] = c ? a[i] + b[i] + c[i] : a[i] + b[i];
            if (sum) std::copy_n(y, width, sum + row * width);
            Statistics& found = statistics[static_cast<std::size_t>(row)];
            found = statisticsOf(kernels, y, width, centre, epsilon);
            normalizeRow(kernels, y, y, width, found, scale.row(row), bias.row(row));
        }
    });
    giveStatistics(context, x.shape(), axis, statistics, 1, 2);
}

// Rows of `width` elements normalised by themselves; channel c of a row covers width / channelsPerRow elements.
void normalizeGroups(OperatorContext& context, const Tensor& x, std::int64_t rows, std::int64_t channelsPerRow, std::int64_t channels,
                     const float* scale, const float* bias, double epsilon) {
    const float* from = x.as<float>().data();
    float* to = context.outputOver<float>(0, 0, x.shape()).data();
    if (x.count() == 0) return;
    const FloatRows& kernels = floatRows(context.machine().isa);
    const std::int64_t width = x.count() / rows, inner = width / channelsPerRow;
    context.forRange(rows, rowsPerChunk(width, kCheapGrain / 4), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            const Statistics found = statisticsOf(kernels, from + row * width, width, Centre::Mean, epsilon);
            for (std::int64_t c = 0; c < channelsPerRow; ++c) {
                const std::int64_t at = row * width + c * inner, channel = (row * channelsPerRow + c) % channels;
                const float mean = static_cast<float>(found.mean), by = static_cast<float>(found.inverse * double(scale[channel])), b = bias[channel];
#pragma GCC ivdep
                for (std::int64_t i = at; i < at + inner; ++i) to[i] = (from[i] - mean) * by + b;
            }
        }
    });
}

const float* perChannel(OperatorContext& context, std::size_t i, std::int64_t channels) {
    const Tensor& tensor = inputOf(context, i, ElementType::F32);
    if (tensor.count() != channels) context.fail("scale and bias must have one number for each of the " + std::to_string(channels) + " channels");
    return tensor.as<float>().data();
}

}  // namespace

void runLayerNormalization(OperatorContext& context) { layerNormalization(context, Centre::Mean); }
void runRmsNormalization(OperatorContext& context) { layerNormalization(context, Centre::Zero); }
void runSkipLayerNormalization(OperatorContext& context) { skipNormalization(context, Centre::Mean); }
void runSkipRmsNormalization(OperatorContext& context) { skipNormalization(context, Centre::Zero); }

void runInstanceNormalization(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    needRank(context, x, 2);
    const std::int64_t n = x.shape()[0], channels = x.shape()[1];
    const float *scale = perChannel(context, 1, channels), *bias = perChannel(context, 2, channels);
    normalizeGroups(context, x, n * channels, 1, channels, scale, bias, context.node().real("epsilon", 1e-5f));
}

void runGroupNormalization(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    needRank(context, x, 2);
    const std::int64_t n = x.shape()[0], channels = x.shape()[1], groups = context.node().integer("num_groups", 0);
    if (groups < 1 || channels % groups != 0) context.fail(std::to_string(channels) + " channels cannot be cut into " + std::to_string(groups) + " groups");
    // Opset 18 had one scale per group, later ones have one per channel.
    std::vector<float> scale, bias;
    const bool perGroup = context.input(1).count() == groups && groups != channels;
    const float *s = perChannel(context, 1, perGroup ? groups : channels), *b = perChannel(context, 2, perGroup ? groups : channels);
    for (std::int64_t c = 0; c < channels; ++c) {
        scale.push_back(s[perGroup ? c / (channels / groups) : c]);
        bias.push_back(b[perGroup ? c / (channels / groups) : c]);
    }
    normalizeGroups(context, x, n * groups, channels / groups, channels, scale.data(), bias.data(), context.node().real("epsilon", 1e-5f));
}

void runMeanVarianceNormalization(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    const int rank = x.shape().rank();
    const std::vector<int> axes = axesOf(context, context.node().integers("axes", {0, 2, 3}), rank);
    std::vector<int> order;
    for (int axis = 0; axis < rank; ++axis)
        if (!std::binary_search(axes.begin(), axes.end(), axis)) order.push_back(axis);
    std::int64_t rows = 1;
    for (const int axis : order) rows *= x.shape()[axis];
    order.insert(order.end(), axes.begin(), axes.end());
    float* out = context.output<float>(0, x.shape()).data();
    if (x.count() == 0) return;
    // Kept axes to the front, each row normalised, and back again.
    const auto kept = context.scratch<float>(x.count());
    const FloatRows& kernels = floatRows(context.machine().isa);
    transpose(context, x.bytes().data(), x.shape(), order, 4, reinterpret_cast<std::byte*>(kept.data()));
    const std::int64_t width = x.count() / rows;
    context.forRange(rows, rowsPerChunk(width), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            float* at = kept.data() + row * width;
            const RowMoments moments = kernels.moments(at, width);
            normalizeRow(kernels, at, at, width, {moments.mean, 1.0 / (std::sqrt(moments.variance) + 1e-9)}, nullptr, nullptr);
        }
    });
    std::vector<std::int64_t> dims;
    std::vector<int> back(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        dims.push_back(x.shape()[order[i]]);
        back[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
    }
    transpose(context, reinterpret_cast<const std::byte*>(kept.data()), Shape(dims), back, 4, reinterpret_cast<std::byte*>(out));
}

void runLpNormalization(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    const int axis = axisOf(context, context.node().integer("axis", -1), x.shape().rank());
    const std::int64_t p = context.node().integer("p", 2);
    if (p != 1 && p != 2) context.fail("p must be 1 or 2, not " + std::to_string(p));
    const AroundAxis around = aroundAxis(x.shape(), axis);
    const float* from = x.as<float>().data();
    float* to = context.outputOver<float>(0, 0, x.shape()).data();
    context.forRange(around.outer * around.inner, rowsPerChunk(around.extent), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t base = i / around.inner * around.extent * around.inner + i % around.inner;
            const auto at = [=](std::int64_t k) { return double(from[base + k * around.inner]); };
            const double sum = sumOf(around.extent, [=](std::int64_t k) { return p == 1 ? std::abs(at(k)) : at(k) * at(k); });
            const double norm = p == 1 ? sum : std::sqrt(sum);
            for (std::int64_t k = 0; k < around.extent; ++k)
                to[base + k * around.inner] = norm == 0 ? 0.0f : static_cast<float>(at(k) / norm);
        }
    });
}

}  // namespace bitlathe
