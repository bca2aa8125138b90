// Models made for benchmarks: matrices of noise in an ONNX file, written once and kept.
#pragma once

#include "core/tensor/element_type.h"

#include <cstdint>
#include <filesystem>

namespace bitlathe {

struct BenchModel {
    int layers = 1;
    std::int64_t rows = 4096, columns = 4096;  // of each layer's weight
    bool transposed = false;                   // MatMul's [K, N] instead of Gemm's [N, K]
    ElementType type = ElementType::F32;       // or F16, BF16
};

// Writes the model to folder unless it is there already, weights in a file of their own; returns its path.
std::filesystem::path benchModel(const BenchModel& what, const std::filesystem::path& folder);

}  // namespace bitlathe
