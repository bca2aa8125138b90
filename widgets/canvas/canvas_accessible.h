// Tells screen readers that a Canvas is a graphic (a plain widget is called a filler).
#pragma once

namespace bitlathe {

// Makes the accessible objects of Canvas widgets; calling it again changes nothing.
void installCanvasAccessibility();

}  // namespace bitlathe
