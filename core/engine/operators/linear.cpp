#include "core/engine/operators/linear.h"

#include "core/engine/blas.h"
#include "core/engine/operators/arguments.h"
#include "core/engine/operators/weight_rows.h"

#include <algorithm>

namespace bitlathe {

namespace {

struct Matrix {
    WeightRows weight;
    Tensor bias;  // empty: none
    bool biased = false;
};

struct LinearState {
    std::vector<Matrix> matrices;
    std::int64_t columns = 0;
};

// Rows of weights for one chunk of the loop: as many as stay in a core's cache, and so few that all cores work.
std::int64_t rowsPerPiece(const WeightRows& weight) noexcept {
    constexpr std::int64_t kNumbers = 1 << 16;
    return std::clamp<std::int64_t>(kNumbers / std::max<std::int64_t>(1, weight.columns) / 16 * 16, 16, 256);
}

struct Piece {
    std::size_t matrix;
    std::int64_t first, count;
};

std::vector<Piece> piecesOf(const LinearState& state) {
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < state.matrices.size(); ++i) {
        const WeightRows& weight = state.matrices[i].weight;
        const std::int64_t each = rowsPerPiece(weight);
        for (std::int64_t first = 0; first < weight.rows; first += each) pieces.push_back({i, first, std::min(each, weight.rows - first)});
    }
    return pieces;
}

// Sixteen sums side by side, joined in a fixed order: the same bits on every machine.
float dot(const float* a, const float* b, std::int64_t n) noexcept {
    constexpr std::int64_t kLanes = 16;
    float sums[kLanes] = {};
    std::int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
        for (std::int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
    for (std::int64_t lane = 0; i < n; ++i, ++lane) sums[lane] += a[i] * b[i];
    for (std::int64_t half = kLanes / 2; half > 0; half /= 2)
        for (std::int64_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
    return sums[0];
}

}  // namespace

Prepared prepareLinear(const PrepareContext& context) {
    const std::size_t outputs = context.node.outputs.size();
    if (context.node.inputs.size() < 1 + outputs) context.fail("it has fewer weights than outputs");
    auto state = std::make_shared<LinearState>();
    std::string types;
    for (std::size_t i = 0; i < outputs; ++i) {
        Matrix matrix;
        matrix.weight = weightRowsOf(context, 1 + 2 * i);
        if (i > 0 && matrix.weight.columns != state->columns) context.fail("its weights differ in their number of columns");
        state->columns = matrix.weight.columns;
        if (context.node.input(2 + 2 * i) != kNoValue) {
            const Tensor* bias = context.constant(2 + 2 * i);
            if (!bias || bias->count() != matrix.weight.rows) context.fail("a bias does not fit its weight");
            matrix.bias = toFloat32(*bias);
            matrix.biased = true;
        }
        if (types.find(matrix.weight.typeName()) == std::string::npos) types += (types.empty() ? "" : ", ") + matrix.weight.typeName();
        state->matrices.push_back(std::move(matrix));
    }
    return {std::move(state), "rows of " + types + " × float32"};
}

void runLinear(OperatorContext& context) {
    const auto& state = *context.prepared<LinearState>();
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    const int rank = x.shape().rank();
    if (rank < 1 || x.shape()[rank - 1] != state.columns) context.fail("the input " + toText(x.shape()) + " does not end in " + std::to_string(state.columns));
    const std::int64_t m = x.shape().count(0, rank - 1), k = state.columns;
    std::vector<float*> outputs;
    std::int64_t scratch = 0;
    for (std::size_t i = 0; i < state.matrices.size(); ++i) {
        const WeightRows& weight = state.matrices[i].weight;
        Shape shape = x.shape();
        shape[rank - 1] = weight.rows;
        outputs.push_back(context.output<float>(i, checkedShape(context, shape.dims())).data());
        if (!weight.isFloat32()) scratch = std::max(scratch, rowsPerPiece(weight) * k);
    }
    if (m == 0) return;
    const float* from = x.as<float>().data();
    const std::vector<Piece> pieces = piecesOf(state);
    context.forEachWithScratch(static_cast<std::int64_t>(pieces.size()), scratch * static_cast<std::int64_t>(sizeof(float)), [&](std::int64_t chunk, std::byte* memory) {
        const Piece& piece = pieces[static_cast<std::size_t>(chunk)];
        const Matrix& matrix = state.matrices[piece.matrix];
        const std::int64_t n = matrix.weight.rows;
        const float* weights = matrix.weight.read(context.machine().isa, piece.first, piece.count, reinterpret_cast<float*>(memory));
        float* y = outputs[piece.matrix] + piece.first;
        if (m == 1) {
            for (std::int64_t row = 0; row < piece.count; ++row) y[row] = dot(from, weights + row * k, k);
        } else if (k == 0) {
            for (std::int64_t i = 0; i < m; ++i) std::fill_n(y + i * n, piece.count, 0.0f);
        } else {
            context.machine().blas->sgemm({.transposeB = true, .m = m, .n = piece.count, .k = k, .a = from, .lda = k, .b = weights, .ldb = k, .c = y, .ldc = n});
        }
        if (!matrix.biased) return;
        const float* bias = matrix.bias.as<float>().data() + piece.first;
        for (std::int64_t i = 0; i < m; ++i)
            for (std::int64_t row = 0; row < piece.count; ++row) y[i * n + row] += bias[row];
    });
}

Prepared prepareGatherRows(const PrepareContext& context) {
    auto table = std::make_shared<WeightRows>(weightRowsOf(context, 0));
    std::string kernel = "rows of " + table->typeName();
    return {std::move(table), std::move(kernel)};
}

void runGatherRows(OperatorContext& context) {
    const auto& table = *context.prepared<WeightRows>();
    const Tensor& rows = inputOf(context, 1, ElementType::I64);
    std::vector<std::int64_t> dims = rows.shape().dims();
    dims.push_back(table.columns);
    float* to = context.output<float>(0, checkedShape(context, std::move(dims))).data();
    const auto numbers = rows.as<std::int64_t>();
    for (const std::int64_t number : numbers)
        if (number < 0 || number >= table.rows)
            context.fail("row " + std::to_string(number) + " lies outside the " + std::to_string(table.rows) + " of its table (a token outside the vocabulary, or a position behind the context)");
    const Isa isa = context.machine().isa;
    context.forRange(static_cast<std::int64_t>(numbers.size()), rowsPerChunk(table.columns), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            float* row = to + i * table.columns;
            const float* read = table.read(isa, numbers[static_cast<std::size_t>(i)], 1, row);
            if (read != row) std::copy_n(read, table.columns, row);
        }
    });
}

}  // namespace bitlathe
