#include "core/engine/operator_list.h"

#include "core/engine/operators/activation.h"
#include "core/engine/operators/arithmetic.h"
#include "core/engine/operators/attention.h"
#include "core/engine/operators/batch_norm.h"
#include "core/engine/operators/cached_attention.h"
#include "core/engine/operators/cast.h"
#include "core/engine/operators/conv.h"
#include "core/engine/operators/detection.h"
#include "core/engine/operators/dropout.h"
#include "core/engine/operators/einsum.h"
#include "core/engine/operators/gather.h"
#include "core/engine/operators/generate.h"
#include "core/engine/operators/grid_sample.h"
#include "core/engine/operators/linear.h"
#include "core/engine/operators/logic.h"
#include "core/engine/operators/loss.h"
#include "core/engine/operators/matmul.h"
#include "core/engine/operators/matmul_nbits.h"
#include "core/engine/operators/nhwc.h"
#include "core/engine/operators/normalize.h"
#include "core/engine/operators/pad.h"
#include "core/engine/operators/pool.h"
#include "core/engine/operators/qlinear_conv.h"
#include "core/engine/operators/qlinear_elementwise.h"
#include "core/engine/operators/qlinear_matmul.h"
#include "core/engine/operators/qlinear_pool.h"
#include "core/engine/operators/quantize_linear.h"
#include "core/engine/operators/rearrange.h"
#include "core/engine/operators/recurrent.h"
#include "core/engine/operators/reduce.h"
#include "core/engine/operators/resize.h"
#include "core/engine/operators/select.h"
#include "core/engine/operators/shape.h"
#include "core/engine/operators/signal.h"
#include "core/engine/operators/softmax.h"
#include "core/engine/operators/transpose.h"
#include "core/engine/operators/unary.h"

#include <algorithm>
#include <array>

