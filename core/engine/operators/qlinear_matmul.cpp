#include "core/engine/operators/qlinear_matmul.h"

#include "core/engine/operator.h"
#include "core/engine/operators/integer_product.h"
#include "core/engine/operators/matmul.h"
#include "core/engine/operators/quantize_linear.h"
#include "core/kernels/kernel_list.h"
#include "core/kernels/quantize.h"

#include <algorithm>
#include <cstring>

namespace bitlathe {

namespace {

// Weights packed when the model was compiled; empty where they are not constant.
struct MatMulState {
    std::vector<IntegerWeights> matrices;
};

ByteType byteType(const OperatorContext& context, const Tensor& tensor) {
    ByteType type;
    if (!byteTypeOf(tensor.type(), type)) context.refuse("multiplies 8-bit codes only, not " + std::string(nameOf(tensor.type())));
    return type;
}

std::int32_t oneZero(const OperatorContext& context, const Tensor* tensor) {
    if (!tensor) return 0;
    if (tensor->count() != 1) context.refuse("has one zero point per row of A, which cannot run here yet");
    return zeroPoints(tensor)[0];
}

float oneScale(const OperatorContext& context, const Tensor& tensor) {
    if (tensor.count() != 1) context.refuse("has one scale per row of A, which cannot run here yet");
    return toFloat32(tensor).as<float>()[0];
}

// Zero points per column for a batch of matrices would be another layout; one per tensor or per column is all.
std::vector<std::int32_t> columnZeros(const OperatorContext& context, const Tensor* tensor, std::int64_t n) {
    auto zeros = zeroPoints(tensor);
    if (zeros.size() > 1 && static_cast<std::int64_t>(zeros.size()) != n) context.fail("B's zero points do not fit its columns");
    return zeros;
}

Prepared prepareProduct(const PrepareContext& context, std::size_t b, std::size_t zero, bool transposed) {
    auto state = std::make_shared<MatMulState>();
    Prepared prepared{nullptr, std::string(kernelFor("igemm", context.machine.isa).name)};
    const Tensor* weights = context.constant(b);
    const bool zeroKnown = zero >= context.node.inputs.size() || context.node.inputs[zero] == kNoValue || context.constant(zero);
    ByteType type;
    if (!weights || !zeroKnown || weights->shape().rank() < 2 || !byteTypeOf(weights->type(), type)) return prepared;
    const Shape& shape = weights->shape();
    const std::int64_t rows = shape[shape.rank() - 2], columns = shape[shape.rank() - 1], count = shape.count(0, shape.rank() - 2);
    for (std::int64_t i = 0; i < count; ++i)
        state->matrices.push_back(packWeights(weights->bytes().data() + i * rows * columns, type, transposed ? columns : rows,
                                              transposed ? rows : columns, transposed, zeroPoints(context.constant(zero))));
    prepared.state = std::move(state);
    return prepared;
}

// All products of a MatMul. B's matrix i comes from the packed ones, or is packed now.
struct Products {
    MatMulShape shape;
    ByteType aType;
    const std::byte* a;
    std::vector<IntegerWeights> fresh;
    const std::vector<IntegerWeights>* matrices;

