// A weight whose numbers a file keeps in another way than as a plain array: codes, scales and zero points in arrays
// of their own, transposed, or at odd addresses. Knows how to make floats of its rows; what lies in the file is its
// format's business.
#pragma once

#include "core/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace bitlathe {

struct PackedTensor {
    std::string form;  // for tables: "gptq-4bit g128"
    Shape shape;       // rows are all axes but the last
    std::vector<std::span<const std::byte>> parts;  // what it is made from, which decode keeps alive
    // Rows [first, end) as floats; out.size() == (end − first) · columns(). From any thread; any bytes decode to something.
    std::function<void(std::int64_t first, std::int64_t end, std::span<float> out)> decode;

    std::int64_t columns() const noexcept { return shape.rank() > 0 ? shape[shape.rank() - 1] : 1; }
    std::int64_t rows() const noexcept { return shape.rank() > 0 ? shape.count(0, shape.rank() - 1) : 1; }
    std::int64_t bytes() const noexcept;  // of all parts
};

// The values as float32: reads every part.
Tensor toFloat32(const PackedTensor& tensor);

}  // namespace bitlathe
