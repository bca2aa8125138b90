#include "core/engine/operators/batch_norm.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/row_math.h"
#include "core/kernels/float_rows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace bitlathe {

namespace {

const float* perChannel(OperatorContext& context, std::size_t i, std::int64_t channels) {
    const Tensor& tensor = inputOf(context, i, ElementType::F32);
    if (tensor.count() != channels) context.fail("input " + std::to_string(i) + " must have one number for each of the " + std::to_string(channels) + " channels");
    return tensor.as<float>().data();
}

// Mean and variance of each channel over batch and space.
std::vector<RowMoments> channelMoments(OperatorContext& context, const float* x, std::int64_t batch, std::int64_t channels, std::int64_t inner) {
    std::vector<RowMoments> moments(static_cast<std::size_t>(channels));
    context.forEach(channels, [&](std::int64_t c) {
        const double count = double(batch * inner);
        double sum = 0, squares = 0;
        const auto plane = [&](std::int64_t n) { return x + (n * channels + c) * inner; };
        for (std::int64_t n = 0; n < batch; ++n) sum += sumOf(inner, [at = plane(n)](std::int64_t i) { return double(at[i]); });
        const double mean = sum / count;
        for (std::int64_t n = 0; n < batch; ++n)
            squares += sumOf(inner, [at = plane(n), mean](std::int64_t i) { return (double(at[i]) - mean) * (double(at[i]) - mean); });
        moments[static_cast<std::size_t>(c)] = {mean, squares / count};
    });
    return moments;
}

// v^-beta for v > 0.
float inversePower(float v, float beta) {
    if (beta == 0.75f) return 1.0f / (std::sqrt(v) * std::sqrt(std::sqrt(v)));
    return std::pow(v, -beta);
}

}  // namespace

void runBatchNormalization(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    needRank(context, x, 1);
    const std::int64_t batch = x.shape()[0], channels = x.shape().rank() > 1 ? x.shape()[1] : 1;
    const std::int64_t inner = x.shape().count(std::min(2, x.shape().rank()), x.shape().rank());
    const float *scale = perChannel(context, 1, channels), *bias = perChannel(context, 2, channels);
    const float *storedMean = perChannel(context, 3, channels), *storedVariance = perChannel(context, 4, channels);
    const double epsilon = context.node().real("epsilon", 1e-5f), momentum = context.node().real("momentum", 0.9f);
    const float* from = x.as<float>().data();
    std::vector<RowMoments> moments;
    if (context.node().integer("training_mode", 0) != 0) {
        moments = channelMoments(context, from, batch, channels, inner);
        const auto give = [&](std::size_t i, const float* stored, double RowMoments::*member) {
            if (!context.wants(i)) return;
            const auto to = context.output<float>(i, Shape{channels});
            for (std::size_t c = 0; c < to.size(); ++c) to[c] = static_cast<float>(double(stored[c]) * momentum + moments[c].*member * (1 - momentum));
        };
        give(1, storedMean, &RowMoments::mean);
        give(2, storedVariance, &RowMoments::variance);
    } else {
        for (std::int64_t c = 0; c < channels; ++c) moments.push_back({storedMean[c], storedVariance[c]});
    }
    std::vector<float> mean, by;
    for (std::size_t c = 0; c < moments.size(); ++c) {
        mean.push_back(static_cast<float>(moments[c].mean));
        by.push_back(static_cast<float>(double(scale[c]) / std::sqrt(moments[c].variance + epsilon)));
    }
    float* to = context.outputOver<float>(0, 0, x.shape()).data();
    context.forRange(batch * channels, rowsPerChunk(inner), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            const auto c = static_cast<std::size_t>(row % channels);
            const float m = mean[c], s = by[c], b = bias[c];
#pragma GCC ivdep
            for (std::int64_t i = row * inner; i < (row + 1) * inner; ++i) to[i] = (from[i] - m) * s + b;
        }
    });
}

void runLrn(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    needRank(context, x, 2);
    const std::int64_t size = context.node().integer("size", 0);
    if (size < 1) context.fail("size " + std::to_string(size) + " is impossible");
    const float alpha = context.node().real("alpha", 1e-4f), beta = context.node().real("beta", 0.75f), bias = context.node().real("bias", 1.0f);
    const std::int64_t channels = x.shape()[1], inner = x.shape().count(2, x.shape().rank());
    const std::int64_t before = (size - 1) / 2, after = size - 1 - before;
    const float each = alpha / static_cast<float>(size);
    constexpr std::int64_t kWidth = 512;
    const std::int64_t blocks = (inner + kWidth - 1) / kWidth;
    const float* from = x.as<float>().data();
    float* to = context.output<float>(0, x.shape()).data();
    context.forEach(x.shape()[0] * blocks, [&](std::int64_t chunk) {
        const std::int64_t first = chunk % blocks * kWidth, width = std::min(kWidth, inner - first);
        const float* in = from + chunk / blocks * channels * inner + first;
        float* out = to + chunk / blocks * channels * inner + first;
        std::array<float, kWidth> energy;
        for (std::int64_t c = 0; c < channels; ++c) {
            energy.fill(0.0f);
            for (std::int64_t k = std::max<std::int64_t>(0, c - before); k <= std::min(channels - 1, c + std::min(after, channels)); ++k)
                for (std::int64_t i = 0; i < width; ++i) energy[static_cast<std::size_t>(i)] += in[k * inner + i] * in[k * inner + i];
            for (std::int64_t i = 0; i < width; ++i)
                out[c * inner + i] = in[c * inner + i] * inversePower(bias + each * energy[static_cast<std::size_t>(i)], beta);
        }
    });
}

}  // namespace bitlathe
