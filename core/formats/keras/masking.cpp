#include "core/formats/keras/masking.h"

#include "core/formats/keras/layers.h"

namespace bitlathe::keras {

namespace {

constexpr std::int64_t kFloat = 1, kInt32 = 6, kInt64 = 7;  // ONNX's element types

ValueId axis(const LayerCall& call, std::string_view part, std::int64_t number) { return call.integers(part, std::span(&number, 1)); }

// Element (b, at[b, t], f) of values (batch × time × features) for each t.
ValueId gathered(const LayerCall& call, ValueId values, ValueId at, const std::string& part) {
    const ValueId raised = call.emit("Unsqueeze", {at, axis(call, "mask/last", 2)}, {}, part + "/raised");
    const std::int64_t batch = 0, feature = 2;
    const ValueId rows = call.emit("Shape", {at}, {}, part + "/rows"), columns = call.emit("Shape", {values}, {{"start", feature}}, part + "/columns");
    const ValueId shape = call.emit("Concat", {rows, columns}, {{"axis", batch}}, part + "/shape");
    const ValueId everywhere = call.emit("Expand", {raised, shape}, {}, part + "/places");
    return call.emit("GatherElements", {values, everywhere}, {{"axis", std::int64_t(1)}}, part);
}

}  // namespace

ValueId maskOfTokens(const LayerCall& call, ValueId tokens) {
    const ValueId zero = call.constant("mask/zero", Tensor::scalar(std::int64_t(0)));
    const ValueId skipped = call.emit("Equal", {tokens, zero}, {}, "mask/skipped");
    return call.emit("Cast", {call.emit("Not", {skipped}, {}, "mask/kept")}, {{"to", kFloat}}, "mask");
}

ValueId maskOfAll(const LayerCall& call, std::span<const Flow> inputs) {
    ValueId mask = kNoValue;
    for (const Flow& flow : inputs) {
        if (flow.mask == kNoValue || flow.mask == mask) continue;
        mask = mask == kNoValue ? flow.mask : call.emit("Mul", {mask, flow.mask}, {}, "mask");
    }
    return mask;
}

Compacted compacted(const LayerCall& call, const Flow& sequence) {
    // Sorted by what is kept, then by time; float32 holds these numbers exactly up to eight million steps.
    const ValueId zeros = call.emit("Sub", {sequence.mask, sequence.mask}, {}, "mask/zeros");
    const ValueId ones = call.emit("Add", {zeros, call.scalar("mask/one", 1.0f)}, {}, "mask/ones");
    const ValueId time = call.emit("CumSum", {ones, call.constant("mask/time_axis", Tensor::scalar(std::int64_t(1)))}, {}, "mask/time");
    const ValueId first = call.emit("Mul", {sequence.mask, call.scalar("mask/first", 8388608.0f)}, {}, "mask/kept_first");
    const ValueId rank = call.emit("Sub", {first, time}, {}, "mask/rank");
    const ValueId steps = call.emit("Shape", {sequence.mask}, {{"start", std::int64_t(1)}, {"end", std::int64_t(2)}}, "mask/steps");
    const ValueId order = call.emitMany("TopK", {rank, steps}, 2, {{"axis", std::int64_t(1)}, {"largest", std::int64_t(1)}, {"sorted", std::int64_t(1)}}, "mask/order")[1];
    const ValueId kept = call.emit("ReduceSum", {sequence.mask, axis(call, "mask/over_time", 1)}, {{"keepdims", std::int64_t(0)}}, "mask/count");
    return {gathered(call, sequence.value, order, "mask/compacted"), call.emit("Cast", {kept}, {{"to", kInt32}}, "mask/lengths")};
}

ValueId spread(const LayerCall& call, ValueId results, ValueId mask, bool backwards) {
    ValueId index = call.emit("CumSum", {mask, call.constant("mask/time_axis", Tensor::scalar(std::int64_t(1)))}, {}, "mask/until");
    if (backwards) index = call.emit("Sub", {index, mask}, {}, "mask/before");
    const std::vector<std::int64_t> pads = backwards ? std::vector<std::int64_t>{0, 0, 0, 0, 1, 0} : std::vector<std::int64_t>{0, 1, 0, 0, 0, 0};
    const ValueId padded = call.emit("Pad", {results, call.integers("mask/pads", pads)}, {{"mode", std::string("constant")}}, "mask/padded");
    return gathered(call, padded, call.emit("Cast", {index}, {{"to", kInt64}}, "mask/index"), "mask/spread");
}

std::vector<Flow> buildMasking(const LayerCall& call) {
    Flow flow = call.last(call.input());
    const ValueId value = call.scalar("mask/value", static_cast<float>(call.settings().real("mask_value", 0)));
    const ValueId other = call.emit("Not", {call.emit("Equal", {flow.value, value}, {}, "mask/equal")}, {}, "mask/other");
    const ValueId each = call.emit("Cast", {other}, {{"to", kFloat}}, "mask/each");
    const ValueId any = call.emit("ReduceMax", {each, axis(call, "mask/features", -1)}, {{"keepdims", std::int64_t(1)}}, "mask/any");
    flow.value = call.emit("Mul", {flow.value, any});
    flow.mask = call.emit("Squeeze", {any, axis(call, "mask/features", -1)}, {}, "mask");
    return {flow};
}

}  // namespace bitlathe::keras
