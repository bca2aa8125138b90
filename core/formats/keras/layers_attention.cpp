// MultiHeadAttention: projections, scaled products, softmax, and the projection back.
#include "core/formats/keras/layers.h"

#include <cmath>

namespace bitlathe::keras {

namespace {

struct Heads {
    ValueId value;  // batch × heads × time × each
    std::int64_t count, each;
};

// x · kernel + bias, cut into heads. kernel in the file: features × heads × each.
Heads project(const LayerCall& call, const Flow& x, const std::string& step) {
    const Tensor kernel = call.weight("kernel", 3, step);
    const std::int64_t features = kernel.shape()[0], heads = kernel.shape()[1], each = kernel.shape()[2];
    ValueId value = call.emit("MatMul", {x.value, call.weightConstant("kernel", 3, {}, {features, heads * each}, step)}, {}, step);
    if (call.hasWeight("bias", step)) value = call.emit("Add", {value, call.weightConstant("bias", 2, {}, {heads * each}, step)}, {}, step + "/bias");
    const std::vector<std::int64_t> shape = {0, 0, heads, each}, axes = {0, 2, 1, 3};
    value = call.emit("Reshape", {value, call.integers(step + "/shape", shape)}, {}, step + "/cut");
    return {call.emit("Transpose", {value}, {{"perm", axes}}, step + "/heads"), heads, each};
}

}  // namespace

std::vector<Flow> buildMultiHeadAttention(const LayerCall& call) {
    const auto argument = [&](std::string_view name, std::size_t position, const Flow& absent) {
        const std::vector<Flow> named = call.named(name);
        const Flow flow = !named.empty() ? named[0] : position < call.inputCount() ? call.input(position) : absent;
        if (flow.mask != kNoValue) call.cannot("attention over masked sequences cannot be expressed");
        if (flow.known && flow.rank() != 3) call.cannot("attention over other than one axis cannot be expressed");
        return call.last(flow);
    };
    if (!call.named("attention_mask").empty()) call.cannot("attention with a mask cannot be expressed");
    const Flow query = argument("query", 0, call.inputCount() ? call.input(0) : Flow{});
    const Flow value = argument("value", 1, query);
    const Flow key = argument("key", 2, value);
    const Heads q = project(call, query, "query"), k = project(call, key, "key"), v = project(call, value, "value");
    if (q.count != k.count || q.count != v.count || q.each != k.each) call.refuse("its projections do not fit each other; the file is damaged");
    const ValueId scaled = call.emit("Mul", {q.value, call.scalar("scale", 1.0f / std::sqrt(static_cast<float>(q.each)))}, {}, "scaled");
    const std::vector<std::int64_t> turn = {0, 1, 3, 2}, back = {0, 2, 1, 3}, flat = {0, 0, v.count * v.each};
    const ValueId scores = call.emit("MatMul", {scaled, call.emit("Transpose", {k.value}, {{"perm", turn}}, "key/turned")}, {}, "scores");
    const ValueId shares = call.emit("Softmax", {scores}, {{"axis", std::int64_t(-1)}}, "shares");
    const ValueId mixed = call.emit("Transpose", {call.emit("MatMul", {shares, v.value}, {}, "mixed")}, {{"perm", back}}, "mixed/turned");
    const ValueId joined = call.emit("Reshape", {mixed, call.integers("joined/shape", flat)}, {}, "joined");
    const std::string out = "attention_output";
    const Tensor kernel = call.weight("kernel", 3, out);  // heads × each × features
    Flow result = query;
    result.value = call.emit("MatMul", {joined, call.weightConstant("kernel", 3, {}, {kernel.shape()[0] * kernel.shape()[1], kernel.shape()[2]}, out)}, {}, out);
    if (call.hasWeight("bias", out)) result.value = call.emit("Add", {result.value, call.weightConstant("bias", 1, {}, {}, out)}, {}, out + "/bias");
    if (result.known) result.shape.back() = kernel.shape()[2];
    return {result};
}

}  // namespace bitlathe::keras
