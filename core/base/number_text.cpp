#include "core/base/number_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace bitlathe {

namespace {

constexpr const char* minus = "\u2212";

std::string printed(double magnitude, int decimals) {
    char text[400];
    std::snprintf(text, sizeof text, "%.*f", std::clamp(decimals, 0, 20), magnitude);
    return text;
}

bool isZero(const std::string& digits) { return digits.find_first_not_of("0.") == std::string::npos; }

std::string superscript(int number) {
    static constexpr const char* digits[] = {"\u2070", "\u00B9", "\u00B2", "\u00B3", "\u2074",
                                             "\u2075", "\u2076", "\u2077", "\u2078", "\u2079"};
    std::string out = number < 0 ? "\u207B" : "";
    for (const char c : std::to_string(std::abs(number))) out += digits[c - '0'];
    return out;
}

std::string special(double value) {
    if (std::isnan(value)) return "not a number";
    return value < 0 ? std::string(minus) + "\u221E" : "\u221E";
}

}  // namespace

std::string fixedText(double value, int decimals) {
    if (!std::isfinite(value)) return special(value);
    const std::string digits = printed(std::abs(value), decimals);
    return value < 0 && !isZero(digits) ? minus + digits : digits;
}

std::string valueText(double value, int digits, bool sign) {
    if (!std::isfinite(value)) return special(value);
    if (value == 0) return "0";
    const std::string head = value < 0 ? minus : sign ? "+" : "";
    const double magnitude = std::abs(value);
    int exponent = int(std::floor(std::log10(magnitude)));
    if (exponent < -4 || exponent > 6) {
        std::string mantissa = printed(magnitude / std::pow(10.0, exponent), digits - 1);
        if (mantissa.starts_with("10")) mantissa = printed(magnitude / std::pow(10.0, ++exponent), digits - 1);
        return head + mantissa + "\u00B710" + superscript(exponent);
    }
    return head + printed(magnitude, std::max(0, digits - 1 - exponent));
}

std::string powerText(int base, int exponent) { return std::to_string(base) + superscript(exponent); }

std::string countText(std::uint64_t count) {
    std::string digits = std::to_string(count);
    for (int at = int(digits.size()) - 3; at > 0; at -= 3) digits.insert(std::size_t(at), ",");
    return digits;
}

std::string weightsText(std::uint64_t count) { return countText(count) + (count == 1 ? " weight" : " weights"); }

std::string bytesText(std::int64_t bytes) {
    static constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double size = double(bytes);
    int unit = 0;
    while (std::abs(size) >= 1023.5 && unit < 4) {
        size /= 1024;
        ++unit;
    }
    const int decimals = unit == 0 || std::abs(size) >= 100 ? 0 : std::abs(size) >= 10 ? 1 : 2;
    return fixedText(size, decimals) + ' ' + units[unit];
}

std::string percentText(double share) {
    const double percent = share * 100;
    if (percent > 0 && percent < 0.001) return "<0.001 %";
    const int decimals = percent == 0 || percent >= 10 ? 1 : percent >= 0.1 ? 2 : 3;
    return fixedText(percent, decimals) + " %";
}

std::string decibelText(double decibel) { return std::isinf(decibel) && decibel > 0 ? "exact" : fixedText(decibel, 1) + " dB"; }

}  // namespace bitlathe
