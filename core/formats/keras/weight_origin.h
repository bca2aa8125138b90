// Where a constant of the graph lies in a Keras file, and its values in the order of the file's array. Knows no files.
#pragma once

#include "core/tensor/tensor.h"

#include <cstdint>
#include <string>
#include <vector>

namespace bitlathe::keras {

// The graph's constant is the file's array with the blocks of its last axis in another order (gates), then
// transposed (axes), then with another shape.
struct WeightOrigin {
    std::string constant;  // its name in the graph
    std::string path;      // of the array in the file
    std::vector<std::int64_t> axes;   // empty: not transposed
    bool whole = true;                // false: the constant is made of several arrays, or in another way
    std::vector<std::int64_t> shape;  // of the file's array
    std::vector<std::int64_t> gates;  // the graph's block g is the file's gates[g]; empty: as they are
};

// A tensor's axes in another order; F32.
Tensor transposed(const Tensor& tensor, const std::vector<std::int64_t>& axes);

// The constant's values (F32, any shape of their count) as the file's array has them; origin.whole.
Tensor inFileOrder(const WeightOrigin& origin, const Tensor& values);

}  // namespace bitlathe::keras
