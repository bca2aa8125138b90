// One operator on given tensors, without a model: for the operators' own tests.
#pragma once

#include "core/engine/run.h"

#include <string>
#include <vector>

namespace bitlathe {

struct OperatorCall {
    std::string op;
    Attributes attributes = {};
    std::string domain = {};
    std::size_t outputs = 1;
    int threads = 1;
    std::int64_t limitBytes = std::int64_t(1) << 30;

    // Every input is made by a node (none is constant); an empty optional is an absent one.
    std::vector<Tensor> operator()(const std::vector<std::optional<Tensor>>& inputs) const;
    // The only output.
    Tensor one(const std::vector<std::optional<Tensor>>& inputs) const { return (*this)(inputs).at(0); }
};

inline Tensor floats(Shape shape, const std::vector<float>& values) { return Tensor::of(std::move(shape), values); }
inline Tensor integers(const std::vector<std::int64_t>& values) {
    return Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values);
}
// Normal numbers from a fixed generator.
Tensor noise(const Shape& shape, unsigned seed = 1);
// The elements of a float32 tensor.
std::vector<float> valuesOf(const Tensor& tensor);

}  // namespace bitlathe
