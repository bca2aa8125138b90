// Copies between memory and tensors that lie in it with strides: the base of the operators that only move
// elements. Knows bytes and strides, no numbers.
#pragma once

#include "core/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bitlathe {

class OperatorContext;

// A tensor's elements in some order: element i of the result lies at offset + sum of index · stride. Strides
// count elements and may be 0 (repeated) or negative (backwards).
struct StridedView {
    std::int64_t offset = 0;
    std::vector<std::int64_t> extents, strides;
};

// Writes the viewed elements to `to`, row-major. Parallel. elementBytes: 1, 2, 4 or 8.
void copyView(OperatorContext& context, const std::byte* from, const StridedView& view, int elementBytes, std::byte* to);

// `rows` pieces of rowBytes each, at these distances. Parallel; long rows are cut.
void copyRows(OperatorContext& context, const std::byte* from, std::int64_t fromStride, std::byte* to, std::int64_t toStride,
              std::int64_t rowBytes, std::int64_t rows);

// All bytes of x into output 0; in place where x is input `over` and dies here. Returns the output's bytes.
std::byte* copyToOutput(OperatorContext& context, std::size_t over);

}  // namespace bitlathe
