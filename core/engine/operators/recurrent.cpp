#include "core/engine/operators/recurrent.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/gate.h"
#include "core/engine/operators/matmul.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace bitlathe {

namespace {

enum class Cell { Rnn, Lstm, Gru };

// What all three kinds share: sizes, inputs checked against them, and where a step's numbers lie.
struct Recurrence {
    Cell cell;
    std::int64_t steps, batch, input, hidden, gates, directions;
    bool batchFirst, reverse;  // reverse: of a single direction
    std::vector<std::int64_t> lengths;
    std::optional<float> clip;
    std::vector<Gate> functions;  // of all directions
    const float *x, *w, *r;
    const float *b = nullptr, *initialHidden = nullptr, *initialCell = nullptr, *peephole = nullptr;

    // Row of x (and of what is computed from it) for one step of one sequence.
    std::int64_t rowOf(std::int64_t t, std::int64_t sequence) const { return batchFirst ? sequence * steps + t : t * batch + sequence; }
    std::int64_t stateOf(std::int64_t direction, std::int64_t sequence) const {
        return (batchFirst ? sequence * directions + direction : direction * batch + sequence) * hidden;
    }
    std::int64_t outputOf(std::int64_t t, std::int64_t direction, std::int64_t sequence) const {
        return (batchFirst ? (sequence * steps + t) * directions + direction : (t * directions + direction) * batch + sequence) * hidden;
    }
    Shape stateShape() const { return batchFirst ? Shape{batch, directions, hidden} : Shape{directions, batch, hidden}; }
    Shape outputShape() const { return batchFirst ? Shape{batch, steps, directions, hidden} : Shape{steps, directions, batch, hidden}; }
};

const float* checkedInput(OperatorContext& context, std::size_t i, const Shape& shape) {
    if (!context.optional(i)) return nullptr;
    const Tensor& tensor = inputOf(context, i, ElementType::F32);
    if (tensor.shape() != shape) context.fail("input " + std::to_string(i) + " is " + toText(tensor.shape()) + " instead of " + toText(shape));
    return tensor.as<float>().data();
}

Recurrence recurrenceOf(OperatorContext& context, Cell cell) {
    const Tensor &x = inputOf(context, 0, ElementType::F32), &w = inputOf(context, 1, ElementType::F32), &r = inputOf(context, 2, ElementType::F32);
    needRank(context, x, 3, 3);
    needRank(context, w, 3, 3);
    needRank(context, r, 3, 3);
    const Node& node = context.node();
    const std::string direction = node.text("direction", "forward");
    if (direction != "forward" && direction != "reverse" && direction != "bidirectional") context.fail("direction is '" + direction + "', which does not exist");
    Recurrence s{};
    s.cell = cell;
    s.batchFirst = node.integer("layout", 0) != 0;
    s.steps = x.shape()[s.batchFirst ? 1 : 0];
    s.batch = x.shape()[s.batchFirst ? 0 : 1];
    s.input = x.shape()[2];
    s.hidden = r.shape()[2];
    s.gates = cell == Cell::Lstm ? 4 : cell == Cell::Gru ? 3 : 1;
    s.directions = direction == "bidirectional" ? 2 : 1;
    s.reverse = direction == "reverse";
    if (node.has("hidden_size") && node.integer("hidden_size", 0) != s.hidden)
        context.fail("hidden_size is " + std::to_string(node.integer("hidden_size", 0)) + ", but the weights have " + std::to_string(s.hidden));
    s.x = x.as<float>().data();
    s.w = checkedInput(context, 1, Shape{s.directions, s.gates * s.hidden, s.input});
    s.r = checkedInput(context, 2, Shape{s.directions, s.gates * s.hidden, s.hidden});
    s.b = checkedInput(context, 3, Shape{s.directions, 2 * s.gates * s.hidden});
    s.initialHidden = checkedInput(context, 5, s.stateShape());
    if (cell == Cell::Lstm) {
        s.initialCell = checkedInput(context, 6, s.stateShape());
        s.peephole = checkedInput(context, 7, Shape{s.directions, 3 * s.hidden});
    }
    s.lengths = integersIn(context, 4);
    if (s.lengths.empty()) s.lengths.assign(static_cast<std::size_t>(s.batch), s.steps);
    if (static_cast<std::int64_t>(s.lengths.size()) != s.batch) context.fail("sequence_lens must have one number per sequence");
    for (const std::int64_t length : s.lengths)
        if (length < 0 || length > s.steps) context.fail("a sequence length of " + std::to_string(length) + " exceeds the " + std::to_string(s.steps) + " steps");
    if (node.has("clip")) s.clip = node.real("clip", 0);
    using Names = std::vector<std::string_view>;
    s.functions = gatesOf(context, static_cast<std::size_t>(s.directions),
                          cell == Cell::Lstm ? Names{"Sigmoid", "Tanh", "Tanh"} : cell == Cell::Gru ? Names{"Sigmoid", "Tanh"} : Names{"Tanh"});
    return s;
}

// One direction on its way through the sequences.
class Direction {
public:
    Direction(OperatorContext& context, const Recurrence& s, std::int64_t index)
        : m_context(context), m_s(s), m_index(index), m_backwards(s.reverse || index == 1), m_wide(s.gates * s.hidden),
          m_functions(s.functions.data() + index * std::int64_t(s.functions.size()) / s.directions) {}

