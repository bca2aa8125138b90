// What moves values without computing, and layers that only training needs.
#include "core/formats/keras/layers.h"

#include <algorithm>

namespace bitlathe::keras {

namespace {

// Keras's masks end where steps are no longer steps.
Flow unmasked(Flow flow) {
    flow.mask = kNoValue;
    return flow;
}

// -1 where one of the extents is not known.
std::int64_t product(std::span<const std::int64_t> extents) {
    std::int64_t result = 1;
    for (const std::int64_t extent : extents) {
        if (extent < 0 || extent > 1 << 30 || result > std::int64_t(1) << 40) return -1;
        result *= extent;
    }
    return result;
}

}  // namespace

std::vector<Flow> buildFlatten(const LayerCall& call) {
    Flow flow = unmasked(call.last(call.input()));
    const std::int64_t batch = flow.shape.empty() ? -1 : flow.shape[0];
    const std::int64_t rest = flow.known && !flow.shape.empty() ? product(std::span(flow.shape).subspan(1)) : -1;
    if (flow.known && flow.rank() == 2) return {flow};
    flow.value = call.emit("Flatten", {flow.value}, {{"axis", std::int64_t(1)}});
    flow.shape = {batch, rest};
    flow.known = true;
    return {flow};
}

std::vector<Flow> buildReshape(const LayerCall& call) {
    Flow flow = unmasked(call.last(call.input()));
    std::vector<std::int64_t> target = call.settings().integers("target_shape|dims");
    const std::int64_t batch = flow.shape.empty() ? -1 : flow.shape[0];
    const std::int64_t all = flow.known && !flow.shape.empty() ? product(std::span(flow.shape).subspan(1)) : -1;
    const auto open = std::find(target.begin(), target.end(), std::int64_t(-1));
    std::vector<std::int64_t> shape = target;
    shape.insert(shape.begin(), open == target.end() ? -1 : 0);  // the batch takes what is left, or stays
    if (open != target.end() && all > 0) {
        *open = 1;
        const std::int64_t others = product(target);
        *open = others > 0 && all % others == 0 ? all / others : -1;
    }
    flow.value = call.emit("Reshape", {flow.value, call.integers("shape", shape)});
    flow.shape = target;
    flow.shape.insert(flow.shape.begin(), batch);
    flow.known = true;
    return {flow};
}

std::vector<Flow> buildPermute(const LayerCall& call) {
    Flow flow = unmasked(call.last(call.input()));
    std::vector<std::int64_t> axes = call.settings().integers("dims");  // counted from 1, without the batch
    axes.insert(axes.begin(), 0);
    std::vector<std::int64_t> sorted = axes;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < sorted.size(); ++i)
        if (sorted[i] != static_cast<std::int64_t>(i) || (flow.known && axes.size() != flow.rank())) call.refuse("'dims' is no order of its input's axes; the file is damaged");
    Flow result = flow;
    result.shape.clear();
    if (flow.known)
        for (const std::int64_t axis : axes) result.shape.push_back(flow.shape[static_cast<std::size_t>(axis)]);
    result.value = call.emit("Transpose", {flow.value}, {{"perm", axes}});
    return {result};
}

std::vector<Flow> buildRepeatVector(const LayerCall& call) {
    Flow flow = unmasked(call.last(call.input()));
    const std::int64_t count = call.settings().integer("n", 1);
    if (count < 1 || count > 1 << 20) call.refuse("it repeats its input " + std::to_string(count) + " times; the file is damaged");
    const std::int64_t axis = 1;
    const std::vector<std::int64_t> repeats = {1, count, 1};
    const ValueId raised = call.emit("Unsqueeze", {flow.value, call.integers("axes", std::span(&axis, 1))}, {}, "raise");
    flow.value = call.emit("Tile", {raised, call.integers("repeats", repeats)});
    if (flow.known) flow.shape.insert(flow.shape.begin() + 1, count);
    return {flow};
}

std::vector<Flow> buildPassThrough(const LayerCall& call) { return {call.input()}; }

}  // namespace bitlathe::keras
