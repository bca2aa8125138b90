// Recurrent layers and wrappers. Keras has time behind the batch, ONNX in front; Keras orders the gates of an
// LSTM i f c o, ONNX i o f c; both have a GRU's as z r h.
#include "core/formats/keras/layers.h"
#include "core/formats/keras/masking.h"

#include <array>
#include <limits>

namespace bitlathe::keras {

namespace {

struct Cell {
    std::string op;
    std::int64_t gates;
    std::vector<std::int64_t> order;  // ONNX's gate g is Keras's order[g]
    std::size_t states;
};

// One direction of a recurrent layer, over a sequence of batch × time × features.
struct Recurrence {
    Flow sequence, last;        // batch × time × units in time's order; batch × units
    std::vector<Flow> states;
};

std::string onnxActivation(const LayerCall& call, const std::string& name, std::vector<float>& alphas, std::vector<float>& betas) {
    if (name == "tanh") return "Tanh";
    if (name == "sigmoid") return "Sigmoid";
    if (name == "relu") return "Relu";
    if (name == "softsign") return "Softsign";
    if (name == "softplus") return "Softplus";
    if (name == "linear") {
        alphas.push_back(1.0f);
        betas.push_back(0.0f);
        return "Affine";
    }
    if (name == "hard_sigmoid") {
        alphas.push_back(call.build().kerasVersion >= 3 ? 1.0f / 6.0f : 0.2f);
        betas.push_back(0.5f);
        return "HardSigmoid";
    }
    call.cannot("activation '" + name + "' inside a recurrent layer cannot be expressed");
}

// Keras's rows × (gates · units) as 1 × (gates · units) × rows in ONNX's order of gates.
Tensor gatesFirst(const LayerCall& call, const Tensor& kernel, const Cell& cell, std::int64_t units) {
    const std::int64_t rows = kernel.shape()[0];
    if (kernel.shape()[1] != cell.gates * units) call.refuse("its weights of " + toText(kernel.shape()) + " do not fit " + std::to_string(units) + " units; the file is damaged");
    std::byte* bytes = nullptr;
    Tensor result = Tensor::allocate(ElementType::F32, Shape{1, cell.gates * units, rows}, bytes);
    const auto from = kernel.as<float>();
    auto* to = reinterpret_cast<float*>(bytes);
    for (std::int64_t g = 0; g < cell.gates; ++g)
        for (std::int64_t u = 0; u < units; ++u)
            for (std::int64_t r = 0; r < rows; ++r)
                to[(g * units + u) * rows + r] = from[static_cast<std::size_t>(r * cell.gates * units + cell.order[static_cast<std::size_t>(g)] * units + u)];
    return result;
}

// Input and recurrent biases, one behind the other.
Tensor biases(const LayerCall& call, const Cell& cell, std::int64_t units) {
    std::vector<float> values(static_cast<std::size_t>(2 * cell.gates * units), 0.0f);
    if (call.settings().flag("use_bias", true)) {
        const Tensor stored = call.weight("bias");
        const std::int64_t one = cell.gates * units;
        if (stored.count() != one && stored.count() != 2 * one) call.refuse("its bias of " + toText(stored.shape()) + " does not fit " + std::to_string(units) + " units; the file is damaged");
        const auto from = stored.as<float>();
        for (std::int64_t half = 0; half * one < stored.count(); ++half)
            for (std::int64_t g = 0; g < cell.gates; ++g)
                for (std::int64_t u = 0; u < units; ++u)
                    values[static_cast<std::size_t>(half * one + g * units + u)] = from[static_cast<std::size_t>(half * one + cell.order[static_cast<std::size_t>(g)] * units + u)];
    }
    return Tensor::of(Shape{1, 2 * cell.gates * units}, values);
}

Recurrence recurrence(const LayerCall& call, const Cell& cell, bool backwards) {
    const Flow in = call.last(call.input());
    if (in.known && in.rank() != 3) call.refuse("its input has " + std::to_string(in.rank()) + " axes where 3 are expected; the file is damaged");
    const Tensor recurrent = call.weight("recurrent_kernel", 2);
    const std::int64_t units = recurrent.shape()[0];
    const Settings& s = call.settings();
    std::vector<std::string> activations;
    std::vector<float> alphas, betas;
    const std::string inner = onnxActivation(call, s.text("activation", "tanh"), alphas, betas);
    if (cell.gates == 1) {
        activations = {inner};
    } else {
        alphas.clear();
        betas.clear();
        const std::string gate = onnxActivation(call, s.text("recurrent_activation|inner_activation", "sigmoid"), alphas, betas);
        activations = cell.gates == 4 ? std::vector<std::string>{gate, onnxActivation(call, s.text("activation", "tanh"), alphas, betas), inner}
                                      : std::vector<std::string>{gate, onnxActivation(call, s.text("activation", "tanh"), alphas, betas)};
        if (cell.gates == 4 && inner == "Affine") {
            alphas.push_back(1.0f);
            betas.push_back(0.0f);
        }
    }
    Attributes attributes = {{"hidden_size", units}, {"activations", activations}, {"direction", std::string(backwards ? "reverse" : "forward")}};
    if (!alphas.empty()) {
        attributes["activation_alpha"] = alphas;
        attributes["activation_beta"] = betas;
    }
    if (cell.op == "GRU") attributes["linear_before_reset"] = std::int64_t(s.flag("reset_after", call.build().kerasVersion >= 2 && call.hasWeight("bias") && call.weight("bias").shape().rank() == 2));
    const std::vector<std::int64_t> swap = {1, 0, 2};
    ValueId steps = in.value, lengths = kNoValue;
    if (in.mask != kNoValue) {
        const Compacted kept = compacted(call, in);
        steps = kept.sequence;
        lengths = kept.lengths;
    }
    const ValueId x = call.emit("Transpose", {steps}, {{"perm", swap}}, "time_first");
    std::vector<ValueId> inputs = {x, call.derivedConstant("kernel", "kernel", gatesFirst(call, call.weight("kernel", 2), cell, units), cell.order),
                                   call.derivedConstant("recurrent_kernel", "recurrent_kernel", gatesFirst(call, recurrent, cell, units), cell.order),
                                   call.derivedConstant("bias", "bias", biases(call, cell, units))};
    const std::int64_t zero = 0;
    std::vector<Flow> initial = call.named("initial_state");
    if (initial.empty() && call.inputCount() > 1) initial.assign(call.inputs().begin() + 1, call.inputs().end());
    if (!initial.empty() || lengths != kNoValue) inputs.push_back(lengths);
    if (!initial.empty()) {
        if (initial.size() != cell.states) call.refuse("it gets " + std::to_string(initial.size()) + " initial states where it has " + std::to_string(cell.states) + "; the file is damaged");
        for (std::size_t i = 0; i < cell.states; ++i)
            inputs.push_back(call.emit("Unsqueeze", {initial[i].value, call.integers("state_axis", std::span(&zero, 1))}, {}, "state" + std::to_string(i)));
    }
    const std::vector<ValueId> out = call.emitMany(cell.op, std::move(inputs), cell.states + 1, std::move(attributes));
    const std::int64_t batch = in.shape.empty() ? -1 : in.shape[0], time = in.rank() == 3 ? in.shape[1] : -1, one = 1;
    Recurrence result;
    const ValueId flat = call.emit("Squeeze", {out[0], call.integers("direction_axis", std::span(&one, 1))}, {}, "one_direction");
    result.sequence = {call.emit("Transpose", {flat}, {{"perm", swap}}, "batch_first"), {batch, time, units}, true, false};
    if (in.mask != kNoValue) {
        result.sequence.value = spread(call, result.sequence.value, in.mask, backwards);
        result.sequence.mask = in.mask;
    }
    for (std::size_t i = 0; i < cell.states; ++i)
        result.states.push_back({call.emit("Squeeze", {out[i + 1], call.integers("last_axis", std::span(&zero, 1))}, {}, "last" + std::to_string(i)), {batch, units}, true, false});
    result.last = result.states[0];
    return result;
}

Cell cellOf(const LayerCall& call) {
    const std::string& name = call.layer().className;
    if (name == "LSTM" || name == "CuDNNLSTM") return {"LSTM", 4, {0, 3, 1, 2}, 2};
    if (name == "GRU") return {"GRU", 3, {0, 1, 2}, 1};
    if (name == "SimpleRNN") return {"RNN", 1, {0}, 1};
    call.cannot("the wrapped layer is of class '" + name + "', which cannot be expressed; LSTM, GRU and SimpleRNN can");
}

// Time backwards.
Flow reversed(const LayerCall& call, Flow flow) {
    const std::int64_t start = -1, end = std::numeric_limits<std::int64_t>::min(), axis = 1, step = -1;
    flow.value = call.emit("Slice", {flow.value, call.integers("from", std::span(&start, 1)), call.integers("to", std::span(&end, 1)), call.integers("time_axis", std::span(&axis, 1)),
                                     call.integers("step", std::span(&step, 1))}, {}, "reversed");
    return flow;
}

std::vector<Flow> recurrentLayer(const LayerCall& call) {
    if (call.settings().flag("time_major", false)) call.cannot("time_major sequences cannot be expressed");
    const bool backwards = call.settings().flag("go_backwards", false);
    const Recurrence r = recurrence(call, cellOf(call), backwards);
    Flow out = r.last;
    if (call.settings().flag("return_sequences", false)) out = backwards ? reversed(call, r.sequence) : r.sequence;
    std::vector<Flow> result = {out};
    if (call.settings().flag("return_state", false)) result.insert(result.end(), r.states.begin(), r.states.end());
    return result;
}

}  // namespace

std::vector<Flow> buildLstm(const LayerCall& call) { return recurrentLayer(call); }
std::vector<Flow> buildGru(const LayerCall& call) { return recurrentLayer(call); }
std::vector<Flow> buildSimpleRnn(const LayerCall& call) { return recurrentLayer(call); }

std::vector<Flow> buildBidirectional(const LayerCall& call) {
    if (!call.layer().inner) call.refuse("it wraps no layer; the file is damaged");
    const LayerConfig& inner = *call.layer().inner;
    const LayerConfig& other = call.layer().backward ? *call.layer().backward : inner;
    if (inner.settings.flag("return_state", false)) call.cannot("a bidirectional layer that returns its states cannot be expressed");
    const LayerCall forward = call.inside(inner, call.name() + "/forward", "forward_", {call.input()});
    const LayerCall backward = call.inside(other, call.name() + "/backward", "backward_", {call.input()});
    const Recurrence f = recurrence(forward, cellOf(forward), false), b = recurrence(backward, cellOf(backward), true);
    const bool sequences = inner.settings.flag("return_sequences", false);
    const Flow left = sequences ? f.sequence : f.last, right = sequences ? b.sequence : b.last;
    const std::string mode = call.settings().text("merge_mode", "concat");
    Flow result = left;
    if (!call.settings().has("merge_mode")) return {left, right};
    if (mode == "concat") {
        result.value = call.emit("Concat", {left.value, right.value}, {{"axis", std::int64_t(-1)}});
        result.shape.back() = left.shape.back() + right.shape.back();
    } else if (mode == "sum" || mode == "ave") {
        result.value = call.emit("Add", {left.value, right.value});
        if (mode == "ave") result.value = call.emit("Mul", {result.value, call.scalar("half", 0.5f)}, {}, "mean");
    } else if (mode == "mul") {
        result.value = call.emit("Mul", {left.value, right.value});
    } else {
        call.refuse("merge_mode '" + mode + "' is not known");
    }
    return {result};
}

std::vector<Flow> buildTimeDistributed(const LayerCall& call) {
    if (!call.layer().inner) call.refuse("it wraps no layer; the file is damaged");
    const LayerConfig& inner = *call.layer().inner;
    // These treat each element, or the last axis, alike wherever it stands.
    static constexpr std::array<std::string_view, 6> kPerStep = {"Dense", "Activation", "ReLU", "LeakyReLU", "Dropout", "Rescaling"};
    for (const std::string_view name : kPerStep)
        if (inner.className == name) return findLayerClass(name)(call.inside(inner, call.name(), {}, {call.last(call.input())}));
    call.cannot("a '" + inner.className + "' for every step of time cannot be expressed; Dense can");
}

}  // namespace bitlathe::keras
