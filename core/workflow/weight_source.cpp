#include "core/workflow/weight_source.h"

#include "core/base/lost_pages.h"
#include "core/base/mapped_file.h"
#include "core/kernels/convert_rows.h"
#include "core/model/model.h"
#include "core/quant/importance.h"
#include "core/tensor/packed_tensor.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

namespace bitlathe {

std::string identityOf(const Model& model) {
    if (!model.sha256.empty()) return model.sha256;
    return model.name + "@" + std::to_string(reinterpret_cast<std::uintptr_t>(&model));
}

namespace {

// Weights of a mapped file as floats, piece by piece: what was read leaves memory before the next piece comes.
class Widening {
public:
    Widening(const Model& model, const Value& value)
        : m_model(model), m_value(value), m_from(value.blocks ? value.blocks->bytes : value.constant->bytes()),
          m_shape(value.blocks ? value.blocks->shape : value.constant->shape()) {}

    // Whether there is a fast way that gives the values of weightOf().
    static bool takes(const Value& value) noexcept {
        if (value.blocks) return true;
        const bool halves = value.constant && (value.constant->type() == ElementType::F16 || value.constant->type() == ElementType::BF16);
        return halves && reinterpret_cast<std::uintptr_t>(value.constant->bytes().data()) % alignof(std::uint16_t) == 0;
    }
    Tensor floats() const {
        constexpr std::int64_t kPiece = std::int64_t(1) << 20;  // values: a multiple of every block
        std::byte* bytes = nullptr;
        Tensor result = Tensor::allocate(ElementType::F32, m_shape, bytes);
        auto* to = reinterpret_cast<float*>(bytes);
        for (std::int64_t first = 0, count = m_shape.count(); first < count; first += kPiece) {
            const auto length = std::min(kPiece, count - first);
            const auto part = m_from.subspan(byteOf(first), byteOf(first + length) - byteOf(first));
            widen(part, {to + first, static_cast<std::size_t>(length)});
            releasePages(m_model, part);
        }
        return result;
    }

private:
    std::size_t byteOf(std::int64_t value) const noexcept {
        return static_cast<std::size_t>(m_value.blocks ? bytesFor(*m_value.blocks->form, value) : 2 * value);
    }
    void widen(std::span<const std::byte> from, std::span<float> to) const noexcept {
        if (m_value.blocks) return m_value.blocks->form->decode(from, to);
        const auto* halves = reinterpret_cast<const std::uint16_t*>(from.data());
        (m_value.constant->type() == ElementType::F16 ? floatsFromHalves : floatsFromBfloats)(detectIsa(), halves, static_cast<std::int64_t>(to.size()), to.data());
    }

    const Model& m_model;
    const Value& m_value;
    std::span<const std::byte> m_from;
    const Shape& m_shape;
};

// Floats that lie in the file, whose pages leave memory when the last user is done.
Tensor lent(const Model& model, const Tensor& floats) {
    const auto bytes = floats.bytes();
    const auto holds = [&](const auto& one) { return one && bytes.data() >= one->bytes().data() && bytes.data() + bytes.size() <= one->bytes().data() + one->bytes().size(); };
    auto file = model.file;
    for (const auto& shard : model.shards)
        if (holds(shard)) file = shard;
    if (!holds(file)) return floats;
    std::shared_ptr<const void> owner(bytes.data(), [file = std::move(file), bytes](const void*) { file->release(bytes); });
    return Tensor(ElementType::F32, floats.shape(), bytes, std::move(owner));
}

}  // namespace

WeightSource weightSource(const Model& model, std::size_t layer) {
    const Layer& which = model.layers.at(layer);
    WeightSource source;
    source.model = identityOf(model);
    source.layer = layer;
    const Value* value = which.weight == kNoValue ? nullptr : &model.graph.value(which.weight);
    const auto read = !value ? std::span<const std::byte>() : value->blocks ? value->blocks->bytes : value->constant ? value->constant->bytes() : std::span<const std::byte>();
    refuseLostPages(read);
    source.values = value && Widening::takes(*value) ? Widening(model, *value).floats() : weightOf(model.graph, which);
    refuseLostPages(read);  // while it was converted
    if (value && value->packed)
        for (const auto part : value->packed->parts) {
            refuseLostPages(part);
            releasePages(model, part);
        }
    if (value && value->constant && value->constant->type() == ElementType::F32) source.values = lent(model, source.values);
    source.layout = which.layout;
    source.bytesBefore = value && value->constant ? static_cast<std::int64_t>(value->constant->bytes().size()) : which.bytes;
    return source;
}

WeightSource withImportance(WeightSource source, const Model& model, const Importance* importance, const std::string& identity) {
    if (!importance) return source;
    source.model = identityOf(model) + identity;
    const Layer& layer = model.layers.at(source.layer);
    const auto columns = layer.weight == kNoValue ? std::span<const float>() : importance->of(model.graph.value(layer.weight).name);
    if (!columns.empty() && static_cast<std::int64_t>(columns.size()) == source.layout.perChannel()) source.importance = std::make_shared<const std::vector<float>>(columns.begin(), columns.end());
    return source;
}

WeightSource weightSource(const Model& model, std::size_t layer, const Importance* importance, const std::string& identity) {
    return withImportance(weightSource(model, layer), model, importance, identity);
}

}  // namespace bitlathe
