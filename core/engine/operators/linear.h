// Products with weights that stay as their file holds them: whole layers, and single rows of a table. Domain
// "bitlathe"; weights are rows of K numbers, float32, float16, bfloat16 or blocks.
//
// Linear: inputs x [..., K], then for each output a weight [N, K] and a bias [N] (or none); outputs x · Wᵀ + b.
// Several weights share what is made of x, and one loop over the threads. Attribute "activations": "float"
// (absent) decodes weights on the way, a few rows at a time; "int8" multiplies weights in blocks by x as int8.
//
// GatherRows: inputs a table [V, K] and row numbers (int64, any shape); output [..., K] in float32.
#pragma once

namespace bitlathe {

class OperatorContext;
struct PrepareContext;
struct Prepared;

void runLinear(OperatorContext& context);
Prepared prepareLinear(const PrepareContext& context);

void runGatherRows(OperatorContext& context);
Prepared prepareGatherRows(const PrepareContext& context);

}  // namespace bitlathe
