#include "core/engine/operators/epilogue.h"

#include "core/model/graph.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

bool Epilogue::fromNode(const Node& node, Epilogue& epilogue) {
    const auto name = node.text("activation", "");
    const auto parameters = node.reals("activation_params");
    const auto parameter = [&](std::size_t i, float absent) { return i < parameters.size() ? parameters[i] : absent; };
    if (name.empty()) return true;
    if (name == "Relu") epilogue = {Activation::Relu};
    else if (name == "Clip") epilogue = {Activation::Clip, parameter(0, -3.402823466e38f), parameter(1, 3.402823466e38f)};
    else if (name == "LeakyRelu") epilogue = {Activation::LeakyRelu, parameter(0, 0.01f)};
    else if (name == "HardSigmoid") epilogue = {Activation::HardSigmoid, parameter(0, 0.2f), parameter(1, 0.5f)};
    else if (name == "Sigmoid") epilogue = {Activation::Sigmoid};
    else if (name == "Tanh") epilogue = {Activation::Tanh};
    else return false;
    return true;
}

void Epilogue::apply(float* y, std::int64_t count, float bias, const float* addend) const noexcept {
    if (addend)
        for (std::int64_t i = 0; i < count; ++i) y[i] = (y[i] + bias) + addend[i];
    else if (activation == Activation::Relu) {
        for (std::int64_t i = 0; i < count; ++i) {
            const float sum = y[i] + bias;
            y[i] = sum < 0.0f ? 0.0f : sum;
        }
        return;
    } else
        for (std::int64_t i = 0; i < count; ++i) y[i] += bias;
    switch (activation) {
        case Activation::None: return;
        case Activation::Relu:
            for (std::int64_t i = 0; i < count; ++i) y[i] = y[i] < 0.0f ? 0.0f : y[i];
            return;
        case Activation::Clip:
            for (std::int64_t i = 0; i < count; ++i) y[i] = std::min(std::max(y[i], a), b);
            return;
        case Activation::LeakyRelu:
            for (std::int64_t i = 0; i < count; ++i) y[i] = y[i] < 0.0f ? a * y[i] : y[i];
            return;
        case Activation::HardSigmoid:
            for (std::int64_t i = 0; i < count; ++i) y[i] = std::max(0.0f, std::min(1.0f, a * y[i] + b));
            return;
        case Activation::Sigmoid:
            for (std::int64_t i = 0; i < count; ++i) y[i] = 1.0f / (1.0f + std::exp(-y[i]));
            return;
        case Activation::Tanh:
            for (std::int64_t i = 0; i < count; ++i) y[i] = std::tanh(y[i]);
            return;
    }
}

}  // namespace bitlathe
