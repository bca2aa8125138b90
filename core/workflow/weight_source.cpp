#include "core/workflow/weight_source.h"

#include "core/base/mapped_file.h"
#include "core/kernels/convert_rows.h"
#include "core/model/model.h"

#include <cstdint>

namespace bitlathe {

std::string identityOf(const Model& model) {
    if (!model.sha256.empty()) return model.sha256;
    return model.name + "@" + std::to_string(reinterpret_cast<std::uintptr_t>(&model));
}

namespace {

// The same values as toFloat32(), row by row.
Tensor widened(const Tensor& halves) {
    const auto* from = reinterpret_cast<const std::uint16_t*>(halves.bytes().data());
    if (reinterpret_cast<std::uintptr_t>(from) % alignof(std::uint16_t) != 0) return toFloat32(halves);
    std::byte* bytes = nullptr;
    Tensor result = Tensor::allocate(ElementType::F32, halves.shape(), bytes);
    auto* to = reinterpret_cast<float*>(bytes);
    (halves.type() == ElementType::F16 ? floatsFromHalves : floatsFromBfloats)(detectIsa(), from, halves.count(), to);
    return result;
}

std::span<const std::byte> bytesInFile(const Graph& graph, const Layer& layer) {
    if (layer.weight == kNoValue) return {};
    const Value& value = graph.value(layer.weight);
    return value.blocks ? value.blocks->bytes : value.constant ? value.constant->bytes() : std::span<const std::byte>();
}

}  // namespace

WeightSource weightSource(const Model& model, std::size_t layer) {
    const Layer& which = model.layers.at(layer);
    WeightSource source;
    source.model = identityOf(model);
    source.layer = layer;
    const Tensor* stored = model.graph.constant(which.weight);
    source.values = stored && (stored->type() == ElementType::F16 || stored->type() == ElementType::BF16) ? widened(*stored) : weightOf(model.graph, which);
    source.layout = which.layout;
    source.bytesBefore = stored ? static_cast<std::int64_t>(stored->bytes().size()) : which.bytes;
    // The float copy is what is looked at from now on. A weight that is float in the file is its own copy.
    if (const auto read = bytesInFile(model.graph, which); model.file && read.data() != source.values.bytes().data()) model.file->release(read);
    return source;
}

}  // namespace bitlathe
