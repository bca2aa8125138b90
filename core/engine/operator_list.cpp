#include "core/engine/operator_list.h"

#include "core/engine/operators/activation.h"
#include "core/engine/operators/conv.h"
#include "core/engine/operators/matmul.h"
#include "core/engine/operators/shape.h"

#include <algorithm>
#include <array>

namespace bitlathe {

namespace {

constexpr std::string_view kOnnx = "";
constexpr std::string_view kMicrosoft = "com.microsoft";
constexpr bool kThroughFloat32 = true;

constexpr Operator kOperators[] = {
    // linear
    {"Conv", kOnnx, "convolution over 1 to 3 axes", runConv, kThroughFloat32, prepareConv},
    {"FusedConv", kMicrosoft, "convolution and activation", runConv, kThroughFloat32, prepareConv},
    {"ConvTranspose", kOnnx, "transposed convolution", runConvTranspose, kThroughFloat32},
    {"Gemm", kOnnx, "alpha A B + beta C", runGemm, kThroughFloat32, prepareMatMul},
    {"MatMul", kOnnx, "product of matrices, with broadcasting", runMatMul, kThroughFloat32, prepareMatMul},

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
