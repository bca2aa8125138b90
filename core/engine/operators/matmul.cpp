#include "core/engine/operators/matmul.h"

#include "core/engine/blas.h"
#include "core/engine/operator.h"

#include <algorithm>
#include <type_traits>

namespace bitlathe {

namespace {

// Blocks of C per task: large enough for BLAS to pack once, small enough to share.
constexpr std::int64_t kRows = 128, kColumns = 512;

template <class T>
void multiplyExactly(OperatorContext& context, const MatMulShape& s, const Tensor& a, const Tensor& b) {
    using U = std::make_unsigned_t<T>;
    const auto x = a.as<T>(), w = b.as<T>();
    const auto y = context.output<T>(0, s.out);
    context.forEach(static_cast<std::int64_t>(s.batches.size()) * s.m, [&](std::int64_t row) {
        const auto& pair = s.batches[static_cast<std::size_t>(row / s.m)];
        const T* from = x.data() + (pair.a * s.m + row % s.m) * s.k;
        const T* matrix = w.data() + pair.b * s.k * s.n;
        T* to = y.data() + row * s.n;
        std::fill_n(to, s.n, T(0));
        for (std::int64_t k = 0; k < s.k; ++k)
            for (std::int64_t j = 0; j < s.n; ++j)  // wraps around
                to[j] = static_cast<T>(static_cast<U>(to[j]) + static_cast<U>(from[k]) * static_cast<U>(matrix[k * s.n + j]));
    });
}

}  // namespace

MatMulShape resolveMatMul(const OperatorContext& context, const Shape& a, const Shape& b) {
    const auto misfit = [&] { context.fail("the matrices " + toText(a) + " and " + toText(b) + " do not fit"); };
    if (a.rank() < 1 || b.rank() < 1) misfit();
    // A row in front, a column behind: numpy's rule for vectors.
    std::vector<std::int64_t> left = a.dims(), right = b.dims();
    if (a.rank() == 1) left.insert(left.begin(), 1);
    if (b.rank() == 1) right.push_back(1);
    MatMulShape s;
    s.m = left[left.size() - 2];
    s.k = left.back();
    s.n = right.back();
    if (right[right.size() - 2] != s.k) misfit();
    const Shape leftBatch(std::vector(left.begin(), left.end() - 2)), rightBatch(std::vector(right.begin(), right.end() - 2));
    const auto batch = broadcast(leftBatch, rightBatch);
    if (!batch) misfit();
    std::vector<std::int64_t> out = batch->dims();
    if (a.rank() != 1) out.push_back(s.m);
    if (b.rank() != 1) out.push_back(s.n);
    s.out = Shape(std::move(out));
    const std::int64_t count = batch->count();
    if (rightBatch.count() == 1 && leftBatch.count() == count) {
        s.m *= count;
        s.batches = {{0, 0}};
        return s;
    }
    const auto index = [&](const Shape& own, std::int64_t flat) {
        std::int64_t at = 0, step = 1;
        for (int axis = batch->rank() - 1; axis >= 0; --axis) {
            const std::int64_t i = flat % (*batch)[axis];
            flat /= (*batch)[axis];
            const int mine = axis - (batch->rank() - own.rank());
            if (mine < 0) continue;
            if (own[mine] != 1) at += i * step;
            step *= own[mine];
        }
        return at;
    };
    for (std::int64_t i = 0; i < count; ++i) s.batches.push_back({index(leftBatch, i), index(rightBatch, i)});
    return s;
}

void multiply(OperatorContext& context, const MatrixProduct& p) {
    const Blas& blas = *context.machine().blas;
    const std::int64_t rows = (p.m + kRows - 1) / kRows, columns = (p.n + kColumns - 1) / kColumns;
    const std::int64_t lda = p.transposeA ? p.m : p.k, ldb = p.transposeB ? p.k : p.n;
    context.forEach(rows * columns, [&](std::int64_t chunk) {
        const std::int64_t i = chunk / columns * kRows, j = chunk % columns * kColumns;
        blas.sgemm({.transposeA = p.transposeA, .transposeB = p.transposeB,
                    .m = std::min(kRows, p.m - i), .n = std::min(kColumns, p.n - j), .k = p.k, .alpha = p.alpha,
                    .a = p.a + (p.transposeA ? i : i * lda), .lda = lda, .b = p.b + (p.transposeB ? j * ldb : j), .ldb = ldb,
                    .beta = p.beta, .c = p.c + i * p.n + j, .ldc = p.n});
    });
}

Prepared prepareMatMul(const PrepareContext& context) { return {nullptr, "sgemm (" + context.machine.blas->name() + ")"}; }

void runMatMul(OperatorContext& context) {
    const Tensor &a = context.input(0), &b = context.input(1);
    const MatMulShape s = resolveMatMul(context, a.shape(), b.shape());
    if (a.type() != b.type()) context.fail("its inputs differ in type");
    switch (a.type()) {
        case ElementType::F32: break;
        case ElementType::I32: return multiplyExactly<std::int32_t>(context, s, a, b);
        case ElementType::I64: return multiplyExactly<std::int64_t>(context, s, a, b);
        case ElementType::U32: return multiplyExactly<std::uint32_t>(context, s, a, b);
        case ElementType::U64: return multiplyExactly<std::uint64_t>(context, s, a, b);
        default: context.refuse("does not work on " + std::string(nameOf(a.type())));
    }
    const auto y = context.output<float>(0, s.out);
    const auto x = a.as<float>(), w = b.as<float>();
    const auto product = [&](std::size_t i) {
        const auto& pair = s.batches[i];
        return MatrixProduct{.m = s.m, .n = s.n, .k = s.k, .a = x.data() + pair.a * s.m * s.k, .b = w.data() + pair.b * s.k * s.n,
                             .c = y.data() + static_cast<std::int64_t>(i) * s.m * s.n};
    };
    if (s.batches.size() == 1) return multiply(context, product(0));
    context.forEach(static_cast<std::int64_t>(s.batches.size()), [&](std::int64_t i) {
        const MatrixProduct p = product(static_cast<std::size_t>(i));
        context.machine().blas->sgemm({.m = p.m, .n = p.n, .k = p.k, .a = p.a, .lda = p.k, .b = p.b, .ldb = p.n, .c = p.c, .ldc = p.n});
    });
}

void runGemm(OperatorContext& context) {
    const Tensor &a = context.input(0), &b = context.input(1);
    const Tensor* c = context.optional(2);
    for (const Tensor* tensor : {&a, &b, c})
        if (tensor && tensor->type() != ElementType::F32) context.refuse("works on float tensors only, not on " + std::string(nameOf(tensor->type())));
    if (a.shape().rank() != 2 || b.shape().rank() != 2) context.fail("needs two matrices, not " + toText(a.shape()) + " and " + toText(b.shape()));
    const Node& node = context.node();
    const bool transA = node.integer("transA", 0) != 0, transB = node.integer("transB", 0) != 0;
    const std::int64_t m = a.shape()[transA ? 1 : 0], k = a.shape()[transA ? 0 : 1], n = b.shape()[transB ? 0 : 1];
    if (b.shape()[transB ? 1 : 0] != k) context.fail("the matrices " + toText(a.shape()) + " and " + toText(b.shape()) + " do not fit");
    const auto y = context.output<float>(0, Shape{m, n});
    float beta = 0.0f;
    if (c && node.real("beta", 1.0f) != 0.0f) {
        const Shape target{m, n};
        const auto fitted = broadcast(c->shape(), target);
        if (!fitted || *fitted != target) context.fail("C is " + toText(c->shape()) + ", which does not spread over " + toText(target));
        const auto from = c->as<float>();
        const int rank = c->shape().rank();
        const std::int64_t columnStep = rank >= 1 && c->shape()[rank - 1] != 1 ? 1 : 0;
        const std::int64_t rowStep = rank >= 2 && c->shape()[rank - 2] != 1 ? c->shape()[rank - 1] : 0;
        for (std::int64_t i = 0; i < m; ++i)
            for (std::int64_t j = 0; j < n; ++j) y[static_cast<std::size_t>(i * n + j)] = from[static_cast<std::size_t>(i * rowStep + j * columnStep)];
        beta = node.real("beta", 1.0f);
    }
    multiply(context, {.transposeA = transA, .transposeB = transB, .m = m, .n = n, .k = k, .alpha = node.real("alpha", 1.0f), .beta = beta,
                       .a = a.as<float>().data(), .b = b.as<float>().data(), .c = y.data()});
}

}  // namespace bitlathe
