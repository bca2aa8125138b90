#include "core/workflow/sample_answer.h"

#include "core/engine/run.h"
#include "core/metrics/error_sums.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bitlathe {
namespace {

constexpr double kSumIsOne = 1e-3;

bool areProbabilities(std::span<const float> outputs) {
    double sum = 0;
    for (const float v : outputs) {
        if (!(v >= 0)) return false;
        sum += v;
    }
    return std::abs(sum - 1) < kSumIsOne;
}

// The row that belongs to one sample of the first output, as float32.
std::vector<float> rowOf(const Tensor& output, std::int64_t row, std::int64_t rows, const Model& model) {
    const Shape& shape = output.shape();
    const bool perSample = shape.rank() > 0 && shape[0] == rows;
    const std::int64_t classes = perSample ? output.count() / rows : output.count();
    std::int64_t wide = 0;
    for (std::size_t axis = perSample ? 1 : 0; axis < shape.rank(); ++axis) wide += shape[axis] > 1;
    if (classes < 2 || wide > 1)
        throw Error(ErrorKind::Unsupported, "the first output of " + model.source.filename().string() + " is no row of classes: it is shown for classifiers; measure other networks in the Run panel");
    const Tensor floats = toFloat32(output);
    const auto values = floats.as<float>().subspan(static_cast<std::size_t>(perSample ? row * classes : 0), static_cast<std::size_t>(classes));
    return {values.begin(), values.end()};
}

}  // namespace

std::vector<ClassAnswer> highestClasses(std::span<const float> outputs, std::size_t most) {
    std::vector<std::size_t> order(outputs.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const std::size_t count = std::min(most, order.size());
    // NaN counts as the lowest, equal outputs keep their order.
    const auto higher = [&](std::size_t a, std::size_t b) {
        const bool wrongA = std::isnan(outputs[a]), wrongB = std::isnan(outputs[b]);
        if (wrongA != wrongB) return wrongB;
        return outputs[a] != outputs[b] && !wrongA ? outputs[a] > outputs[b] : a < b;
    };
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), higher);
    double scale = 1, shift = 0;
    const bool ready = areProbabilities(outputs);
    if (!ready && count > 0) {
        shift = outputs[order[0]];
        scale = 0;
        for (const float v : outputs)
            if (!std::isnan(v)) scale += std::exp(v - shift);
    }
    std::vector<ClassAnswer> answers;
    for (std::size_t i = 0; i < count; ++i) {
        const float v = outputs[order[i]];
        answers.push_back({static_cast<std::int64_t>(order[i]), ready ? v : std::exp(v - shift) / scale});
    }
    return answers;
}

SampleAnswer answerSample(const Executable& reference, const Network& network, const SampleFeed& feed, std::int64_t sample, std::size_t most, Workers& workers,
                          JobContext& job) {
    const std::int64_t batch = feed.batch(), index = sample / batch, row = sample % batch, rows = feed.rowsIn(index);
    const std::vector<Tensor> inputs = feed.inputs(index);
    Workspace first, second;
    const std::vector<Tensor> real = run(reference, first, workers, inputs, job), quantized = run(*network.executable, second, workers, inputs, job);
    if (real.empty()) throw Error(ErrorKind::Unsupported, "this network has no output; open one that has");
    const std::vector<float> a = rowOf(real[0], row, rows, reference.model()), b = rowOf(quantized[0], row, rows, reference.model());
    SampleAnswer answer;
    answer.real = highestClasses(a, most);
    answer.quantized = highestClasses(b, most);
    ErrorSums sums;
    addPairs(sums, a, b);
    answer.outputSqnrDb = decibels(sums.xx, sums.ee);
    if (feed.labelled()) answer.label = feed.label(sample);
    return answer;
}

}  // namespace bitlathe
