// Adds a border to a tensor, or cuts one off where pads are negative.
#pragma once

namespace bitlathe {

class OperatorContext;

void runPad(OperatorContext& context);  // constant, reflect, edge, wrap

}  // namespace bitlathe
