#include "core/engine/operators/softmax.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/row_math.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

void logSoftmaxRow(const float* x, float* y, std::int64_t count) {
    const float most = largestOf(x, count);
    const double sum = sumOf(count, [=](std::int64_t i) { return double(exp32(x[i] - most)); });
    const auto shift = static_cast<float>(std::log(sum));
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) y[i] = (x[i] - most) - shift;
}

// The first of the largest becomes 1.
void hardmaxRow(const float* x, float* y, std::int64_t count) {
    const std::int64_t at = count == 0 ? 0 : std::max_element(x, x + count) - x;
    std::fill_n(y, count, 0.0f);
    if (count > 0) y[at] = 1.0f;
}

// Columns side by side, so that an axis with others behind it is vector code too: x and y are extent × stride,
// `width` columns of which are worked on.
constexpr std::int64_t kWidth = 64;
void softmaxColumns(const float* x, float* y, std::int64_t extent, std::int64_t stride, std::int64_t width, bool logarithm) {
    std::array<float, kWidth> most;
    std::array<double, kWidth> sum{};
    most.fill(-std::numeric_limits<float>::infinity());
    for (std::int64_t k = 0; k < extent; ++k)
        for (std::int64_t c = 0; c < width; ++c) {
            const float value = x[k * stride + c];
            float& best = most[static_cast<std::size_t>(c)];
            best = best > value || best != best ? best : value;
        }
    for (std::int64_t k = 0; k < extent; ++k) {
        std::array<float, kWidth> row;
        for (std::int64_t c = 0; c < width; ++c) row[static_cast<std::size_t>(c)] = exp32(x[k * stride + c] - most[static_cast<std::size_t>(c)]);
        for (std::int64_t c = 0; c < width; ++c) sum[static_cast<std::size_t>(c)] += double(row[static_cast<std::size_t>(c)]);
        if (!logarithm) std::copy_n(row.begin(), width, y + k * stride);
    }
    std::array<float, kWidth> by;
    for (std::int64_t c = 0; c < width; ++c) {
        const double total = sum[static_cast<std::size_t>(c)];
        by[static_cast<std::size_t>(c)] = static_cast<float>(logarithm ? std::log(total) : 1.0 / total);
    }
    for (std::int64_t k = 0; k < extent; ++k)
        for (std::int64_t c = 0; c < width; ++c) {
            float& to = y[k * stride + c];
            const auto i = static_cast<std::size_t>(c);
            to = logarithm ? (x[k * stride + c] - most[i]) - by[i] : to * by[i];
        }
}

enum class Form { Softmax, LogSoftmax, Hardmax };

void runAlong(OperatorContext& context, Form form) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    needRank(context, x, 1);
    const int axis = axisOf(context, context.node().integer("axis", -1), x.shape().rank());
    const AroundAxis around = aroundAxis(x.shape(), axis);
    const float* from = x.as<float>().data();
    if (x.count() == 0) {
        context.output<float>(0, x.shape());
        return;
    }
    if (around.inner == 1) {
        float* to = context.outputOver<float>(0, 0, x.shape()).data();
        context.forRange(around.outer, rowsPerChunk(around.extent, kCostlyGrain), [=](std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin; row < end; ++row) {
                const float* in = from + row * around.extent;
                float* out = to + row * around.extent;
                if (form == Form::Softmax) softmaxRow(in, out, around.extent);
                else if (form == Form::LogSoftmax) logSoftmaxRow(in, out, around.extent);
                else hardmaxRow(in, out, around.extent);
            }
        });
        return;
    }
    float* to = context.output<float>(0, x.shape()).data();
    const std::int64_t blocks = (around.inner + kWidth - 1) / kWidth;
    context.forRange(around.outer * blocks, rowsPerChunk(kWidth * around.extent, kCostlyGrain), [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t at = begin; at < end; ++at) {
            const std::int64_t first = at % blocks * kWidth, width = std::min(kWidth, around.inner - first);
            const std::int64_t offset = at / blocks * around.extent * around.inner + first;
            if (form != Form::Hardmax) {
                softmaxColumns(from + offset, to + offset, around.extent, around.inner, width, form == Form::LogSoftmax);
                continue;
            }
            for (std::int64_t c = offset; c < offset + width; ++c) {
                std::int64_t best = 0;
                for (std::int64_t k = 1; k < around.extent; ++k)
                    if (from[c + k * around.inner] > from[c + best * around.inner]) best = k;
                for (std::int64_t k = 0; k < around.extent; ++k) to[c + k * around.inner] = k == best ? 1.0f : 0.0f;
            }
        }
    });
}

}  // namespace

void runSoftmax(OperatorContext& context) { runAlong(context, Form::Softmax); }
void runLogSoftmax(OperatorContext& context) { runAlong(context, Form::LogSoftmax); }
void runHardmax(OperatorContext& context) { runAlong(context, Form::Hardmax); }

}  // namespace bitlathe
