// The activation functions that recurrent layers name: for gates, cells and hidden states. Knows rows of floats.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace bitlathe {

class OperatorContext;

struct Gate {
    enum class Function { Sigmoid, Tanh, Relu, Affine, LeakyRelu, ThresholdedRelu, ScaledTanh, HardSigmoid, Elu, Softsign, Softplus };
    Function function = Function::Sigmoid;
    float alpha = 0, beta = 0;

    // x[i] = f(x[i]).
    void apply(float* x, std::int64_t count) const noexcept;
};

// The functions of one node, `each` for every direction: its attributes activations, activation_alpha and
// activation_beta, or `absent` (names, one direction's worth). fail()s on names that ONNX does not know.
std::vector<Gate> gatesOf(const OperatorContext& context, std::size_t directions, const std::vector<std::string_view>& absent);

}  // namespace bitlathe