namespace bitlathe {

namespace {

constexpr std::string_view kOnnx = "";
constexpr std::string_view kMicrosoft = "com.microsoft";
constexpr std::string_view kInternal = "bitlathe";
constexpr Widening kThroughFloat32 = Widening::Reals, kHalvesThroughFloat32 = Widening::Halves;

constexpr Operator kOperators[] = {
    // linear
    {"Conv", kOnnx, "convolution over 1 to 3 axes", runConv, kThroughFloat32, prepareConv},
    {"FusedConv", kMicrosoft, "convolution and activation", runConv, kThroughFloat32, prepareConv},
    {"ConvTranspose", kOnnx, "transposed convolution", runConvTranspose, kThroughFloat32},
    {"Gemm", kOnnx, "alpha A B + beta C", runGemm, kThroughFloat32, prepareMatMul},
    {"MatMul", kOnnx, "product of matrices, with broadcasting", runMatMul, kThroughFloat32, prepareMatMul},
    {"Einsum", kOnnx, "sum of products by named axes", runEinsum, kThroughFloat32},

    // quantized
    {"QuantizeLinear", kOnnx, "numbers to codes", runQuantizeLinear},
    {"DequantizeLinear", kOnnx, "codes to numbers", runDequantizeLinear},
    {"QuantizeLinear", kMicrosoft, "numbers to codes", runQuantizeLinear},
    {"DequantizeLinear", kMicrosoft, "codes to numbers", runDequantizeLinear},
    {"DynamicQuantizeLinear", kOnnx, "numbers to codes, range from the data", runDynamicQuantizeLinear},
    {"QLinearConv", kOnnx, "convolution of codes", runQLinearConv, Widening::None, prepareQLinearConv},
    {"QLinearConv", kMicrosoft, "convolution of codes, either layout", runQLinearConv, Widening::None, prepareQLinearConv},
    {"ConvInteger", kOnnx, "convolution of codes to int32", runConvInteger, Widening::None, prepareConvInteger},
    {"QLinearMatMul", kOnnx, "product of matrices of codes", runQLinearMatMul, Widening::None, prepareQLinearMatMul},
    {"MatMulInteger", kOnnx, "product of matrices of codes to int32", runMatMulInteger, Widening::None, prepareMatMulInteger},
    {"QGemm", kMicrosoft, "Gemm of codes", runQGemm, Widening::None, prepareQGemm},
    {"DynamicQuantizeMatMul", kMicrosoft, "product with codes, A quantized on the fly", runDynamicQuantizeMatMul, Widening::None, prepareDynamicQuantizeMatMul},
    {"MatMulIntegerToFloat", kMicrosoft, "product of codes to numbers", runMatMulIntegerToFloat, Widening::None, prepareMatMulIntegerToFloat},
    {"MatMulNBits", kMicrosoft, "product with 2-, 4- or 8-bit weights", runMatMulNBits, kThroughFloat32, prepareMatMulNBits},
    {"QLinearAdd", kMicrosoft, "a + b of codes", runQLinearAdd, Widening::None, prepareQLinearAdd},
    {"QLinearMul", kMicrosoft, "a · b of codes", runQLinearMul, Widening::None, prepareQLinearMul},
    {"QLinearSigmoid", kMicrosoft, "sigmoid of codes, by table", runQLinearSigmoid},
    {"QLinearLeakyRelu", kMicrosoft, "leaky ReLU of codes, by table", runQLinearLeakyRelu},
    {"QLinearSoftmax", kMicrosoft, "softmax of codes, by table", runQLinearSoftmax},
    {"QLinearConcat", kMicrosoft, "concatenation of codes", runQLinearConcat},
    {"QLinearAveragePool", kMicrosoft, "average pool of codes", runQLinearAveragePool},
    {"QLinearGlobalAveragePool", kMicrosoft, "average over all pixels, of codes", runQLinearGlobalAveragePool},
    {"NhwcMaxPool", kMicrosoft, "maximum pool of codes, channels last", runNhwcMaxPool},
    {"ToChannelsLast", kInternal, "image of codes to channels last", runToChannelsLast},
    {"ToChannelsFirst", kInternal, "image of codes to channels first", runToChannelsFirst},

    // activations
    {"Relu", kOnnx, "max(x, 0)", runRelu, kHalvesThroughFloat32},
    {"Clip", kOnnx, "x limited to min … max", runClip, kHalvesThroughFloat32},
    {"LeakyRelu", kOnnx, "x, or alpha · x below 0", runLeakyRelu, kThroughFloat32},
    {"PRelu", kOnnx, "x, or slope · x below 0", runPRelu, kHalvesThroughFloat32},
    {"ThresholdedRelu", kOnnx, "x above alpha, else 0", runThresholdedRelu, kThroughFloat32},
    {"Elu", kOnnx, "exponential linear unit", runElu, kThroughFloat32},
    {"Selu", kOnnx, "scaled exponential linear unit", runSelu, kThroughFloat32},
    {"Celu", kOnnx, "continuously differentiable Elu", runCelu, kThroughFloat32},
    {"Sigmoid", kOnnx, "1 / (1 + exp(-x))", runSigmoid, kThroughFloat32},
    {"Tanh", kOnnx, "hyperbolic tangent", runTanh, kThroughFloat32},
    {"HardSigmoid", kOnnx, "alpha · x + beta, limited to 0 … 1", runHardSigmoid, kThroughFloat32},
    {"HardSwish", kOnnx, "x · hard sigmoid", runHardSwish, kThroughFloat32},
    {"Swish", kOnnx, "x · sigmoid(alpha · x)", runSwish, kThroughFloat32},
    {"QuickGelu", kMicrosoft, "x · sigmoid(alpha · x)", runQuickGelu, kThroughFloat32},
    {"Mish", kOnnx, "x · tanh(softplus(x))", runMish, kThroughFloat32},
    {"Gelu", kOnnx, "x · normal distribution of x", runGelu, kThroughFloat32},
    {"Gelu", kMicrosoft, "x · normal distribution of x", runGelu, kThroughFloat32},
    {"FastGelu", kMicrosoft, "Gelu of x + bias, tanh form", runFastGelu, kThroughFloat32},
    {"BiasGelu", kMicrosoft, "Gelu of x + bias", runBiasGelu, kThroughFloat32},
    {"Softplus", kOnnx, "log(1 + exp(x))", runSoftplus, kThroughFloat32},
    {"Softsign", kOnnx, "x / (1 + |x|)", runSoftsign, kThroughFloat32},
    {"Shrink", kOnnx, "moves x towards 0", runShrink, kThroughFloat32},

    // element-wise
    {"Add", kOnnx, "a + b", runAdd, kHalvesThroughFloat32},
    {"Sub", kOnnx, "a - b", runSub, kHalvesThroughFloat32},
    {"Mul", kOnnx, "a · b", runMul, kHalvesThroughFloat32},
    {"Div", kOnnx, "a / b", runDiv, kHalvesThroughFloat32},
    {"Mod", kOnnx, "remainder of a / b", runMod, kHalvesThroughFloat32},
    {"Pow", kOnnx, "a to the power of b", runPow, kHalvesThroughFloat32},
    {"Sum", kOnnx, "sum of the inputs", runSum, kHalvesThroughFloat32},
    {"Mean", kOnnx, "mean of the inputs", runMean, kHalvesThroughFloat32},
    {"Max", kOnnx, "largest of the inputs", runMax, kHalvesThroughFloat32},
    {"Min", kOnnx, "smallest of the inputs", runMin, kHalvesThroughFloat32},
    {"Equal", kOnnx, "a = b", runEqual, kHalvesThroughFloat32},
    {"Greater", kOnnx, "a > b", runGreater, kHalvesThroughFloat32},
    {"GreaterOrEqual", kOnnx, "a ≥ b", runGreaterOrEqual, kHalvesThroughFloat32},
    {"Less", kOnnx, "a < b", runLess, kHalvesThroughFloat32},
    {"LessOrEqual", kOnnx, "a ≤ b", runLessOrEqual, kHalvesThroughFloat32},
    {"And", kOnnx, "both", runAnd},
    {"Or", kOnnx, "either", runOr},
    {"Xor", kOnnx, "one of the two", runXor},
    {"Not", kOnnx, "opposite", runNot},
    {"BitShift", kOnnx, "bits moved left or right", runBitShift},
    {"BitwiseAnd", kOnnx, "bits of both", runBitwiseAnd},
    {"BitwiseOr", kOnnx, "bits of either", runBitwiseOr},
    {"BitwiseXor", kOnnx, "bits of one of the two", runBitwiseXor},
    {"BitwiseNot", kOnnx, "opposite bits", runBitwiseNot},
    {"Where", kOnnx, "x where the condition holds, else y", runWhere, kHalvesThroughFloat32},
    {"IsNaN", kOnnx, "not a number", runIsNaN, kHalvesThroughFloat32},
    {"IsInf", kOnnx, "infinite", runIsInf, kHalvesThroughFloat32},
    {"Abs", kOnnx, "|x|", runAbs, kHalvesThroughFloat32},
    {"Neg", kOnnx, "-x", runNeg, kHalvesThroughFloat32},
    {"Sign", kOnnx, "-1, 0 or 1", runSign, kHalvesThroughFloat32},
    {"Floor", kOnnx, "rounded down", runFloor, kHalvesThroughFloat32},
    {"Ceil", kOnnx, "rounded up", runCeil, kHalvesThroughFloat32},
    {"Round", kOnnx, "rounded to nearest, halves to even", runRound, kHalvesThroughFloat32},
    {"Sqrt", kOnnx, "square root", runSqrt, kHalvesThroughFloat32},
    {"Reciprocal", kOnnx, "1 / x", runReciprocal, kHalvesThroughFloat32},
    {"Exp", kOnnx, "e to the power of x", runExp, kHalvesThroughFloat32},
    {"Log", kOnnx, "natural logarithm", runLog, kHalvesThroughFloat32},
    {"Erf", kOnnx, "error function", runErf, kHalvesThroughFloat32},
    {"Sin", kOnnx, "sine", runSin, kHalvesThroughFloat32},
    {"Cos", kOnnx, "cosine", runCos, kHalvesThroughFloat32},
    {"Tan", kOnnx, "tangent", runTan, kHalvesThroughFloat32},
    {"Asin", kOnnx, "arc sine", runAsin, kHalvesThroughFloat32},
    {"Acos", kOnnx, "arc cosine", runAcos, kHalvesThroughFloat32},
    {"Atan", kOnnx, "arc tangent", runAtan, kHalvesThroughFloat32},
    {"Sinh", kOnnx, "hyperbolic sine", runSinh, kHalvesThroughFloat32},
    {"Cosh", kOnnx, "hyperbolic cosine", runCosh, kHalvesThroughFloat32},
    {"Asinh", kOnnx, "inverse hyperbolic sine", runAsinh, kHalvesThroughFloat32},
    {"Acosh", kOnnx, "inverse hyperbolic cosine", runAcosh, kHalvesThroughFloat32},
    {"Atanh", kOnnx, "inverse hyperbolic tangent", runAtanh, kHalvesThroughFloat32},
    {"Identity", kOnnx, "x", runIdentity, kHalvesThroughFloat32},
    {"Cast", kOnnx, "to another number format", runCast},
    {"CastLike", kOnnx, "to the number format of another tensor", runCastLike},

    // normalisation and pooling
    {"Softmax", kOnnx, "exponentials that add up to 1", runSoftmax, kThroughFloat32},
    {"LogSoftmax", kOnnx, "logarithm of Softmax", runLogSoftmax, kThroughFloat32},
    {"Hardmax", kOnnx, "1 for the largest, else 0", runHardmax, kThroughFloat32},
    {"BatchNormalization", kOnnx, "by statistics of each channel", runBatchNormalization, kThroughFloat32},
    {"LayerNormalization", kOnnx, "by mean and variance of the last axes", runLayerNormalization, kThroughFloat32},
    {"SkipLayerNormalization", kMicrosoft, "LayerNormalization of a sum", runSkipLayerNormalization, kThroughFloat32},
    {"RMSNormalization", kOnnx, "by root mean square of the last axes", runRmsNormalization, kThroughFloat32},
    {"SimplifiedLayerNormalization", kOnnx, "RMSNormalization's first name", runRmsNormalization, kThroughFloat32},
    {"SkipSimplifiedLayerNormalization", kMicrosoft, "RMSNormalization of a sum", runSkipRmsNormalization, kThroughFloat32},
    {"InstanceNormalization", kOnnx, "by mean and variance of each channel of each image", runInstanceNormalization, kThroughFloat32},
    {"GroupNormalization", kOnnx, "by mean and variance of groups of channels", runGroupNormalization, kThroughFloat32},
    {"MeanVarianceNormalization", kOnnx, "by mean and variance over chosen axes", runMeanVarianceNormalization, kThroughFloat32},
    {"LpNormalization", kOnnx, "by the norm along an axis", runLpNormalization, kThroughFloat32},
    {"LRN", kOnnx, "by the energy of neighbouring channels", runLrn, kThroughFloat32},
    {"MaxPool", kOnnx, "largest of each window", runMaxPool, kHalvesThroughFloat32},
    {"AveragePool", kOnnx, "mean of each window", runAveragePool, kThroughFloat32},
    {"LpPool", kOnnx, "norm of each window", runLpPool, kThroughFloat32},
    {"GlobalAveragePool", kOnnx, "mean of each channel", runGlobalAveragePool, kHalvesThroughFloat32},
    {"GlobalMaxPool", kOnnx, "largest of each channel", runGlobalMaxPool, kHalvesThroughFloat32},
    {"GlobalLpPool", kOnnx, "norm of each channel", runGlobalLpPool, kHalvesThroughFloat32},
    {"MaxUnpool", kOnnx, "values back to where MaxPool found them", runMaxUnpool, kThroughFloat32},

    // reductions
    {"ReduceSum", kOnnx, "sum", runReduceSum, kHalvesThroughFloat32},
    {"ReduceMean", kOnnx, "mean", runReduceMean, kHalvesThroughFloat32},
    {"ReduceMax", kOnnx, "largest", runReduceMax, kHalvesThroughFloat32},
    {"ReduceMin", kOnnx, "smallest", runReduceMin, kHalvesThroughFloat32},
    {"ReduceProd", kOnnx, "product", runReduceProd, kHalvesThroughFloat32},
    {"ReduceL1", kOnnx, "sum of |x|", runReduceL1, kHalvesThroughFloat32},
    {"ReduceL2", kOnnx, "root of the sum of x²", runReduceL2, kHalvesThroughFloat32},
    {"ReduceLogSum", kOnnx, "logarithm of the sum", runReduceLogSum, kHalvesThroughFloat32},
    {"ReduceLogSumExp", kOnnx, "logarithm of the sum of exp(x)", runReduceLogSumExp, kHalvesThroughFloat32},
    {"ReduceSumSquare", kOnnx, "sum of x²", runReduceSumSquare, kHalvesThroughFloat32},
    {"ArgMax", kOnnx, "index of the largest", runArgMax, kHalvesThroughFloat32},
    {"ArgMin", kOnnx, "index of the smallest", runArgMin, kHalvesThroughFloat32},
    {"CumSum", kOnnx, "running sum", runCumSum, kHalvesThroughFloat32},

    // shapes and gathering
    {"Reshape", kOnnx, "the same elements in another shape", runReshape, kHalvesThroughFloat32},
    {"Flatten", kOnnx, "to a matrix", runFlatten, kHalvesThroughFloat32},
    {"Squeeze", kOnnx, "without axes of extent 1", runSqueeze, kHalvesThroughFloat32},
    {"Unsqueeze", kOnnx, "with new axes of extent 1", runUnsqueeze, kHalvesThroughFloat32},
    {"Shape", kOnnx, "the extents", runShape},
    {"Size", kOnnx, "the number of elements", runSize},
    {"Dropout", kOnnx, "x: nothing is dropped when a model runs", runDropout, kThroughFloat32},
    {"Transpose", kOnnx, "axes in another order", runTranspose, kHalvesThroughFloat32},
    {"Concat", kOnnx, "joined along an axis", runConcat, kHalvesThroughFloat32},
    {"Split", kOnnx, "cut along an axis", runSplit, kHalvesThroughFloat32},
    {"Slice", kOnnx, "a part, in steps", runSlice, kHalvesThroughFloat32},
    {"Pad", kOnnx, "with a border", runPad, kHalvesThroughFloat32},
    {"Expand", kOnnx, "repeated by broadcasting", runExpand, kHalvesThroughFloat32},
    {"Tile", kOnnx, "repeated", runTile, kHalvesThroughFloat32},
    {"DepthToSpace", kOnnx, "blocks of channels to pixels", runDepthToSpace, kHalvesThroughFloat32},
    {"SpaceToDepth", kOnnx, "blocks of pixels to channels", runSpaceToDepth, kHalvesThroughFloat32},
    {"ReverseSequence", kOnnx, "sequences back to front", runReverseSequence},
    {"Gather", kOnnx, "slices at indices", runGather},
    {"GatherElements", kOnnx, "elements at indices", runGatherElements},
    {"GatherND", kOnnx, "slices at tuples of indices", runGatherND},
    {"Scatter", kOnnx, "ScatterElements' first name", runScatterElements},
    {"ScatterElements", kOnnx, "elements written at indices", runScatterElements},
    {"ScatterND", kOnnx, "slices written at tuples of indices", runScatterND},
    {"Constant", kOnnx, "a constant", runConstant},
    {"ConstantOfShape", kOnnx, "one number everywhere", runConstantOfShape},
    {"Range", kOnnx, "evenly spaced numbers", runRange},
    {"EyeLike", kOnnx, "ones on a diagonal", runEyeLike},
    {"OneHot", kOnnx, "indices as vectors", runOneHot},
    {"Trilu", kOnnx, "upper or lower triangle", runTrilu, kHalvesThroughFloat32},
    {"TopK", kOnnx, "the largest elements", runTopK, kHalvesThroughFloat32},
    {"NonZero", kOnnx, "indices of what is not 0", runNonZero},
    {"Compress", kOnnx, "elements where a condition holds", runCompress},
    {"Unique", kOnnx, "each element once", runUnique},

    // sampling
    {"Resize", kOnnx, "other extents by sampling", runResize, kThroughFloat32},
    {"GridSample", kOnnx, "samples at given places", runGridSample, kThroughFloat32},
    {"RoiAlign", kOnnx, "samples boxes to one size", runRoiAlign, kThroughFloat32},
    {"NonMaxSuppression", kOnnx, "the best boxes that do not overlap", runNonMaxSuppression, kThroughFloat32},

    // transformers
    {"Attention", kOnnx, "scaled dot-product attention", runAttention, kThroughFloat32},
    {"RotaryEmbedding", kOnnx, "turns pairs of numbers by position", runRotaryEmbedding, kThroughFloat32},
    {"RotaryEmbedding", kMicrosoft, "turns pairs of numbers by position", runRotaryEmbeddingMicrosoft, kThroughFloat32},
    {"RotaryAngles", kInternal, "cosines and sines of positions", runRotaryAngles},
    {"CachedAttention", kInternal, "attention over the tokens read so far", runCachedAttention},
    {"Linear", kInternal, "x · Wᵀ + b, weights as the file holds them", runLinear, Widening::None, prepareLinear},
    {"GatherRows", kInternal, "rows of a table, as the file holds them", runGatherRows, Widening::None, prepareGatherRows},
    {"Gated", kInternal, "activation(a) · b", runGated},
    {"TensorScatter", kOnnx, "writes into a cache", runTensorScatter},

    // signals and losses
    {"DFT", kOnnx, "Fourier transform", runDft, kThroughFloat32},
    {"STFT", kOnnx, "Fourier transform of frames", runStft, kThroughFloat32},
    {"HannWindow", kOnnx, "window of one cosine", runHannWindow},
    {"HammingWindow", kOnnx, "window of one cosine on a step", runHammingWindow},
    {"BlackmanWindow", kOnnx, "window of two cosines", runBlackmanWindow},
    {"MelWeightMatrix", kOnnx, "triangles on the mel scale", runMelWeightMatrix},
    {"NegativeLogLikelihoodLoss", kOnnx, "mean of -log p of the labels", runNegativeLogLikelihoodLoss, kThroughFloat32},
    {"SoftmaxCrossEntropyLoss", kOnnx, "the same of scores", runSoftmaxCrossEntropyLoss, kThroughFloat32},
    {"Det", kOnnx, "determinant", runDet, kThroughFloat32},

    // recurrent
    {"LSTM", kOnnx, "long short-term memory", runLstm, kThroughFloat32},
    {"GRU", kOnnx, "gated recurrent unit", runGru, kThroughFloat32},
    {"RNN", kOnnx, "plain recurrent layer", runRnn, kThroughFloat32},
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
