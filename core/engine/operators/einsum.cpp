#include "core/engine/operators/einsum.h"

#include "core/engine/blas.h"
#include "core/engine/operators/arguments.h"
#include "core/engine/operators/matmul.h"
#include "core/engine/operators/row_math.h"
#include "core/engine/operators/strided.h"

#include <algorithm>
#include <map>
#include <string>

namespace bitlathe {

namespace {

// A letter, or 256 + k for the k-th axis from the right that an ellipsis stands for.
using Label = int;
using Labels = std::vector<Label>;
constexpr Label kEllipsis = -1;

bool contains(const Labels& labels, Label label) { return std::find(labels.begin(), labels.end(), label) != labels.end(); }

struct Equation {
    std::vector<Labels> terms;
    Labels result;
    bool explicitResult = false;
};

Equation parse(const OperatorContext& context, const std::string& text) {
    Equation equation;
    Labels term;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == ' ') continue;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
            term.push_back(c);
        } else if (text.compare(i, 3, "...") == 0 && !contains(term, kEllipsis)) {
            term.push_back(kEllipsis);
            i += 2;
        } else if (c == ',' && !equation.explicitResult) {
            equation.terms.push_back(std::move(term));
            term = {};
        } else if (text.compare(i, 2, "->") == 0 && !equation.explicitResult) {
            equation.terms.push_back(std::move(term));
            term = {};
            equation.explicitResult = true;
            ++i;
        } else {
            context.fail("the equation '" + text + "' cannot be read at place " + std::to_string(i + 1));
        }
    }
    if (equation.explicitResult) equation.result = std::move(term);
    else equation.terms.push_back(std::move(term));
    return equation;
}

// Puts labels in the place of an ellipsis that covers `axes` axes.
Labels expanded(const Labels& labels, std::int64_t axes) {
    Labels result;
    for (const Label label : labels) {
        if (label != kEllipsis) result.push_back(label);
        else for (std::int64_t k = axes; k-- > 0;) result.push_back(256 + static_cast<Label>(k));
    }
    return result;
}

// A tensor whose axes have labels, as it lies in memory.
struct Operand {
    Labels labels;
    const float* data = nullptr;
    std::vector<std::int64_t> extents, strides;
};

using Extents = std::map<Label, std::int64_t>;

class Summation {
public:
    Summation(OperatorContext& context, const Extents& extents) : m_context(context), m_extents(extents) {}

    // The operand's elements with axes in this order; axes that it lacks or has once are repeated.
    const float* arranged(const Operand& x, const Labels& order) {
        StridedView view;
        for (const Label label : order) {
            view.extents.push_back(m_extents.at(label));
            std::int64_t stride = 0;  // a label that stands twice walks the diagonal
            for (std::size_t i = 0; i < x.labels.size(); ++i)
                if (x.labels[i] == label && x.extents[i] != 1) stride += x.strides[i];
            view.strides.push_back(stride);
        }
        const auto copy = m_context.scratch<float>(countOf(order));
        copyView(m_context, reinterpret_cast<const std::byte*>(x.data), view, 4, reinterpret_cast<std::byte*>(copy.data()));
        return copy.data();
    }

    Operand dense(Labels labels, const float* data) const {
        Operand x{std::move(labels), data, {}, {}};
        for (const Label label : x.labels) x.extents.push_back(m_extents.at(label));
        x.strides = stridesOf(Shape(x.extents));
        return x;
    }

    // x with each label once, and summed over those that `keep` does not name.
    Operand reduced(const Operand& x, const Labels& keep) {
        Labels kept, summed;
        for (std::size_t i = 0; i < x.labels.size(); ++i) {
            const Label label = x.labels[i];
            Labels& list = contains(keep, label) ? kept : summed;
            if (!contains(list, label)) list.push_back(label);
        }
        if (summed.empty() && kept.size() == x.labels.size()) return x;
        Labels order = kept;
        order.insert(order.end(), summed.begin(), summed.end());
        const float* from = arranged(x, order);
        if (summed.empty()) return dense(kept, from);
        const std::int64_t rows = countOf(kept), width = countOf(summed);
        const auto to = m_context.scratch<float>(rows);
        m_context.forRange(rows, rowsPerChunk(width), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin; row < end; ++row)
                to[static_cast<std::size_t>(row)] = static_cast<float>(sumOf(width, [&](std::int64_t i) { return double(from[row * width + i]); }));
        });
        return dense(kept, to.data());
    }

    // The sum over all labels that a and b share and `keep` does not name: batches of matrix products.
    Operand product(const Operand& a, const Operand& b, const Labels& keep) {
        Labels batch, left, right, inner;
        for (const Label label : a.labels) (!contains(b.labels, label) ? left : contains(keep, label) ? batch : inner).push_back(label);
        for (const Label label : b.labels)
            if (!contains(a.labels, label)) right.push_back(label);
        const auto joined = [](Labels x, const Labels& y, const Labels& z) {
            x.insert(x.end(), y.begin(), y.end());
            x.insert(x.end(), z.begin(), z.end());
            return x;
        };
        const std::int64_t count = countOf(batch), m = countOf(left), n = countOf(right), k = countOf(inner);
        const float *x = arranged(a, joined(batch, left, inner)), *y = arranged(b, joined(batch, inner, right));
        const Labels labels = joined(batch, left, right);
        float* out = m_context.scratch<float>(countOf(labels)).data();
        if (count == 1) {
            multiply(m_context, {.m = m, .n = n, .k = k, .a = x, .b = y, .c = out});
        } else {
            const Blas& blas = *m_context.machine().blas;
            m_context.forRange(count, rowsPerChunk(m * n * k, 1 << 18), [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t i = begin; i < end; ++i)
                    blas.sgemm({.m = m, .n = n, .k = k, .a = x + i * m * k, .lda = std::max<std::int64_t>(1, k), .b = y + i * k * n,
                                .ldb = std::max<std::int64_t>(1, n), .c = out + i * m * n, .ldc = std::max<std::int64_t>(1, n)});
            });
        }
        return dense(labels, out);
    }

    std::int64_t countOf(const Labels& labels) const {
        std::vector<std::int64_t> dims;
        for (const Label label : labels) dims.push_back(m_extents.at(label));
        return checkedShape(m_context, std::move(dims)).count();
    }

