// An interval of real values. Knows no codes.
#pragma once

namespace bitlathe {

// lo <= hi; both finite. A representable range always holds 0.
struct ValueRange {
    float lo = 0, hi = 0;
    bool operator==(const ValueRange&) const = default;
};

}  // namespace bitlathe
