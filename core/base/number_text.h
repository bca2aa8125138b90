// Numbers as people read them: real minus signs, groups of three, few digits. Knows no screens.
#pragma once

#include <cstdint>
#include <string>

namespace bitlathe {

// `decimals` digits after the point; "−0" becomes "0". Not finite: "∞", "−∞", "not a number".
std::string fixedText(double value, int decimals);

// About `digits` significant digits, "3.2·10⁻⁷" where the plain form would be long. `sign` writes
// "+" before positive values.
std::string valueText(double value, int digits = 3, bool sign = false);

// "10⁻⁷", "2⁻⁶".
std::string powerText(int base, int exponent);

// "11,534,336".
std::string countText(std::uint64_t count);

// "1 weight", "2,056 weights".
std::string weightsText(std::uint64_t count);

// "8 KiB", "5.67 MiB", "1.02 GiB": three digits, binary units.
std::string bytesText(std::int64_t bytes);

// A share 0..1 as "0.12 %"; "<0.001 %" rather than a zero that is none.
std::string percentText(double share);

// SQNR: one digit after the point; "exact" when infinite.
std::string decibelText(double decibel);

}  // namespace bitlathe
