// Operators that read or write elements at indices. Negative indices count from the end; an index outside
// its axis is refused.
#pragma once

namespace bitlathe {

class OperatorContext;

void runGather(OperatorContext& context);
void runGatherElements(OperatorContext& context);
void runGatherND(OperatorContext& context);
// reduction: none, add, mul, min, max; indices named twice are joined in the order of the updates.
void runScatterElements(OperatorContext& context);
void runScatterND(OperatorContext& context);

}  // namespace bitlathe
