// Layers with several inputs.
#include "core/formats/keras/layers.h"
#include "core/formats/keras/masking.h"

#include <algorithm>

namespace bitlathe::keras {

namespace {

// All inputs one way round: channels first where one of them is already and all have as many axes.
std::vector<Flow> aligned(const LayerCall& call) {
    std::vector<Flow> flows = call.inputs();
    if (flows.empty()) call.refuse("it has no inputs; the file is damaged");
    const bool sameRank = std::all_of(flows.begin(), flows.end(), [&](const Flow& f) { return f.known && f.rank() == flows[0].rank(); });
    const bool anyMoved = std::any_of(flows.begin(), flows.end(), [](const Flow& f) { return f.moved; });
    for (Flow& flow : flows) flow = sameRank && anyMoved ? call.first(flow) : call.last(flow);
    return flows;
}

std::vector<std::int64_t> broadcast(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
    std::vector<std::int64_t> result = a;
    for (std::size_t i = 0; i < result.size() && i < b.size(); ++i)
        if (result[i] == 1 || result[i] < 0) result[i] = b[i];
    return result;
}

}  // namespace

std::vector<Flow> buildConcatenate(const LayerCall& call) {
    std::vector<Flow> flows = aligned(call);
    if (std::any_of(flows.begin(), flows.end(), [](const Flow& f) { return !f.known; })) call.cannot("the shape of one of its inputs is not known");
    Flow result = flows[0];
    const auto rank = static_cast<std::int64_t>(result.rank());
    std::int64_t axis = call.settings().integer("axis|concat_axis", -1);
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank) call.refuse("its axis does not fit its inputs; the file is damaged");
    std::int64_t extent = 0;
    std::vector<ValueId> values;
    for (const Flow& flow : flows) {
        if (flow.rank() != result.rank()) call.refuse("its inputs have different numbers of axes; the file is damaged");
        const std::int64_t more = flow.shape[static_cast<std::size_t>(axis)];
        extent = extent < 0 || more < 0 ? -1 : extent + more;
        values.push_back(flow.value);
    }
    result.shape[static_cast<std::size_t>(axis)] = extent;
    const std::int64_t where = !result.moved || axis == 0 ? axis : axis == rank - 1 ? 1 : axis + 1;
    result.mask = maskOfAll(call, flows);
    if (result.mask != kNoValue && axis != rank - 1) call.cannot("masked sequences one behind the other cannot be expressed");
    result.value = call.emit("Concat", std::move(values), {{"axis", where}});
    return {result};
}

std::vector<Flow> buildMerge(const LayerCall& call) {
    std::vector<Flow> flows = aligned(call);
    const std::string& kind = call.layer().className;
    const std::string op = kind == "Subtract" ? "Sub" : kind == "Multiply" ? "Mul" : kind == "Maximum" ? "Max" : kind == "Minimum" ? "Min" : "Add";
    std::size_t most = 0;
    for (const Flow& flow : flows) most = std::max(most, flow.rank());
    for (Flow& flow : flows) {  // Keras puts missing axes behind the batch
        if (!flow.known || flow.rank() == most || flow.shape.empty()) continue;
        std::vector<std::int64_t> axes;
        for (std::size_t i = 1; i <= most - flow.rank(); ++i) axes.push_back(static_cast<std::int64_t>(i));
        flow.value = call.emit("Unsqueeze", {flow.value, call.integers("axes", axes)}, {}, "raise");
        flow.shape.insert(flow.shape.begin() + 1, axes.size(), 1);
    }
    if (kind == "Subtract" && flows.size() != 2) call.refuse("it has " + std::to_string(flows.size()) + " inputs where it needs 2; the file is damaged");
    Flow result = flows[0];
    result.mask = maskOfAll(call, flows);
    for (std::size_t i = 1; i < flows.size(); ++i) {
        result.value = call.emit(op, {result.value, flows[i].value}, {}, i + 1 < flows.size() || kind == "Average" ? "part" + std::to_string(i) : "");
        result.shape = broadcast(result.shape, flows[i].shape);
        result.known = result.known && flows[i].known;
    }
    if (kind == "Average") result.value = call.emit("Mul", {result.value, call.scalar("share", 1.0f / static_cast<float>(flows.size()))});
    return {result};
}

std::vector<Flow> buildDot(const LayerCall& call) {
    Flow a = call.last(call.input(0)), b = call.last(call.input(1));
    std::vector<std::int64_t> axes = call.settings().integers("axes", {-1});
    if (axes.size() == 1) axes.push_back(axes[0]);
    if (!a.known || !b.known || a.rank() != 3 || b.rank() != 3 || call.settings().flag("normalize", false))
        call.cannot("a dot product of other than two inputs with three axes each, without normalisation, cannot be expressed");
    for (std::size_t i = 0; i < 2; ++i) {
        if (axes[i] < 0) axes[i] += 3;
        if (axes[i] != 1 && axes[i] != 2) call.refuse("its axes do not fit its inputs; the file is damaged");
    }
    const std::vector<std::int64_t> swap = {0, 2, 1};
    if (axes[0] == 1) {
        a.value = call.emit("Transpose", {a.value}, {{"perm", swap}}, "left");
        std::swap(a.shape[1], a.shape[2]);
    }
    if (axes[1] == 2) {
        b.value = call.emit("Transpose", {b.value}, {{"perm", swap}}, "right");
        std::swap(b.shape[1], b.shape[2]);
    }
    return {{call.emit("MatMul", {a.value, b.value}), {a.shape[0], a.shape[1], b.shape[2]}, true, false}};
}

}  // namespace bitlathe::keras
