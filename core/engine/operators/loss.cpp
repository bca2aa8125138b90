#include "core/engine/operators/loss.h"

#include "core/engine/operators/arguments.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace bitlathe {

namespace {

// The loss of batch × classes × places log-probabilities.
void giveLoss(OperatorContext& context, std::span<const float> logProbabilities, const Shape& shape) {
    const Tensor& labels = context.input(1);
    const std::vector<std::int64_t> label = integersIn(context, 1);
    const std::int64_t batch = shape[0], classes = shape[1], places = shape.count(2, shape.rank());
    std::vector<std::int64_t> expected = shape.dims();
    expected.erase(expected.begin() + 1);
    if (labels.shape() != Shape(expected)) context.fail("labels " + toText(labels.shape()) + " do not fit " + toText(shape));
    const Tensor* weights = context.optional(2) ? &inputOf(context, 2, ElementType::F32) : nullptr;
    if (weights && weights->count() != classes) context.fail("there must be one weight for each of the " + std::to_string(classes) + " classes");
    const std::string reduction = context.node().text("reduction", "mean");
    if (reduction != "none" && reduction != "sum" && reduction != "mean") context.fail("reduction must be none, sum or mean, not '" + reduction + "'");
    const bool ignores = context.node().has("ignore_index");
    const std::int64_t ignored = context.node().integer("ignore_index", 0);
    const auto each = reduction == "none" ? context.output<float>(0, labels.shape()) : std::span<float>{};
    double sum = 0, weightSum = 0;
    for (std::int64_t i = 0; i < batch * places; ++i) {
        const std::int64_t c = label[static_cast<std::size_t>(i)];
        const bool counts = !ignores || c != ignored;
        if (counts && (c < 0 || c >= classes)) context.fail("label " + std::to_string(c) + " names none of the " + std::to_string(classes) + " classes");
        const double weight = !counts ? 0 : weights ? double(weights->as<float>()[static_cast<std::size_t>(c)]) : 1;
        const double loss = counts ? -weight * double(logProbabilities[static_cast<std::size_t>((i / places * classes + c) * places + i % places)]) : 0;
        if (!each.empty()) each[static_cast<std::size_t>(i)] = static_cast<float>(loss);
        sum += loss;
        weightSum += weight;
    }
    if (reduction == "none") return;
    context.output<float>(0, Shape{})[0] = static_cast<float>(reduction == "mean" ? sum / weightSum : sum);
}

}  // namespace

void runNegativeLogLikelihoodLoss(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    needRank(context, x, 2);
    giveLoss(context, x.as<float>(), x.shape());
}

void runSoftmaxCrossEntropyLoss(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    needRank(context, x, 2);
    const std::int64_t classes = x.shape()[1], places = x.shape().count(2, x.shape().rank());
    const auto from = x.as<float>();
    const auto logs = context.wants(1) ? context.output<float>(1, x.shape()) : context.scratch<float>(x.count());
    for (std::int64_t i = 0; i < x.shape()[0] * places; ++i) {
        const std::int64_t base = i / places * classes * places + i % places;
        const auto at = [&](std::int64_t c) { return double(from[static_cast<std::size_t>(base + c * places)]); };
        double most = classes > 0 ? at(0) : 0, sum = 0;
        for (std::int64_t c = 1; c < classes; ++c) most = std::max(most, at(c));
        for (std::int64_t c = 0; c < classes; ++c) sum += std::exp(at(c) - most);
        for (std::int64_t c = 0; c < classes; ++c) logs[static_cast<std::size_t>(base + c * places)] = static_cast<float>(at(c) - most - std::log(sum));
    }
    giveLoss(context, logs, x.shape());
}

void runDet(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    const int rank = x.shape().rank();
    needRank(context, x, 2);
    const std::int64_t n = x.shape()[rank - 1], count = x.shape().count(0, rank - 2);
    if (x.shape()[rank - 2] != n) context.fail("the matrices of " + toText(x.shape()) + " are not square");
    const auto to = context.output<float>(0, Shape(std::vector<std::int64_t>(x.shape().begin(), x.shape().end() - 2)));
    const auto from = x.as<float>();
    context.forEach(count, [&](std::int64_t matrix) {
        std::vector<double> m(from.begin() + matrix * n * n, from.begin() + (matrix + 1) * n * n);
        const auto at = [&](std::int64_t r, std::int64_t c) -> double& { return m[static_cast<std::size_t>(r * n + c)]; };
        double product = 1;
        for (std::int64_t k = 0; k < n && product != 0; ++k) {  // Gauss, with the largest pivot
            std::int64_t pivot = k;
            for (std::int64_t r = k + 1; r < n; ++r)
                if (std::abs(at(r, k)) > std::abs(at(pivot, k))) pivot = r;
            if (pivot != k) {
                std::swap_ranges(&at(k, 0), &at(k, 0) + n, &at(pivot, 0));
                product = -product;
            }
            product *= at(k, k);
            for (std::int64_t r = k + 1; r < n && at(k, k) != 0; ++r) {
                const double factor = at(r, k) / at(k, k);
                for (std::int64_t c = k; c < n; ++c) at(r, c) -= factor * at(k, c);
            }
        }
        to[static_cast<std::size_t>(matrix)] = static_cast<float>(product);
    });
}

}  // namespace bitlathe
