// Numbers as people read them: one rule for bytes, counts, decibels and shares, with real minus signs
// and a unit on every figure. Knows no widgets.
#pragma once

#include <QString>
#include <cstdint>
#include <string>
#include <string_view>

namespace bitlathe {

inline QString fromUtf8(std::string_view text) { return QString::fromUtf8(text.data(), qsizetype(text.size())); }

// "812 B", "4.1 KiB", "668 MiB", "4.10 GiB": three significant digits, powers of 1024.
QString bytesText(std::int64_t bytes);
// "64", "5,632", "11.5 M", "1.10 B": exact below 100,000, then three significant digits.
QString countText(std::int64_t count);
// "1 layer", "5,632 layers": one of the two texts, whose %1 is the exact count.
QString counted(std::int64_t count, const QString& one, const QString& many);
// With thousands separators, never shortened.
QString exactCountText(std::int64_t count);
// "20.8", without unit (tables name it in the heading); "∞" for a layer without error, "–" for NaN.
QString dbText(double db);
// "4.13"
QString bitsPerWeightText(double bits);
// "0.12 %"; "< 0.01 %" for what is there but rounds to nothing.
QString percentText(double share);
// "6.3×"
QString ratioText(double ratio);
// Up to `digits` significant digits, no exponent between 1e-4 and 1e6, a real minus sign.
QString numberText(double value, int digits = 3);
// "3.2 s", "1 min 12 s", "2 h 05 min"
QString durationText(double seconds);
// "3.41 ms", "120 µs"
QString millisecondsText(double ms);

// How good an SQNR is as a bar: 0 at 5 dB and below, 1 at 45 dB and above.
float sqnrQuality(double db);

}  // namespace bitlathe
