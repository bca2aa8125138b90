#include "core/kernels/elementwise.h"

#include <algorithm>
#include <cmath>

#include "core/kernels/elementwise_kernels.h"
#include "core/kernels/quantize.h"

namespace bitlathe {
namespace {

constexpr BinaryFn adds[] = {addReference, addAvx2, addAvx512};
constexpr BinaryFn muls[] = {mulReference, mulAvx2, mulAvx512};
constexpr LookupFn lookups[] = {lookupReference, lookupAvx2, lookupAvx512};

int level(Isa isa) noexcept { return static_cast<int>(lowered(Isa::Avx512Vnni, isa)); }

float valueOf(const BinaryTask& t, const std::uint8_t* codes, std::int64_t i) noexcept {
    return t.isSigned ? static_cast<float>(static_cast<std::int8_t>(codes[i])) : static_cast<float>(codes[i]);
}

std::uint8_t saturated(const BinaryTask& t, float v) noexcept {
    v = v > t.low ? v : t.low;
    v = v < t.high ? v : t.high;
    return static_cast<std::uint8_t>(static_cast<std::int32_t>(std::nearbyint(v)) ^ t.flip);
}

BinaryTask taskOf(const ByteBinary& b) noexcept {
    BinaryTask t{};
    t.a = static_cast<const std::uint8_t*>(b.a);
    t.b = static_cast<const std::uint8_t*>(b.b);
    t.y = static_cast<std::uint8_t*>(b.y);
    t.count = b.count;
    t.aStep = b.aStep;
    t.bStep = b.bStep;
    t.isSigned = b.type == ByteType::S8;
    // ONNX Runtime makes signed codes as unsigned ones, 128 up, and rounds there: near a tie that shows.
    t.flip = t.isSigned ? 0x80 : 0;
    t.low = static_cast<float>(std::max(b.low, lowestCode(b.type)) + t.flip);
    t.high = static_cast<float>(std::min(b.high, highestCode(b.type)) + t.flip);
    return t;
}

// Two single codes: one result for all.
void runTask(const BinaryFn* list, Isa isa, BinaryTask& t) noexcept {
    if (t.aStep == 0 && t.bStep == 0 && t.count > 0) {
        const std::int64_t count = t.count;
        t.count = 1;
        t.aStep = 1;
        list[level(isa)](t);
        std::fill(t.y + 1, t.y + count, t.y[0]);
        return;
    }
    list[level(isa)](t);
}

}  // namespace

void addReference(const BinaryTask& t) noexcept {
    for (std::int64_t i = 0; i < t.count; ++i) {
        const auto a = static_cast<float>(t.a[i * t.aStep] ^ t.flip), b = static_cast<float>(t.b[i * t.bStep] ^ t.flip);
        float v;
        // A single operand is part of the constant, and then its product is rounded by itself.
        if (t.aStep == 0) v = std::fma(b, t.bFactor, t.constant + a * t.aFactor);
        else if (t.bStep == 0) v = std::fma(a, t.aFactor, t.constant + b * t.bFactor);
        else v = std::fma(a, t.aFactor, std::fma(b, t.bFactor, t.constant));
        t.y[i] = saturated(t, v);
    }
}

void mulReference(const BinaryTask& t) noexcept {
    for (std::int64_t i = 0; i < t.count; ++i) {
        const auto a = static_cast<std::int32_t>(valueOf(t, t.a, i * t.aStep)) - t.aZero;
        const auto b = static_cast<std::int32_t>(valueOf(t, t.b, i * t.bStep)) - t.bZero;
        t.y[i] = saturated(t, static_cast<float>(a * b) * t.aFactor + t.constant);
    }
}

void lookupReference(const std::uint8_t* table, const std::uint8_t* x, std::uint8_t* y, std::int64_t count) noexcept {
    for (std::int64_t i = 0; i < count; ++i) y[i] = table[x[i]];
}

void qlinearAdd(Isa isa, const ByteBinary& b) noexcept {
    BinaryTask t = taskOf(b);
    t.aFactor = b.aScale.scale / b.yScale.scale;
    t.bFactor = b.bScale.scale / b.yScale.scale;
    const int up = t.flip;
    const float zeros = t.aFactor * static_cast<float>(b.aScale.zeroPoint + up) + t.bFactor * static_cast<float>(b.bScale.zeroPoint + up);
    t.constant = static_cast<float>(b.yScale.zeroPoint + up) - zeros;
    runTask(adds, isa, t);
}

void qlinearMul(Isa isa, const ByteBinary& b) noexcept {
    BinaryTask t = taskOf(b);
    t.aFactor = b.aScale.scale * b.bScale.scale / b.yScale.scale;
    t.constant = static_cast<float>(b.yScale.zeroPoint + t.flip);
    t.aZero = b.aScale.zeroPoint;
    t.bZero = b.bScale.zeroPoint;
    runTask(muls, isa, t);
}

void lookupBytes(Isa isa, const std::uint8_t table[256], const std::uint8_t* x, std::uint8_t* y, std::int64_t count) noexcept {
    lookups[level(isa)](table, x, y, count);
}

void requantizeTable(ByteType xType, const ByteScale& x, ByteType yType, const ByteScale& y, std::uint8_t table[256]) noexcept {
    std::uint8_t codes[256];
    float reals[256];
    for (int i = 0; i < 256; ++i) codes[i] = static_cast<std::uint8_t>(i);
    dequantizeBytes(Isa::Reference, xType, codes, 256, x.scale, x.zeroPoint, reals);
    quantizeBytes(Isa::Reference, reals, 256, {y.scale, y.zeroPoint, lowestCode(yType), highestCode(yType)}, table);
}

}  // namespace bitlathe
