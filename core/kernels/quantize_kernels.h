// The implementations behind quantize.h, for its dispatcher and for the ISA files. Plain data only.
#pragma once

#include <cstdint>

namespace bitlathe {

struct QuantizeTask {
    const float* x;
    std::int64_t count;
    float scale;
    float low, high;  // bounds less the zero point
    std::int32_t zeroPoint;
    void* y;
};

struct DequantizeTask {
    const std::uint8_t* codes;
    std::int64_t count;
    bool isSigned;
    float scale;
    std::int32_t zeroPoint;
    float* y;
};

struct SumsTask {
    const std::int32_t* acc;
    std::int64_t rows, columns;
    const float* scales;
    bool perColumn;
    float* y;
};

struct QuantizeImplementation {
    void (*bytes)(const QuantizeTask& task) noexcept;
    void (*words)(const QuantizeTask& task) noexcept;
    void (*back)(const DequantizeTask& task) noexcept;
    void (*sums)(const SumsTask& task) noexcept;
};

void quantizeBytesReference(const QuantizeTask& task) noexcept;
void quantizeBytesAvx2(const QuantizeTask& task) noexcept;
void quantizeBytesAvx512(const QuantizeTask& task) noexcept;
void quantizeWordsReference(const QuantizeTask& task) noexcept;
void quantizeWordsAvx2(const QuantizeTask& task) noexcept;
void quantizeWordsAvx512(const QuantizeTask& task) noexcept;
void dequantizeReference(const DequantizeTask& task) noexcept;
void dequantizeAvx2(const DequantizeTask& task) noexcept;
void dequantizeAvx512(const DequantizeTask& task) noexcept;
void dequantizeSumsReference(const SumsTask& task) noexcept;
void dequantizeSumsAvx2(const SumsTask& task) noexcept;
void dequantizeSumsAvx512(const SumsTask& task) noexcept;

}  // namespace bitlathe