private:
    OperatorContext& m_context;
    const Extents& m_extents;
};

// Checks every operand against its term and learns the extents; ellipses become labels.
std::vector<Operand> operandsOf(OperatorContext& context, Equation& equation, Extents& extents) {
    if (equation.terms.size() != context.inputCount())
        context.fail("the equation has " + std::to_string(equation.terms.size()) + " terms for " + std::to_string(context.inputCount()) + " inputs");
    std::vector<Operand> operands;
    std::int64_t widest = 0;
    for (std::size_t i = 0; i < equation.terms.size(); ++i) {
        const Tensor& x = inputOf(context, i, ElementType::F32);
        const auto named = static_cast<std::int64_t>(equation.terms[i].size());
        const std::int64_t covered = contains(equation.terms[i], kEllipsis) ? x.shape().rank() - (named - 1) : 0;
        Operand operand{expanded(equation.terms[i], covered), x.as<float>().data(), x.shape().dims(), stridesOf(x.shape())};
        if (covered < 0 || static_cast<int>(operand.labels.size()) != x.shape().rank())
            context.fail("the equation's term " + std::to_string(i + 1) + " does not fit the input " + toText(x.shape()));
        widest = std::max(widest, covered);
        for (std::size_t axis = 0; axis < operand.labels.size(); ++axis) {
            const auto [at, fresh] = extents.try_emplace(operand.labels[axis], operand.extents[axis]);
            if (fresh || at->second == operand.extents[axis] || operand.extents[axis] == 1) continue;
            if (at->second != 1) context.fail("an axis is named for the extents " + std::to_string(at->second) + " and " + std::to_string(operand.extents[axis]));
            at->second = operand.extents[axis];
        }
        operands.push_back(std::move(operand));
    }
    equation.result = expanded(equation.result, widest);
    return operands;
}

// Without "->": the ellipsis, then every letter that stands once, in alphabetical order.
Labels impliedResult(const std::vector<Operand>& operands) {
    std::map<Label, int> times;
    for (const Operand& operand : operands)
        for (const Label label : operand.labels) ++times[label];
    Labels result;
    for (auto at = times.rbegin(); at != times.rend(); ++at)
        if (at->first >= 256) result.push_back(at->first);
    for (const auto& [label, count] : times)
        if (label < 256 && count == 1) result.push_back(label);
    return result;
}

}  // namespace

void runEinsum(OperatorContext& context) {
    Equation equation = parse(context, context.node().text("equation", ""));
    Extents extents;
    std::vector<Operand> operands = operandsOf(context, equation, extents);
    if (!equation.explicitResult) equation.result = impliedResult(operands);
    for (std::size_t i = 0; i < equation.result.size(); ++i) {
        const Label label = equation.result[i];
        if (!extents.contains(label) || std::count(equation.result.begin(), equation.result.end(), label) > 1)
            context.fail("the equation's result names an axis that no term has, or one twice");
    }
    Summation summation(context, extents);
    // From the left: labels that neither the result nor a later term needs are summed away as soon as they can be.
    const auto needed = [&](std::size_t from) {
        Labels labels = equation.result;
        for (std::size_t i = from; i < operands.size(); ++i) labels.insert(labels.end(), operands[i].labels.begin(), operands[i].labels.end());
        return labels;
    };
    Operand sum = summation.reduced(operands[0], needed(1));
    for (std::size_t i = 1; i < operands.size(); ++i) {
        Labels keep = needed(i + 1);
        keep.insert(keep.end(), sum.labels.begin(), sum.labels.end());
        const Operand next = summation.reduced(operands[i], keep);
        sum = summation.product(sum, next, needed(i + 1));
    }
    std::vector<std::int64_t> dims;
    for (const Label label : equation.result) dims.push_back(extents.at(label));
    const Shape shape = checkedShape(context, std::move(dims));
    const float* result = summation.arranged(sum, equation.result);
    std::copy_n(result, shape.count(), context.output<float>(0, shape).data());
}

}  // namespace bitlathe
