#include "core/quant/scheme.h"

#include "core/quant/codec.h"
#include "core/quant/ranges.h"
#include "core/quant/stored_scale.h"

#include <charconv>

namespace bitlathe {

namespace {

template <class... F>
struct Overloaded : F... { using F::operator()...; };

std::string shortest(double value) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return {text, end};
}

}  // namespace

std::string shortText(const Scheme& scheme) {
    std::string text = "float32";
    if (scheme.weights) {
        text = formatName(*scheme.weights);
        if (codecOf(*scheme.weights).blockSize == 0)
            text += std::visit(Overloaded{
                                   [](const PerTensor&) { return std::string(" tensor"); },
                                   [](const PerChannel&) { return std::string(" channel"); },
                                   [](const PerGroup& g) { return " group " + std::to_string(g.size); },
                               },
                               scheme.weights->granularity);
        if (scheme.weights->knee > 0) text += ", knee " + shortest(scheme.weights->knee);
        if (scheme.weights->scale != ScaleType::F32) text += ", scale " + std::string(nameOf(scheme.weights->scale));
    }
    if (scheme.activations) {
        text += scheme.activations->symmetric ? ", a int" : ", a uint";
        text += std::to_string(scheme.activations->bits);
    }
    return text;
}

std::string rangeText(const RangeRule& rule) {
    return std::visit(Overloaded{
                          [](const MinMax&) { return std::string("min–max"); },
                          [](const MovingAverage& r) { return "moving average " + shortest(r.constant); },
                          [](const Percentile& r) { return "percentile " + shortest(r.percent); },
                          [](const LeastError& r) { return r.norm == 2 ? std::string("least squared error") : "least error, norm " + shortest(r.norm); },
                          [](const Entropy& r) { return "entropy, " + std::to_string(r.bins) + " bins"; },
                          [](const Manual& r) { return "by hand " + shortest(r.lo) + " … " + shortest(r.hi); },
                          [](const Aciq& r) { return "ACIQ" + (r.shape == Aciq::Shape::Auto ? std::string() : ", " + std::string(nameOf(r.shape))); },
                          [](const Adaptive& r) { return "adaptive, " + std::string(labelOf(r.metric)); },
                      },
                      rule);
}

std::string_view nameOf(const RangeRule& rule) noexcept {
    constexpr std::string_view kNames[] = {"minmax", "movingAverage", "percentile", "leastError", "entropy", "manual", "aciq", "adaptive"};
    return kNames[rule.index()];
}

std::string_view nameOf(Aciq::Shape shape) noexcept {
    constexpr std::string_view kNames[] = {"auto", "gaussian", "laplace"};
    return kNames[static_cast<std::size_t>(shape)];
}

std::string_view nameOf(Adaptive::Metric metric) noexcept {
    constexpr std::string_view kNames[] = {"squaredError", "norm2.4", "cosine", "maxError", "divergence"};
    return kNames[static_cast<std::size_t>(metric)];
}

std::string_view labelOf(Adaptive::Metric metric) noexcept {
    constexpr std::string_view kLabels[] = {"squared error", "error to the 2.4", "cosine", "largest error", "divergence of histograms"};
    return kLabels[static_cast<std::size_t>(metric)];
}

}  // namespace bitlathe
