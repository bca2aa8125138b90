#include "core/engine/operators/gate.h"

#include "core/engine/operator.h"
#include "core/kernels/float_math.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string>

namespace bitlathe {

namespace {

// Name in lower case, and the parameters that it takes with their values where the node gives none.
struct Row {
    std::string_view name;
    Gate::Function function;
    bool takesAlpha = false, takesBeta = false;
    float alpha = 0, beta = 0;
};

constexpr Row kRows[] = {
    {"sigmoid", Gate::Function::Sigmoid},
    {"tanh", Gate::Function::Tanh},
    {"relu", Gate::Function::Relu},
    {"affine", Gate::Function::Affine, true, true, 1.0f, 0.0f},
    {"leakyrelu", Gate::Function::LeakyRelu, true, false, 0.01f},
    {"thresholdedrelu", Gate::Function::ThresholdedRelu, true, false, 1.0f},
    {"scaledtanh", Gate::Function::ScaledTanh, true, true, 1.0f, 1.0f},
    {"hardsigmoid", Gate::Function::HardSigmoid, true, true, 0.2f, 0.5f},
    {"elu", Gate::Function::Elu, true, false, 1.0f},
    {"softsign", Gate::Function::Softsign},
    {"softplus", Gate::Function::Softplus},
};

template <class F>
void map(float* x, std::int64_t count, F f) {
    for (std::int64_t i = 0; i < count; ++i) x[i] = f(x[i]);
}

}  // namespace

void Gate::apply(float* x, std::int64_t count) const noexcept {
    const float a = alpha, b = beta;
    switch (function) {
    case Function::Sigmoid: return map(x, count, [](float v) { return sigmoid32(v); });
    case Function::Tanh: return map(x, count, [](float v) { return tanh32(v); });
    case Function::Relu: return map(x, count, [](float v) { return v < 0 ? 0.0f : v; });
    case Function::Affine: return map(x, count, [=](float v) { return a * v + b; });
    case Function::LeakyRelu: return map(x, count, [=](float v) { return v < 0 ? a * v : v; });
    case Function::ThresholdedRelu: return map(x, count, [=](float v) { return v <= a ? 0.0f : v; });
    case Function::ScaledTanh: return map(x, count, [=](float v) { return a * tanh32(b * v); });
    case Function::HardSigmoid:
        return map(x, count, [=](float v) {
            const float y = a * v + b;
            return y < 0 ? 0.0f : y > 1 ? 1.0f : y;
        });
    case Function::Elu: return map(x, count, [=](float v) { return v < 0 ? a * expm1_32(v) : v; });
    case Function::Softsign: return map(x, count, [](float v) { return v / (1 + absolute32(v)); });
    case Function::Softplus: return map(x, count, [](float v) { return (v > 0 ? v : 0.0f) + std::log1p(exp32(-absolute32(v))); });
    }
}

std::vector<Gate> gatesOf(const OperatorContext& context, std::size_t directions, const std::vector<std::string_view>& absent) {
    const Node& node = context.node();
    std::vector<std::string> names;
    if (const auto found = node.attributes.find("activations"); found != node.attributes.end())
        if (const auto* given = std::get_if<std::vector<std::string>>(&found->second)) names = *given;
    if (names.empty())
        for (std::size_t i = 0; i < directions; ++i) names.insert(names.end(), absent.begin(), absent.end());
    if (names.size() != directions * absent.size())
        context.fail("it names " + std::to_string(names.size()) + " activations instead of " + std::to_string(directions * absent.size()));
    const auto alphas = node.reals("activation_alpha"), betas = node.reals("activation_beta");
    std::size_t alpha = 0, beta = 0;  // functions that take a parameter use the lists up in turn
    std::vector<Gate> gates;
    for (std::string& name : names) {
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const auto row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.name == name; });
        if (row == std::end(kRows)) context.fail("the activation '" + name + "' does not exist");
        Gate gate{row->function, row->alpha, row->beta};
        if (row->takesAlpha && alpha < alphas.size()) gate.alpha = alphas[alpha++];
        if (row->takesBeta && beta < betas.size()) gate.beta = betas[beta++];
        gates.push_back(gate);
    }
    return gates;
}

}  // namespace bitlathe