    Products(OperatorContext& context, const Tensor& left, const Tensor& right, const Tensor* rightZero)
        : shape(resolveMatMul(context, left.shape(), right.shape())), aType(byteType(context, left)), a(left.bytes().data()) {
        if (shape.k == 0) context.refuse("has no common extent to sum over");
        const auto zeros = columnZeros(context, rightZero, shape.n);
        const auto* state = context.prepared<MatMulState>();
        matrices = state ? &state->matrices : &fresh;
        if (state) return;
        const std::int64_t size = shape.k * shape.n, count = size > 0 ? right.count() / size : 0;
        const ByteType type = byteType(context, right);
        for (std::int64_t i = 0; i < count; ++i)
            fresh.push_back(packWeights(right.bytes().data() + i * size, type, shape.k, shape.n, false, zeros));
    }
    // finish(product, first element of the result) fills in where the result goes.
    template <class F>
    void run(OperatorContext& context, std::int32_t aZero, F&& finish) const {
        if (shape.m * shape.n == 0) return;
        for (std::size_t i = 0; i < shape.batches.size(); ++i) {
            IntegerProduct p;
            p.weights = &(*matrices)[static_cast<std::size_t>(shape.batches[i].b)];
            p.a = a + shape.batches[i].a * shape.m * shape.k;
            p.aType = aType;
            p.aZero = aZero;
            p.m = shape.m;
            finish(p, static_cast<std::int64_t>(i) * shape.m * shape.n);
            multiplyIntegers(context, p);
        }
    }
};

// scale[j] = a · b[j], and divided by y where that is given: one for all n columns, or one for each.
std::vector<float> productScales(const OperatorContext& context, std::int64_t n, float a, const Tensor& b, const float* y) {
    if (!isFloat(b.type()) || (b.count() != 1 && b.count() != n)) context.fail("B's scales do not fit its columns");
    const Tensor widened = toFloat32(b);
    std::vector<float> scales;
    for (const float value : widened.as<float>()) scales.push_back(y ? a * value / *y : a * value);
    return scales;
}

void requantizeTo(IntegerProduct& p, ElementType type, const Tensor& zero, std::span<const float> scales) {
    ByteType out;
    byteTypeOf(type, out);
    p.rule = {scales.data(), scales.size() > 1, zeroPoints(&zero)[0], lowestCode(out), highestCode(out)};
}

// Sums to float: y = float(sum) · scale (+ bias), as ONNX Runtime's output processor.
void sumsToFloat(OperatorContext& context, std::span<const std::int32_t> sums, std::int64_t n, std::span<const float> scales, const Tensor* bias, float* y) {
    const std::int64_t rows = n > 0 ? static_cast<std::int64_t>(sums.size()) / n : 0;
    if (bias && (bias->type() != ElementType::F32 || bias->count() != n)) context.fail("its bias " + toText(bias->shape()) + " does not fit its columns");
    const float* add = bias ? bias->as<float>().data() : nullptr;
    context.forRange(rows, std::max<std::int64_t>(1, (1 << 15) / std::max<std::int64_t>(n, 1)), [&](std::int64_t begin, std::int64_t end) {
        dequantizeSums(context.machine().isa, sums.data() + begin * n, end - begin, n, scales.data(), scales.size() > 1, y + begin * n);
        if (add)
            for (std::int64_t i = begin; i < end; ++i)
                for (std::int64_t j = 0; j < n; ++j) y[i * n + j] += add[j];
    });
}

}  // namespace

Prepared prepareQLinearMatMul(const PrepareContext& context) { return prepareProduct(context, 3, 5, false); }

void runQLinearMatMul(OperatorContext& context) {
    const Tensor &a = context.input(0), &b = context.input(3), &yZero = context.input(7);
    const Products products(context, a, b, context.optional(5));
    const float yScale = oneScale(context, context.input(6));
    const auto scales = productScales(context, products.shape.n, oneScale(context, context.input(1)), context.input(4), &yScale);
    byteType(context, yZero);
    if (yZero.count() != 1) context.fail("needs one output zero point");
    std::byte* y = context.outputBytes(0, yZero.type(), products.shape.out);
    products.run(context, oneZero(context, context.optional(2)), [&](IntegerProduct& p, std::int64_t at) {
        p.codes = y + at;
        requantizeTo(p, yZero.type(), yZero, scales);
    });
}

Prepared prepareMatMulInteger(const PrepareContext& context) { return prepareProduct(context, 1, 3, false); }

void runMatMulInteger(OperatorContext& context) {
    const Products products(context, context.input(0), context.input(1), context.optional(3));
    const auto y = context.output<std::int32_t>(0, products.shape.out);
    products.run(context, oneZero(context, context.optional(2)), [&](IntegerProduct& p, std::int64_t at) { p.sums = y.data() + at; });
}

Prepared prepareQGemm(const PrepareContext& context) { return prepareProduct(context, 3, 5, context.node.integer("transB", 0) != 0); }

void runQGemm(OperatorContext& context) {
    const Node& node = context.node();
    const Tensor &a = context.input(0), &b = context.input(3);
    const Tensor *c = context.optional(6), *yScale = context.optional(7), *yZero = context.optional(8);
    if (a.shape().rank() != 2 || b.shape().rank() != 2) context.fail("needs two matrices");
    const bool transA = node.integer("transA", 0) != 0, transB = node.integer("transB", 0) != 0;
    const std::int64_t m = a.shape()[transA ? 1 : 0], k = a.shape()[transA ? 0 : 1], n = b.shape()[transB ? 0 : 1];
    if (b.shape()[transB ? 1 : 0] != k) context.fail("the matrices " + toText(a.shape()) + " and " + toText(b.shape()) + " do not fit");
    if (m == 0 || n == 0 || k == 0) context.refuse("has an empty matrix");
    IntegerWeights fresh;
    const auto* state = context.prepared<MatMulState>();
    if (!state) fresh = packWeights(b.bytes().data(), byteType(context, b), k, n, transB, columnZeros(context, context.optional(5), n));
    IntegerProduct p;
    p.weights = state ? &state->matrices[0] : &fresh;
    p.aType = byteType(context, a);
    p.aZero = oneZero(context, context.optional(2));
    p.m = m;
    p.a = a.bytes().data();
    if (transA) {
        const auto turned = context.scratch<std::byte>(m * k);
        for (std::int64_t i = 0; i < m; ++i)
            for (std::int64_t j = 0; j < k; ++j) turned[static_cast<std::size_t>(i * k + j)] = a.bytes()[static_cast<std::size_t>(j * m + i)];
        p.a = turned.data();
    }
    if (c) {
        if (c->type() != ElementType::I32 || c->count() != n) context.refuse("adds one int32 per column only, not " + toText(c->shape()));
        p.bias = c->as<std::int32_t>().data();
    }
    const float alpha = node.real("alpha", 1.0f) * oneScale(context, context.input(1));
    if (yScale) {
        if (!yZero) context.fail("has an output scale but no output zero point");
        const float scale = oneScale(context, *yScale);
        const auto scales = productScales(context, n, alpha, context.input(4), &scale);
        byteType(context, *yZero);
        if (yZero->count() != 1) context.fail("needs one output zero point");
        p.codes = context.outputBytes(0, yZero->type(), Shape{m, n});
        requantizeTo(p, yZero->type(), *yZero, scales);
        multiplyIntegers(context, p);
        return;
    }
    const auto scales = productScales(context, n, alpha, context.input(4), nullptr);
    const auto sums = context.scratch<std::int32_t>(m * n);
    p.sums = sums.data();
    multiplyIntegers(context, p);
    sumsToFloat(context, sums, n, scales, nullptr, context.output<float>(0, Shape{m, n}).data());
}

Prepared prepareDynamicQuantizeMatMul(const PrepareContext& context) { return prepareProduct(context, 1, 3, false); }

void runDynamicQuantizeMatMul(OperatorContext& context) {
    const Tensor &a = context.input(0), &b = context.input(1);
    if (a.type() != ElementType::F32) context.refuse("works on float32 only");
    const DynamicScale dynamic = dynamicScale(a.as<float>().data(), a.count());
    std::byte* bytes = nullptr;
    const Tensor codes = Tensor::allocate(ElementType::U8, a.shape(), bytes);
    const QuantizeRule rule{dynamic.scale, dynamic.zeroPoint, 0, 255};
    context.forRange(a.count(), 1 << 15, [&](std::int64_t begin, std::int64_t end) {
        quantizeBytes(context.machine().isa, a.as<float>().data() + begin, end - begin, rule, bytes + begin);
    });
    const Products products(context, codes, b, context.optional(3));
    const auto sums = context.scratch<std::int32_t>(products.shape.out.count());
    products.run(context, dynamic.zeroPoint, [&](IntegerProduct& p, std::int64_t at) { p.sums = sums.data() + at; });
    const auto scales = productScales(context, products.shape.n, dynamic.scale, context.input(2), nullptr);
    sumsToFloat(context, sums, products.shape.n, scales, context.optional(4), context.output<float>(0, products.shape.out).data());
}

Prepared prepareMatMulIntegerToFloat(const PrepareContext& context) { return prepareProduct(context, 1, 5, false); }

void runMatMulIntegerToFloat(OperatorContext& context) {
    const Products products(context, context.input(0), context.input(1), context.optional(5));
    const auto sums = context.scratch<std::int32_t>(products.shape.out.count());
    products.run(context, oneZero(context, context.optional(4)), [&](IntegerProduct& p, std::int64_t at) { p.sums = sums.data() + at; });
    const auto scales = productScales(context, products.shape.n, oneScale(context, context.input(2)), context.input(3), nullptr);
    sumsToFloat(context, sums, products.shape.n, scales, context.optional(6), context.output<float>(0, products.shape.out).data());
}

}  // namespace bitlathe
