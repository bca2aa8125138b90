// Activations that are layers of their own.
#include "core/formats/keras/layers.h"

namespace bitlathe::keras {

std::vector<Flow> buildActivation(const LayerCall& call) {
    return {call.activation(call.input(), call.settings().text("activation", "linear"), {})};
}

std::vector<Flow> buildReLU(const LayerCall& call) {
    Flow flow = call.input();
    const double slope = call.settings().real("negative_slope", 0), threshold = call.settings().real("threshold", 0);
    const bool limited = call.settings().has("max_value");
    const auto most = static_cast<float>(call.settings().real("max_value", 0));
    if (threshold != 0) {
        if (slope != 0) call.cannot("a ReLU with both a threshold and a slope cannot be expressed");
        flow.value = call.emit("ThresholdedRelu", {flow.value}, {{"alpha", static_cast<float>(threshold)}});
        if (limited) flow.value = call.emit("Clip", {flow.value, kNoValue, call.scalar("most", most)}, {}, "limit");
    } else if (slope != 0) {
        flow.value = call.emit("LeakyRelu", {flow.value}, {{"alpha", static_cast<float>(slope)}});
        if (limited) flow.value = call.emit("Clip", {flow.value, kNoValue, call.scalar("most", most)}, {}, "limit");
    } else if (limited) {
        flow.value = call.emit("Clip", {flow.value, call.scalar("least", 0.0f), call.scalar("most", most)});
    } else {
        flow.value = call.emit("Relu", {flow.value});
    }
    return {flow};
}

std::vector<Flow> buildLeakyReLU(const LayerCall& call) {
    Flow flow = call.input();
    flow.value = call.emit("LeakyRelu", {flow.value}, {{"alpha", static_cast<float>(call.settings().real("negative_slope|alpha", 0.3))}});
    return {flow};
}

std::vector<Flow> buildThresholdedReLU(const LayerCall& call) {
    Flow flow = call.input();
    flow.value = call.emit("ThresholdedRelu", {flow.value}, {{"alpha", static_cast<float>(call.settings().real("theta", 1.0))}});
    return {flow};
}

std::vector<Flow> buildElu(const LayerCall& call) {
    Flow flow = call.input();
    flow.value = call.emit("Elu", {flow.value}, {{"alpha", static_cast<float>(call.settings().real("alpha", 1.0))}});
    return {flow};
}

std::vector<Flow> buildPRelu(const LayerCall& call) {
    Flow flow = call.input();
    const Tensor alpha = call.weight("alpha");
    const auto rank = static_cast<std::int64_t>(alpha.shape().rank());
    std::vector<std::int64_t> axes;
    if (flow.moved && rank + 1 == static_cast<std::int64_t>(flow.rank())) {  // spatial, channels → channels, spatial
        axes.push_back(rank - 1);
        for (std::int64_t i = 0; i + 1 < rank; ++i) axes.push_back(i);
    } else {
        flow = call.last(flow);
    }
    flow.value = call.emit("PRelu", {flow.value, call.weightConstant("alpha", static_cast<int>(rank), axes)});
    return {flow};
}

std::vector<Flow> buildSoftmax(const LayerCall& call) {
    Flow flow = call.last(call.input());
    const std::vector<std::int64_t> axes = call.settings().integers("axis", {-1});
    if (axes.size() != 1) call.cannot("a softmax over several axes cannot be expressed");
    flow.value = call.emit("Softmax", {flow.value}, {{"axis", axes[0]}});
    return {flow};
}

}  // namespace bitlathe::keras
