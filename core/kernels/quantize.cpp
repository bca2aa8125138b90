#include "core/kernels/quantize.h"

#include <cmath>

#include "core/kernels/quantize_kernels.h"

namespace bitlathe {
namespace {

constexpr QuantizeImplementation implementations[] = {
    {quantizeBytesReference, quantizeWordsReference, dequantizeReference, dequantizeSumsReference},
    {quantizeBytesAvx2, quantizeWordsAvx2, dequantizeAvx2, dequantizeSumsAvx2},
    {quantizeBytesAvx512, quantizeWordsAvx512, dequantizeAvx512, dequantizeSumsAvx512},
};

const QuantizeImplementation& implementation(Isa isa) noexcept {
    return implementations[static_cast<int>(lowered(Isa::Avx512Vnni, isa))];
}

QuantizeTask taskOf(const float* x, std::int64_t count, const QuantizeRule& rule, void* y) noexcept {
    return {x, count, rule.scale, static_cast<float>(rule.low - rule.zeroPoint),
            static_cast<float>(rule.high - rule.zeroPoint), rule.zeroPoint, y};
}

std::int32_t codeOf(const QuantizeTask& t, float x) noexcept {
    float v = x / t.scale;
    v = v == v ? v : 0.0f;
    v = v > t.low ? v : t.low;
    v = v < t.high ? v : t.high;
    return static_cast<std::int32_t>(std::nearbyint(v)) + t.zeroPoint;
}

}  // namespace

void quantizeBytesReference(const QuantizeTask& t) noexcept {
    auto* y = static_cast<std::uint8_t*>(t.y);
    for (std::int64_t i = 0; i < t.count; ++i) y[i] = static_cast<std::uint8_t>(codeOf(t, t.x[i]));
}

void quantizeWordsReference(const QuantizeTask& t) noexcept {
    auto* y = static_cast<std::uint16_t*>(t.y);
    for (std::int64_t i = 0; i < t.count; ++i) y[i] = static_cast<std::uint16_t>(codeOf(t, t.x[i]));
}

void dequantizeReference(const DequantizeTask& t) noexcept {
    for (std::int64_t i = 0; i < t.count; ++i) {
        const std::int32_t code = t.isSigned ? static_cast<std::int8_t>(t.codes[i]) : t.codes[i];
        t.y[i] = static_cast<float>(code - t.zeroPoint) * t.scale;
    }
}

void dequantizeSumsReference(const SumsTask& t) noexcept {
    for (std::int64_t i = 0; i < t.rows; ++i)
        for (std::int64_t j = 0; j < t.columns; ++j)
            t.y[i * t.columns + j] = static_cast<float>(t.acc[i * t.columns + j]) * t.scales[t.perColumn ? j : 0];
}

void quantizeBytes(Isa isa, const float* x, std::int64_t count, const QuantizeRule& rule, void* y) noexcept {
    implementation(isa).bytes(taskOf(x, count, rule, y));
}

void quantizeWords(Isa isa, const float* x, std::int64_t count, const QuantizeRule& rule, void* y) noexcept {
    implementation(isa).words(taskOf(x, count, rule, y));
}

void dequantizeBytes(Isa isa, ByteType type, const void* codes, std::int64_t count, float scale, std::int32_t zeroPoint,
                     float* y) noexcept {
    implementation(isa).back({static_cast<const std::uint8_t*>(codes), count, type == ByteType::S8, scale, zeroPoint, y});
}

void dequantizeSums(Isa isa, const std::int32_t* acc, std::int64_t rows, std::int64_t columns, const float* scales,
                    bool perColumn, float* y) noexcept {
    implementation(isa).sums({acc, rows, columns, scales, perColumn, y});
}

}  // namespace bitlathe
