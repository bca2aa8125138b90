// Changes the extents of a tensor by sampling it: nearest, linear, cubic.
#pragma once

namespace bitlathe {

class OperatorContext;

// Every coordinate transformation of ONNX, axes, aspect ratio policies, antialiasing. Axis by axis, in float32;
// nearest moves elements of any type.
void runResize(OperatorContext& context);

}  // namespace bitlathe