    // y (may be null): all steps' outputs; hidden and cell: the last states. cell only for LSTM.
    void run(float* y, float* hidden, float* cell);

private:
    std::int64_t timeOf(std::int64_t step, std::int64_t sequence) const {
        return m_backwards ? m_s.lengths[static_cast<std::size_t>(sequence)] - 1 - step : step;
    }
    void clipped(float* x, std::int64_t count) const {
        if (m_s.clip)
            for (std::int64_t i = 0; i < count; ++i) x[i] = x[i] < -*m_s.clip ? -*m_s.clip : x[i] > *m_s.clip ? *m_s.clip : x[i];
    }
    void apply(std::size_t function, float* x, std::int64_t count) const {
        clipped(x, count);
        m_functions[function].apply(x, count);
    }
    // gates: W x (and, but for Gru, R h) of one sequence, with the biases; h, c: the states, made new.
    void stepRnn(float* gates, float* h) const;
    void stepLstm(float* gates, float* h, float* c) const;
    void stepGru(const float* recurrent, float* gates, float* h, const float* hiddenBias) const;
    // The part of a Gru step that comes before its second product: update and reset, and r · h.
    void gateGru(const float* recurrent, float* gates, const float* h, float* reset) const;

    OperatorContext& m_context;
    const Recurrence& m_s;
    std::int64_t m_index;
    bool m_backwards;
    std::int64_t m_wide;  // numbers of all gates of one step
    const Gate* m_functions;
};

void Direction::stepRnn(float* gates, float* h) const {
    apply(0, gates, m_s.hidden);
    std::copy_n(gates, m_s.hidden, h);
}

void Direction::stepLstm(float* gates, float* h, float* c) const {
    const std::int64_t n = m_s.hidden;
    float *in = gates, *out = gates + n, *forget = gates + 2 * n, *fresh = gates + 3 * n;
    const float* p = m_s.peephole ? m_s.peephole + m_index * 3 * n : nullptr;  // in, out, forget
    if (p)
        for (std::int64_t i = 0; i < n; ++i) {
            in[i] += p[i] * c[i];
            forget[i] += p[2 * n + i] * c[i];
        }
    apply(0, in, n);
    apply(0, forget, n);
    if (m_context.node().integer("input_forget", 0) != 0)
        for (std::int64_t i = 0; i < n; ++i) forget[i] = 1 - in[i];
    apply(1, fresh, n);
    for (std::int64_t i = 0; i < n; ++i) c[i] = forget[i] * c[i] + in[i] * fresh[i];
    if (p)
        for (std::int64_t i = 0; i < n; ++i) out[i] += p[n + i] * c[i];
    apply(0, out, n);
    std::copy_n(c, n, h);
    m_functions[2].apply(h, n);
    for (std::int64_t i = 0; i < n; ++i) h[i] *= out[i];
}

void Direction::gateGru(const float* recurrent, float* gates, const float* h, float* reset) const {
    const std::int64_t n = m_s.hidden;
    for (std::int64_t i = 0; i < 2 * n; ++i) gates[i] += recurrent[i];
    apply(0, gates, 2 * n);
    for (std::int64_t i = 0; i < n; ++i) reset[i] = gates[n + i] * h[i];
}

// recurrent: R h of the hidden gate, of the state itself or of the one that the reset gate has weakened.
void Direction::stepGru(const float* recurrent, float* gates, float* h, const float* hiddenBias) const {
    const std::int64_t n = m_s.hidden;
    float *update = gates, *reset = gates + n, *fresh = gates + 2 * n;
    const bool late = m_context.node().integer("linear_before_reset", 0) != 0;
    for (std::int64_t i = 0; i < n; ++i) {
        const float through = recurrent[i] + (hiddenBias ? hiddenBias[i] : 0.0f);
        fresh[i] += late ? reset[i] * through : through;
    }
    apply(1, fresh, n);
    for (std::int64_t i = 0; i < n; ++i) h[i] = (1 - update[i]) * fresh[i] + update[i] * h[i];
}

void Direction::run(float* y, float* hidden, float* cell) {
    const std::int64_t n = m_s.hidden, batch = m_s.batch, wide = m_wide, rows = m_s.steps * batch;
    // W x of all steps at once, with every bias that is simply added.
    const auto fromInput = m_context.scratch<float>(rows * wide);
    const float* bias = m_s.b ? m_s.b + m_index * 2 * wide : nullptr;
    const std::int64_t added = m_s.cell == Cell::Gru ? 2 * n : wide;  // the hidden gate's own bias comes later
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t i = 0; i < wide; ++i)
            fromInput[static_cast<std::size_t>(row * wide + i)] = bias ? bias[i] + (i < added ? bias[wide + i] : 0.0f) : 0.0f;
    multiply(m_context, {.transposeB = true, .m = rows, .n = wide, .k = m_s.input, .beta = 1.0f, .a = m_s.x,
                         .b = m_s.w + m_index * wide * m_s.input, .c = fromInput.data()});
    const float* r = m_s.r + m_index * wide * n;
    const bool gru = m_s.cell == Cell::Gru, late = m_context.node().integer("linear_before_reset", 0) != 0;
    const float* hiddenBias = gru && bias ? bias + wide + 2 * n : nullptr;

