// Samples a tensor at places that another tensor names.
#pragma once

namespace bitlathe {

class OperatorContext;

void runGridSample(OperatorContext& context);  // 1 to 3 spatial axes; nearest, linear, cubic

}  // namespace bitlathe
