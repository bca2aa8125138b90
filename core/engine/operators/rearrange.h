// Operators that join, cut, repeat and reorder tensors without looking at their numbers.
#pragma once

namespace bitlathe {

class OperatorContext;

void runConcat(OperatorContext& context);
void runSplit(OperatorContext& context);
void runSlice(OperatorContext& context);
void runExpand(OperatorContext& context);
void runTile(OperatorContext& context);
void runDepthToSpace(OperatorContext& context);
void runSpaceToDepth(OperatorContext& context);
void runReverseSequence(OperatorContext& context);

}  // namespace bitlathe
