// Products of matrices, and tables of vectors.
#include "core/formats/keras/layers.h"
#include "core/formats/keras/masking.h"

namespace bitlathe::keras {

std::vector<Flow> buildDense(const LayerCall& call) {
    Flow flow = call.last(call.input());
    const ValueId kernel = call.weightConstant("kernel", 2);
    const std::int64_t units = call.build().edit.graph().constant(kernel)->shape()[1];
    const bool bias = call.settings().flag("use_bias|bias", true);
    if (flow.known && flow.rank() == 2) {
        std::vector<ValueId> inputs = {flow.value, kernel};
        if (bias) inputs.push_back(call.weightConstant("bias", 1));
        flow.value = call.emit("Gemm", std::move(inputs));
    } else {
        flow.value = call.emit("MatMul", {flow.value, kernel});
        if (bias) flow.value = call.emit("Add", {flow.value, call.weightConstant("bias", 1)}, {}, "bias");
    }
    if (flow.known && !flow.shape.empty()) flow.shape.back() = units;
    return {call.activated(flow)};
}

std::vector<Flow> buildEmbedding(const LayerCall& call) {
    Flow flow = call.last(call.input());
    const ValueId table = call.weightConstant("embeddings", 2);
    const ValueId index = call.emit("Cast", {flow.value}, {{"to", std::int64_t(7)}}, "index");  // int64
    if (call.settings().flag("mask_zero", false)) flow.mask = maskOfTokens(call, index);
    flow.value = call.emit("Gather", {table, index}, {{"axis", std::int64_t(0)}});
    if (flow.known) flow.shape.push_back(call.build().edit.graph().constant(table)->shape()[1]);
    return {flow};
}

}  // namespace bitlathe::keras
