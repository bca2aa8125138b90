#include "core/engine/operator_list.h"

#include "core/engine/operators/activation.h"
#include "core/engine/operators/shape.h"

#include <algorithm>
#include <array>

namespace bitlathe {

namespace {

constexpr std::string_view kOnnx = "";
constexpr bool kThroughFloat32 = true;

constexpr Operator kOperators[] = {
    // linear

    // quantized

    // activations
    {"Relu", kOnnx, "max(x, 0)", runRelu, kThroughFloat32},

    // element-wise

    // normalisation and pooling

    // reductions

    // shapes and gathering
    {"Flatten", kOnnx, "to a matrix", runFlatten},

    // recurrent
};

}  // namespace

std::span<const Operator> operators() noexcept { return kOperators; }

const Operator* findOperator(std::string_view op, std::string_view domain) noexcept {
    if (domain == "ai.onnx") domain = kOnnx;
    const auto found = std::find_if(std::begin(kOperators), std::end(kOperators),
                                    [&](const Operator& row) { return row.name == op && row.domain == domain; });
    return found == std::end(kOperators) ? nullptr : found;
}

bool isRunnable(std::string_view op, std::string_view domain) noexcept { return findOperator(op, domain) != nullptr; }

}  // namespace bitlathe
