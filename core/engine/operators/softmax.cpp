#include "core/engine/operators/softmax.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/row_math.h"
#include "core/kernels/float_math.h"
#include "core/kernels/float_rows.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bitlathe {

namespace {

// One line of elements, `step` apart.
struct Line {
    const float* x;
    float* y;
    std::int64_t count, step;
};

// The first of the largest elements, a NaN being the largest.
std::int64_t largestIn(const Line& line) {
    std::int64_t best = 0;
    for (std::int64_t k = 1; k < line.count; ++k) {
        const float value = line.x[k * line.step], most = line.x[best * line.step];
        if (value > most || (value != value && most == most)) best = k;
    }
    return best;
}

void logSoftmax(const Line& line) {
    const float most = line.x[largestIn(line) * line.step];
    const double sum = sumOf(line.count, [&](std::int64_t k) { return double(exp32(line.x[k * line.step] - most)); });
    const auto shift = static_cast<float>(std::log(sum));
    for (std::int64_t k = 0; k < line.count; ++k) line.y[k * line.step] = (line.x[k * line.step] - most) - shift;
}

void hardmax(const Line& line) {
    const std::int64_t best = largestIn(line);
    for (std::int64_t k = 0; k < line.count; ++k) line.y[k * line.step] = k == best ? 1.0f : 0.0f;
}

struct Lines {
    const Tensor& x;
    AroundAxis around;
};

Lines linesOf(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    needRank(context, x, 1);
    return {x, aroundAxis(x.shape(), axisOf(context, context.node().integer("axis", -1), x.shape().rank()))};
}

void runLines(OperatorContext& context, void (*function)(const Line&)) {
    const auto [x, around] = linesOf(context);
    const float* from = x.as<float>().data();
    float* to = context.output<float>(0, x.shape()).data();
    if (x.count() == 0) return;
    context.forRange(around.outer * around.inner, rowsPerChunk(around.extent, kCostlyGrain), [=, around = around](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t at = i / around.inner * around.extent * around.inner + i % around.inner;
            function({from + at, to + at, around.extent, around.inner});
        }
    });
}

// Many short rows: turned into columns, so that rows are worked on side by side.
constexpr std::int64_t kShort = 16, kWidth = 64;
void softmaxShortRows(const FloatRows& rows, const float* x, float* y, std::int64_t extent, std::int64_t count) {
    std::array<float, kShort * kWidth> columns;
    for (std::int64_t first = 0; first < count; first += kWidth) {
        const std::int64_t width = std::min(kWidth, count - first);
        const float* from = x + first * extent;
        float* to = y + first * extent;
        for (std::int64_t r = 0; r < width; ++r)
            for (std::int64_t k = 0; k < extent; ++k) columns[static_cast<std::size_t>(k * kWidth + r)] = from[r * extent + k];
        rows.softmaxColumns(columns.data(), columns.data(), extent, kWidth, width);
        for (std::int64_t r = 0; r < width; ++r)
            for (std::int64_t k = 0; k < extent; ++k) to[r * extent + k] = columns[static_cast<std::size_t>(k * kWidth + r)];
    }
}

}  // namespace

void runSoftmax(OperatorContext& context) {
    const auto [x, around] = linesOf(context);
    const FloatRows& rows = floatRows(context.machine().isa);
    const float* from = x.as<float>().data();
    if (around.inner == 1) {
        float* to = context.outputOver<float>(0, 0, x.shape()).data();
        context.forRange(around.outer, rowsPerChunk(around.extent, kCostlyGrain), [=, &rows, around = around](std::int64_t begin, std::int64_t end) {
            if (around.extent <= kShort) return softmaxShortRows(rows, from + begin * around.extent, to + begin * around.extent, around.extent, end - begin);
            for (std::int64_t row = begin; row < end; ++row) rows.softmax(from + row * around.extent, to + row * around.extent, around.extent);
        });
        return;
    }
    float* to = context.output<float>(0, x.shape()).data();
    // Columns side by side, so that each step along the axis is vector code.
    const std::int64_t blocks = (around.inner + kWidth - 1) / kWidth;
    context.forRange(around.outer * blocks, rowsPerChunk(kWidth * around.extent, kCostlyGrain), [=, &rows, around = around](std::int64_t begin, std::int64_t end) {
        for (std::int64_t at = begin; at < end; ++at) {
            const std::int64_t first = at % blocks * kWidth, offset = at / blocks * around.extent * around.inner + first;
            rows.softmaxColumns(from + offset, to + offset, around.extent, around.inner, std::min(kWidth, around.inner - first));
        }
    });
}

void runLogSoftmax(OperatorContext& context) { runLines(context, logSoftmax); }
void runHardmax(OperatorContext& context) { runLines(context, hardmax); }

}  // namespace bitlathe
