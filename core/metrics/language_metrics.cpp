#include "core/metrics/language_metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace bitlathe {

namespace {

// Mean and standard error of what `of` gives.
Estimate estimate(std::span<const TokenScore> scores, const std::function<double(const TokenScore&)>& of) {
    Estimate made;
    const auto n = static_cast<double>(scores.size());
    if (scores.empty()) return made;
    for (const TokenScore& score : scores) made.value += of(score);
    made.value /= n;
    double squares = 0;
    for (const TokenScore& score : scores) squares += (of(score) - made.value) * (of(score) - made.value);
    if (scores.size() > 1) made.error = std::sqrt(squares / n / (n - 1));
    return made;
}

}  // namespace

LogSoftmax logSoftmax(std::span<const float> x) noexcept {
    LogSoftmax made;
    for (std::size_t i = 1; i < x.size(); ++i)
        if (x[i] > x[made.top]) made.top = i;
    made.most = static_cast<double>(x[made.top]);
    double sum = 0;
    for (const float value : x) sum += std::exp(static_cast<double>(value) - made.most);
    made.logSum = std::log(sum);
    return made;
}

TokenScore scoreToken(std::span<const float> reference, std::span<const float> logits, std::int32_t next) noexcept {
    TokenScore made;
    const LogSoftmax got = logSoftmax(logits);
    const auto token = static_cast<std::size_t>(next);
    made.loss = -got.of(logits[token]);
    if (reference.empty()) return made;
    const LogSoftmax base = logSoftmax(reference);
    made.referenceLoss = -base.of(reference[token]);
    for (std::size_t i = 0; i < logits.size(); ++i) {
        const double logP = base.of(reference[i]), p = std::exp(logP);
        if (p > 0) made.divergence += p * (logP - got.of(logits[i]));
    }
    made.probabilityChange = std::exp(-made.loss) - std::exp(-made.referenceLoss);
    made.sameTop = got.top == base.top;
    return made;
}

Distribution distributionOf(std::vector<double> values) {
    Distribution made;
    if (values.empty()) return made;
    const auto n = static_cast<double>(values.size());
    double sum = 0, squares = 0;
    for (const double value : values) sum += value;
    made.mean.value = sum / n;
    for (const double value : values) squares += (value - made.mean.value) * (value - made.mean.value);
    if (values.size() > 1) made.mean.error = std::sqrt(squares / n / (n - 1));
    // NaN after everything, so that the order is one.
    std::sort(values.begin(), values.end(), [](double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; });
    const auto at = [&](double share) {
        const double place = share * (n - 1);
        const auto below = static_cast<std::size_t>(place);
        const std::size_t above = std::min(below + 1, values.size() - 1);
        const double part = place - static_cast<double>(below);
        return part == 0 ? values[below] : (1 - part) * values[below] + part * values[above];
    };
    made.minimum = values.front();
    made.p0_1 = at(0.001), made.p1 = at(0.01), made.p5 = at(0.05), made.p10 = at(0.1), made.p25 = at(0.25);
    made.median = at(0.5);
    made.p75 = at(0.75), made.p90 = at(0.9), made.p95 = at(0.95), made.p99 = at(0.99), made.p99_9 = at(0.999);
    made.maximum = values.back();
    return made;
}

LanguageFigures languageFigures(std::span<const TokenScore> scores, bool compared) {
    LanguageFigures made;
    made.tokens = static_cast<std::int64_t>(scores.size());
    made.compared = compared;
    made.loss = estimate(scores, [](const TokenScore& s) { return s.loss; });
    const auto perplexity = [](const Estimate& loss) { return Estimate{std::exp(loss.value), std::exp(loss.value) * loss.error}; };
    made.perplexity = perplexity(made.loss);
    if (!compared) {
        made.referenceLoss = made.loss;
        made.referencePerplexity = made.perplexity;
        made.ratio = {1, 0};
        made.sameTop = {1, 0};
        return made;
    }
    const auto n = static_cast<double>(scores.size());
    made.referenceLoss = estimate(scores, [](const TokenScore& s) { return s.referenceLoss; });
    made.referencePerplexity = perplexity(made.referenceLoss);
    double covariance = 0;  // of the means
    for (const TokenScore& s : scores) covariance += (s.loss - made.loss.value) * (s.referenceLoss - made.referenceLoss.value);
    covariance = scores.size() > 1 ? covariance / n / (n - 1) : 0;
    const double errors = made.loss.error * made.referenceLoss.error;
    made.lossCorrelation = errors > 0 ? covariance / errors : 1;
    const auto squared = [](double x) { return x * x; };
    made.logRatio.value = made.loss.value - made.referenceLoss.value;
    made.logRatio.error = std::sqrt(std::max(0.0, squared(made.loss.error) + squared(made.referenceLoss.error) - 2 * covariance));
    made.ratio = {std::exp(made.logRatio.value), std::exp(made.logRatio.value) * made.logRatio.error};
    made.difference.value = made.perplexity.value - made.referencePerplexity.value;
    made.difference.error = std::sqrt(std::max(0.0, squared(made.perplexity.error) + squared(made.referencePerplexity.error) -
                                                        2 * made.perplexity.value * made.referencePerplexity.value * covariance));
    std::vector<double> divergences, changes;
    for (const TokenScore& s : scores) divergences.push_back(s.divergence), changes.push_back(s.probabilityChange);
    made.divergence = distributionOf(std::move(divergences));
    made.probabilityChange = distributionOf(std::move(changes));
    const Estimate squares = estimate(scores, [&](const TokenScore& s) { return squared(s.probabilityChange); });
    made.probabilityChangeRms.value = std::sqrt(squares.value);
    made.probabilityChangeRms.error = squares.value > 0 ? 0.5 / made.probabilityChangeRms.value * squares.error : 0;
    made.sameTop = estimate(scores, [](const TokenScore& s) { return s.sameTop ? 1.0 : 0.0; });
    return made;
}

}  // namespace bitlathe
