// From float operators between DequantizeLinear and QuantizeLinear to operators on codes: what the integer
// mode runs. The rules are those of ONNX Runtime's CPU provider, so that what is integer here is integer
// there (more only where it is said below). Knows no recipes: any QDQ model will do.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace bitlathe {

struct Graph;

struct IntegerFusion {
    std::set<std::string, std::less<>> integer;               // names of nodes that now compute on codes
    std::map<std::string, std::string, std::less<>> reasons;  // nodes beside codes that stay in float: why
};

// Rewrites the graph in place; nodes keep their names, codes keep their values' names. Bias constants that
// are float become int32. What cannot be fused stays DequantizeLinear → operator → QuantizeLinear.
IntegerFusion fuseInteger(Graph& graph);

// True for operators that compute on codes whatever their neighbours are: QLinearConv, MatMulInteger ….
bool computesOnCodes(std::string_view op) noexcept;

}  // namespace bitlathe
