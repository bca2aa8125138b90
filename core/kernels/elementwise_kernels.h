// The implementations behind elementwise.h, for its dispatcher and for the ISA files. Plain data only.
#pragma once

#include <cstdint>

namespace bitlathe {

struct BinaryTask {
    const std::uint8_t* a;
    const std::uint8_t* b;
    std::uint8_t* y;
    std::int64_t count;
    int aStep, bStep;  // 0 or 1; not both 0
    bool isSigned;
    float aFactor, bFactor, constant;  // add: ratios to y's scale and the constant term; mul: bFactor unused
    std::int32_t aZero, bZero;         // mul only
    float low, high;                   // codes, 128 up where signed; so are the constant and add's operands
    std::uint8_t flip;                 // 0x80 for signed codes, else 0
};

using BinaryFn = void (*)(const BinaryTask& task) noexcept;
using LookupFn = void (*)(const std::uint8_t* table, const std::uint8_t* x, std::uint8_t* y, std::int64_t count) noexcept;

void addReference(const BinaryTask& task) noexcept;
void addAvx2(const BinaryTask& task) noexcept;
void addAvx512(const BinaryTask& task) noexcept;
void mulReference(const BinaryTask& task) noexcept;
void mulAvx2(const BinaryTask& task) noexcept;
void mulAvx512(const BinaryTask& task) noexcept;
void lookupReference(const std::uint8_t* table, const std::uint8_t* x, std::uint8_t* y, std::int64_t count) noexcept;
void lookupAvx2(const std::uint8_t* table, const std::uint8_t* x, std::uint8_t* y, std::int64_t count) noexcept;
void lookupAvx512(const std::uint8_t* table, const std::uint8_t* x, std::uint8_t* y, std::int64_t count) noexcept;

}  // namespace bitlathe
