#include "widgets/models/figures.h"

#include <QLocale>
#include <algorithm>
#include <cmath>

namespace bitlathe {
namespace {

QString trueMinus(QString text) { return text.replace(QLatin1Char('-'), QChar(0x2212)); }

QString threeDigits(double value) {
    const int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return QString::number(value, 'f', decimals);
}

}  // namespace

QString bytesText(std::int64_t bytes) {
    if (bytes < 1024) return QStringLiteral("%1 B").arg(bytes);
    double value = double(bytes);
    static const char* const units[] = {"KiB", "MiB", "GiB", "TiB"};
    int unit = -1;
    while (value >= 1023.5 && unit < 3) {
        value /= 1024;
        ++unit;
    }
    return threeDigits(value) + QLatin1Char(' ') + QLatin1String(units[std::max(unit, 0)]);
}

QString exactCountText(std::int64_t count) { return QLocale(QLocale::English).toString(qlonglong(count)); }

QString counted(std::int64_t count, const QString& one, const QString& many) { return count == 1 ? one : many.arg(exactCountText(count)); }

QString countText(std::int64_t count) {
    if (count < 100'000) return exactCountText(count);
    if (count < 999'500) return threeDigits(double(count) / 1e3) + QStringLiteral(" K");
    if (count < 999'500'000) return threeDigits(double(count) / 1e6) + QStringLiteral(" M");
    return threeDigits(double(count) / 1e9) + QStringLiteral(" B");
}

QString dbText(double db) {
    if (std::isnan(db)) return QStringLiteral("–");
    if (std::isinf(db)) return db > 0 ? QStringLiteral("∞") : QStringLiteral("−∞");
    return trueMinus(QString::number(db, 'f', 1));
}

QString bitsPerWeightText(double bits) { return QString::number(bits, 'f', 2); }

QString percentText(double share) {
    const double percent = share * 100;
    if (percent > 0 && percent < 0.005) return QStringLiteral("< 0.01 %");
    const int decimals = std::abs(percent) < 10 ? 2 : 1;
    return trueMinus(QString::number(percent, 'f', decimals)) + QStringLiteral(" %");
}

QString ratioText(double ratio) {
    return QString::number(ratio, 'f', ratio < 10 ? 1 : 0) + QStringLiteral("×");
}

QString numberText(double value, int digits) {
    if (std::isnan(value)) return QStringLiteral("–");
    if (std::isinf(value)) return value > 0 ? QStringLiteral("∞") : QStringLiteral("−∞");
    if (value == 0) return QStringLiteral("0");
    const double size = std::abs(value);
    if (size < 1e-4 || size >= 1e6) return trueMinus(QString::number(value, 'e', std::max(digits - 1, 0)));
    const int decimals = std::clamp(digits - 1 - int(std::floor(std::log10(size))), 0, 9);
    return trueMinus(QString::number(value, 'f', decimals));
}

QString durationText(double seconds) {
    if (!(seconds >= 0)) return {};
    if (seconds < 10) return QStringLiteral("%1 s").arg(seconds, 0, 'f', 1);
    const auto whole = qint64(std::llround(seconds));
    if (whole < 60) return QStringLiteral("%1 s").arg(whole);
    if (whole < 3600) return QStringLiteral("%1 min %2 s").arg(whole / 60).arg(whole % 60, 2, 10, QLatin1Char('0'));
    return QStringLiteral("%1 h %2 min").arg(whole / 3600).arg(whole % 3600 / 60, 2, 10, QLatin1Char('0'));
}

QString millisecondsText(double ms) {
    if (ms < 0.9995) return QStringLiteral("%1 µs").arg(ms * 1000, 0, 'f', 0);
    return threeDigits(ms) + QStringLiteral(" ms");
}

float sqnrQuality(double db) {
    if (std::isnan(db)) return 0;
    return float(std::clamp((db - 5.0) / 40.0, 0.0, 1.0));
}

}  // namespace bitlathe