    const auto h = m_context.scratch<float>(batch * n), c = m_context.scratch<float>(batch * n);
    const auto gates = m_context.scratch<float>(batch * wide), recurrent = m_context.scratch<float>(batch * wide);
    const auto reset = m_context.scratch<float>(batch * n), hiddenPart = m_context.scratch<float>(batch * n);
    for (std::int64_t b = 0; b < batch; ++b)
        for (std::int64_t i = 0; i < n; ++i) {
            const auto at = static_cast<std::size_t>(b * n + i);
            h[at] = m_s.initialHidden ? m_s.initialHidden[m_s.stateOf(m_index, b) + i] : 0.0f;
            c[at] = m_s.initialCell ? m_s.initialCell[m_s.stateOf(m_index, b) + i] : 0.0f;
        }
    const std::int64_t longest = m_s.lengths.empty() ? 0 : *std::max_element(m_s.lengths.begin(), m_s.lengths.end());
    for (std::int64_t step = 0; step < longest; ++step) {
        const auto active = [&](std::int64_t b) { return step < m_s.lengths[static_cast<std::size_t>(b)]; };
        for (std::int64_t b = 0; b < batch; ++b)
            if (active(b)) std::copy_n(fromInput.data() + m_s.rowOf(timeOf(step, b), b) * wide, wide, gates.data() + b * wide);
            else std::fill_n(gates.data() + b * wide, wide, 0.0f);
        if (!gru) {
            multiply(m_context, {.transposeB = true, .m = batch, .n = wide, .k = n, .beta = 1.0f, .a = h.data(), .b = r, .c = gates.data()});
        } else {
            const std::int64_t first = late ? wide : 2 * n;  // all gates at once where the reset comes late
            multiply(m_context, {.transposeB = true, .m = batch, .n = first, .k = n, .a = h.data(), .b = r, .c = recurrent.data()});
            for (std::int64_t b = 0; b < batch; ++b)
                gateGru(recurrent.data() + b * first, gates.data() + b * wide, h.data() + b * n, reset.data() + b * n);
            if (late) {
                for (std::int64_t b = 0; b < batch; ++b) std::copy_n(recurrent.data() + b * first + 2 * n, n, hiddenPart.data() + b * n);
            } else {
                multiply(m_context, {.transposeB = true, .m = batch, .n = n, .k = n, .a = reset.data(), .b = r + 2 * n * n, .c = hiddenPart.data()});
            }
        }
        for (std::int64_t b = 0; b < batch; ++b) {
            if (!active(b)) continue;
            float *gate = gates.data() + b * wide, *state = h.data() + b * n;
            if (m_s.cell == Cell::Lstm) stepLstm(gate, state, c.data() + b * n);
            else if (gru) stepGru(hiddenPart.data() + b * n, gate, state, hiddenBias);
            else stepRnn(gate, state);
            if (y) std::copy_n(state, n, y + m_s.outputOf(timeOf(step, b), m_index, b));
        }
    }
    for (std::int64_t b = 0; b < batch; ++b) {
        if (hidden) std::copy_n(h.data() + b * n, n, hidden + m_s.stateOf(m_index, b));
        if (cell) std::copy_n(c.data() + b * n, n, cell + m_s.stateOf(m_index, b));
    }
}

void runRecurrence(OperatorContext& context, Cell cell) {
    const Recurrence s = recurrenceOf(context, cell);
    float* y = context.wants(0) ? context.output<float>(0, checkedShape(context, s.outputShape().dims())).data() : nullptr;
    if (y) std::fill_n(y, s.outputShape().count(), 0.0f);
    float* hidden = context.wants(1) ? context.output<float>(1, s.stateShape()).data() : nullptr;
    float* last = cell == Cell::Lstm && context.wants(2) ? context.output<float>(2, s.stateShape()).data() : nullptr;
    for (std::int64_t direction = 0; direction < s.directions; ++direction) Direction(context, s, direction).run(y, hidden, last);
}

}  // namespace

void runLstm(OperatorContext& context) { runRecurrence(context, Cell::Lstm); }
void runGru(OperatorContext& context) { runRecurrence(context, Cell::Gru); }
void runRnn(OperatorContext& context) { runRecurrence(context, Cell::Rnn); }

}  // namespace bitlathe
