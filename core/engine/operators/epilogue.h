// What happens to a convolution's sums on their way out: bias, an added tensor, an activation. Applied
// while the sums are still in the cache; the bits are those of the separate operators.
#pragma once

#include <cstdint>

namespace bitlathe {

struct Node;

struct Epilogue {
    enum class Activation { None, Relu, Clip, LeakyRelu, HardSigmoid, Sigmoid, Tanh };
    Activation activation = Activation::None;
    float a = 0.0f, b = 0.0f;  // Clip: low, high; LeakyRelu: slope; HardSigmoid: alpha, beta

    // From FusedConv's attributes activation and activation_params. False: not an activation we know.
    static bool fromNode(const Node& node, Epilogue& epilogue);

    // y[i] = activation((y[i] + bias) + addend[i]); addend may be null.
    void apply(float* y, std::int64_t count, float bias, const float* addend) const noexcept;
};

}  // namespace bitlathe
