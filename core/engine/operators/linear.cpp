#include "core/engine/operators/linear.h"

#include "core/engine/blas.h"
#include "core/engine/operators/arguments.h"
#include "core/engine/operators/weight_rows.h"
#include "core/kernels/block_product.h"
#include "core/kernels/float_product.h"
#include "core/kernels/kernel_list.h"
#include "core/quant/gguf_blocks.h"

#include <algorithm>

namespace bitlathe {

namespace {

struct Matrix {
    WeightRows weight;
    Tensor bias;  // empty: none
    bool biased = false;
    const GgufForm* blocks = nullptr;  // multiplied by int8; null: by float32
};

struct LinearState {
    std::vector<Matrix> matrices;
    std::int64_t columns = 0;
    bool anyBlocks = false;
};

// Rows of weights for one chunk of the loop: as many as stay in a core's cache, and so few that all cores work.
// Blocks need no memory beside them.
std::int64_t rowsPerPiece(const Matrix& matrix) noexcept {
    const std::int64_t numbers = matrix.blocks ? 1 << 19 : 1 << 16;
    return std::clamp<std::int64_t>(numbers / std::max<std::int64_t>(1, matrix.weight.columns) / 16 * 16, 16, 256);
}

struct Piece {
    std::size_t matrix;
    std::int64_t first, count;
};

std::vector<Piece> piecesOf(const LinearState& state) {
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < state.matrices.size(); ++i) {
        const WeightRows& weight = state.matrices[i].weight;
        const std::int64_t each = rowsPerPiece(state.matrices[i]);
        for (std::int64_t first = 0; first < weight.rows; first += each) pieces.push_back({i, first, std::min(each, weight.rows - first)});
    }
    return pieces;
}

constexpr std::int64_t kFewTokens = 8;  // a library of matrix products pays with more

// What all pieces of a run share.
struct Run {
    const Matrix* matrix;
    std::int64_t m, k;
    const float* x;
    const ActivationGroup* coded;  // the same as int8, where a matrix needs it
};

// y: column `first` of the first row; rows of y are as long as the matrix has rows.
void multiplyPiece(const OperatorContext& context, const Run& run, std::int64_t first, std::int64_t count, std::byte* memory, float* y) {
    const WeightRows& weight = run.matrix->weight;
    const std::int64_t m = run.m, n = weight.rows, k = run.k;
    if (run.matrix->blocks) {
        const std::byte* rows = weight.blocks->bytes.data() + first * weight.rowBytes();
        return multiplyBlocks(context.machine().isa, {run.matrix->blocks->type, k, count, rows, m, run.coded, y, n});
    }
    const Isa isa = context.machine().isa;
    const bool few = m <= kFewTokens;
    if (few && !weight.blocks && !weight.packed) {
        const ElementType type = weight.plain.type();
        const FloatForm form = type == ElementType::F32 ? FloatForm::F32 : type == ElementType::F16 ? FloatForm::F16 : FloatForm::BF16;
        return multiplyFloats(isa, {form, k, count, weight.plain.bytes().data() + first * weight.rowBytes(), m, run.x, y, n});
    }
    const float* weights = weight.read(isa, first, count, reinterpret_cast<float*>(memory));
    if (few) {
        multiplyFloats(isa, {FloatForm::F32, k, count, weights, m, run.x, y, n});
    } else if (k == 0) {
        for (std::int64_t i = 0; i < m; ++i) std::fill_n(y + i * n, count, 0.0f);
    } else {
        context.machine().blas->sgemm({.transposeB = true, .m = m, .n = count, .k = k, .a = run.x, .lda = k, .b = weights, .ldb = k, .c = y, .ldc = n});
    }
}

}  // namespace

Prepared prepareLinear(const PrepareContext& context) {
    const std::size_t outputs = context.node.outputs.size();
    if (context.node.inputs.size() < 1 + outputs) context.fail("it has fewer weights than outputs");
    const std::string activations = context.node.text("activations", "float");
    if (activations != "float" && activations != "int8") context.fail("activations cannot be '" + activations + "'");
    const bool integer = activations == "int8";
    auto state = std::make_shared<LinearState>();
    std::string types;
    for (std::size_t i = 0; i < outputs; ++i) {
        Matrix matrix;
        matrix.weight = weightRowsOf(context, 1 + 2 * i);
        if (integer && matrix.weight.blocks) matrix.blocks = ggufFormNamed(matrix.weight.blocks->form->name);
        if (matrix.blocks && isLattice(matrix.blocks->type)) matrix.blocks = nullptr;  // decoded a few rows at a time
        state->anyBlocks = state->anyBlocks || matrix.blocks;
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
    std::string kernel = std::string(state->anyBlocks ? kernelFor("block_product", context.machine.isa).name : "rows of") + " " + types + (state->anyBlocks ? " × int8" : " × float32");
    return {std::move(state), std::move(kernel)};
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
        if (!state.matrices[i].blocks && !weight.isFloat32()) scratch = std::max(scratch, rowsPerPiece(state.matrices[i]) * k);
    }
    if (m == 0) return;
    const Isa isa = context.machine().isa;
    const float* from = x.as<float>().data();
    const std::int64_t groups = activationGroups(k);
    ActivationGroup* coded = state.anyBlocks ? context.scratch<ActivationGroup>(m * groups).data() : nullptr;
    if (coded) context.forRange(m, rowsPerChunk(k), [&](std::int64_t begin, std::int64_t end) { codeActivations(isa, from + begin * k, k, end - begin, k, coded + begin * groups); });
    const std::vector<Piece> pieces = piecesOf(state);
    context.forEachWithScratch(static_cast<std::int64_t>(pieces.size()), scratch * static_cast<std::int64_t>(sizeof(float)), [&](std::int64_t chunk, std::byte* memory) {
        const Piece& piece = pieces[static_cast<std::size_t>(chunk)];
        const Matrix& matrix = state.matrices[piece.matrix];
        const std::int64_t n = matrix.weight.rows;
        float* y = outputs[piece.matrix] + piece.first;
        multiplyPiece(context, {&matrix, m, k, from, coded}, piece.first, piece.count, memory, y);
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
