// One layer's tensors for a file: how many, which, and their bytes. Coded piece by piece; what is packed stays in
// memory until the layer is done, so that a model larger than memory passes. Private to this folder.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/formats/safetensors/header.h"
#include "core/model/model.h"
#include "core/quant/quantized_tensor.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bitlathe::safetensors {

enum class Kind { Plain, Gptq, Awq, Packed, Int8, Float8 };

struct TensorPlan {
    std::string name;
    ElementType type = ElementType::F32;
    Shape shape;
    std::uint64_t bytes() const noexcept { return static_cast<std::uint64_t>(bytesFor(type, shape.count())); }
};

// The tensors that hold the layer's weight, in the order in which writeWeight() gives their bytes. Without a scheme
// the weight as it is stored; packed sources as float32.
std::vector<TensorPlan> tensorsFor(Kind kind, const Model& model, const Layer& layer, const std::optional<QuantSpec>& spec);

struct WeightTask {
    Kind kind;
    const Model& model;
    const Layer& layer;
    const std::optional<QuantSpec>& spec;  // as the layout's choose() gave it
    std::span<const float> importance;     // empty, or of the columns
    Isa isa = Isa::Reference;
};
// begin(i) before the bytes of plan i. Returns how many weights are NaN or infinite; of copied ones 0.
std::int64_t writeWeight(const WeightTask& task, Workers& workers, JobContext& job, const std::function<void(std::size_t tensor, std::span<const std::byte>)>& write);

}  // namespace bitlathe::safetensors
