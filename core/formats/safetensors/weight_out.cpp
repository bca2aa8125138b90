#include "core/formats/safetensors/weight_out.h"

#include "core/formats/safetensors/code_plane.h"
#include "core/quant/codec.h"
#include "core/quant/quantized_tensor.h"
#include "core/tensor/convert.h"
#include "core/tensor/packed_tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace bitlathe::safetensors {

namespace {

constexpr std::int64_t kSlice = std::int64_t(1) << 22;  // weights at once
constexpr std::size_t kCopy = std::size_t(4) << 20;

// The groups of a layer as the layouts have them: one of a tensor is repeated for every row.
struct Grid {
    std::int64_t rows, columns, groups, size;
    explicit Grid(const Layer& layer, const QuantSpec& spec) : rows(layer.layout.channels), columns(layer.layout.inner) {
        const auto* group = std::get_if<PerGroup>(&spec.granularity);
        size = std::max<std::int64_t>(group ? std::min<std::int64_t>(group->size, columns) : columns, 1);
        groups = (columns + size - 1) / size;
    }
};

ElementType typeOf(ScaleType scale) noexcept { return scale == ScaleType::F16 ? ElementType::F16 : scale == ScaleType::BF16 ? ElementType::BF16 : ElementType::F32; }

// Floats that the file has for a dequantized weight: as wide as the source's.
ElementType plainType(const Value& value) noexcept {
    const bool halves = value.type == ElementType::F16 || value.type == ElementType::BF16;
    return halves ? *value.type : ElementType::F32;
}

// "model.layers.0.mlp.up_proj." of "….weight".
std::string stemOf(const std::string& name) { return name.ends_with(".weight") ? name.substr(0, name.size() - 6) : name + "."; }

void append(std::vector<std::byte>& to, ElementType type, float value) {
    const auto put = [&](const auto& number) {
        const auto* bytes = reinterpret_cast<const std::byte*>(&number);
        to.insert(to.end(), bytes, bytes + sizeof number);
    };
    if (type == ElementType::F16) put(floatToHalf(value));
    else if (type == ElementType::BF16) put(floatToBfloat(value));
    else put(value);
}

const Value& valueOf(const WeightTask& task) { return task.model.graph.value(task.layer.weight); }

// Rows of the weight as floats: rows are channels where these lie one after another, else the whole weight is one.
Tensor rowsOf(const WeightTask& task, std::int64_t first, std::int64_t end, const Shape& shape) {
    const Value& value = valueOf(task);
    const std::int64_t columns = task.layer.layout.inner;
    if (value.packed) {
        if (shape.count() == task.layer.parameters) return toFloat32(*value.packed);
        std::byte* bytes = nullptr;
        Tensor floats = Tensor::allocate(ElementType::F32, shape, bytes);
        value.packed->decode(first, end, {reinterpret_cast<float*>(bytes), static_cast<std::size_t>(shape.count())});
        return floats;
    }
    const Tensor& all = *value.constant;
    if (shape.count() == all.count()) return toFloat32(all);
    const auto width = static_cast<std::size_t>(bitsOf(all.type()) / 8);
    return toFloat32(Tensor(all.type(), shape, all.bytes().subspan(static_cast<std::size_t>(first * columns) * width, static_cast<std::size_t>((end - first) * columns) * width), all.owner()));
}

void release(const WeightTask& task, std::int64_t first, std::int64_t end) {
    const Value& value = valueOf(task);
    if (!value.constant || task.layer.parameters == 0) return;
    const auto all = value.constant->bytes();
    const std::size_t row = all.size() / static_cast<std::size_t>(std::max<std::int64_t>(task.layer.parameters / std::max<std::int64_t>(task.layer.layout.inner, 1), 1));
    releasePages(task.model, all.subspan(static_cast<std::size_t>(first) * row, static_cast<std::size_t>(end - first) * row));
}

// Quantizes the weight slice by slice of whole rows; `take` gets each in order, with its first row. Weights whose
// rows share a scale are one slice. Returns how many weights are NaN or infinite.
template <class Take>
std::int64_t inSlices(const WeightTask& task, Workers& workers, JobContext& job, const Take& take) {
    const Layer& layer = task.layer;
    const Value& value = valueOf(task);
    const bool packedBits = value.constant && bitsOf(value.constant->type()) < 8;
    const bool apart = !packedBits && layer.layout.outer == 1 && !std::holds_alternative<PerTensor>(task.spec->granularity) && !isShared(scaleTypeOf(*task.spec));
    const std::int64_t rows = layer.layout.outer == 1 ? layer.layout.channels : 1, columns = std::max<std::int64_t>(layer.layout.inner, 1);
    const std::int64_t step = apart ? std::max<std::int64_t>(kSlice / columns, 1) : std::max<std::int64_t>(rows, 1);
    std::int64_t notFinite = 0;
    for (std::int64_t first = 0; first < rows; first += step) {
        const std::int64_t end = std::min(first + step, rows);
        const bool whole = first == 0 && end == rows;
        const Tensor x = rowsOf(task, first, end, whole ? layer.shape : Shape{end - first, columns});
        for (const float v : x.as<float>()) notFinite += !std::isfinite(v);
        JobContext part = job.part(double(first) / double(rows), double(end) / double(rows));
        const ChannelLayout layout = whole ? layer.layout : ChannelLayout{1, end - first, columns};
        take(first, quantizeWeights(x, layout, *task.spec, workers, part, task.isa, task.importance));
        release(task, first, end);
        job.checkpoint(double(end) / double(rows), layer.name);
    }
    return notFinite;
}

using Write = std::function<void(std::size_t, std::span<const std::byte>)>;

std::int64_t writePlain(const WeightTask& task, Workers& workers, JobContext& job, const Write& write) {
    const ElementType type = plainType(valueOf(task));
    std::vector<std::byte> out;
    return inSlices(task, workers, job, [&](std::int64_t, const QuantizedTensor& q) {
        const Tensor x = dequantize(q, workers, task.isa);
        if (type == ElementType::F32) return write(0, x.bytes());
        out.clear();
        out.reserve(static_cast<std::size_t>(x.count()) * 2);
        for (const float v : x.as<float>()) append(out, type, v);
        write(0, out);
    });
}

void copy(const WeightTask& task, JobContext& job, const Write& write) {
    const Value& value = valueOf(task);
    if (value.packed && !value.type) {  // codes of another layout, as floats
        const std::int64_t columns = std::max<std::int64_t>(value.packed->columns(), 1), rows = value.packed->rows(), step = std::max<std::int64_t>(kSlice / columns, 1);
        std::vector<float> x;
        for (std::int64_t first = 0; first < rows; first += step) {
            const std::int64_t end = std::min(first + step, rows);
            x.resize(static_cast<std::size_t>((end - first) * value.packed->columns()));
            value.packed->decode(first, end, x);
            write(0, std::as_bytes(std::span(x)));
            job.checkpoint(double(end) / double(rows), value.name);
        }
        return;
    }
    const auto all = value.packed ? value.packed->parts.front() : value.constant->bytes();
    for (std::size_t at = 0; at < all.size(); at += kCopy) {
        const auto part = all.subspan(at, std::min(kCopy, all.size() - at));
        write(0, part);
        releasePages(task.model, part);
        job.checkpoint(double(at) / double(all.size()), value.name);
    }
}

// One int8 or float8 code per weight, in the weight's order.
std::int64_t writeBytes(const WeightTask& task, Workers& workers, JobContext& job, const Write& write) {
    const bool one = std::holds_alternative<PerTensor>(task.spec->granularity);
    std::vector<std::byte> scales;
    const std::int64_t notFinite = inSlices(task, workers, job, [&](std::int64_t, const QuantizedTensor& q) {
        write(0, q.codes.bytes());
        for (std::size_t g = 0; g < (one ? 1 : q.scales.size()); ++g) append(scales, typeOf(task.spec->scale), q.scales[g]);
    });
    write(1, scales);
    return notFinite;
}

// Codes in words. Where they lie is the only difference between GPTQ, AWQ and pack-quantized.
struct Words {
    PlaneLayout codes, zeros;
    bool packedAlongRows = false, scalesByRow = false;
};
Words wordsOf(Kind kind, int bits, const Grid& grid) {
    if (kind == Kind::Gptq) return {{bits, WordOrder::Stream, grid.rows, 1}, {bits, WordOrder::Stream, 1, PlaneLayout::words(WordOrder::Stream, bits, grid.rows)}, false, false};
    if (kind == Kind::Awq) return {{4, WordOrder::Awq, 1, grid.rows / 8}, {4, WordOrder::Awq, 1, grid.rows / 8}, true, false};
    return {{bits, WordOrder::Whole, 1, PlaneLayout::words(WordOrder::Whole, bits, grid.columns)}, {bits, WordOrder::Whole, grid.groups, 1}, false, true};
}

std::int64_t writeWords(const WeightTask& task, const std::vector<TensorPlan>& plans, Workers& workers, JobContext& job, const Write& write) {
    const Grid grid(task.layer, *task.spec);
    const int bits = task.spec->bits;
    const Words words = wordsOf(task.kind, bits, grid);
    const auto placeOf = [&](std::string_view ending) {
        return static_cast<std::size_t>(std::find_if(plans.begin(), plans.end(), [&](const TensorPlan& plan) { return plan.name.ends_with(ending); }) - plans.begin());
    };
    const std::size_t zeroPlace = placeOf(task.kind == Kind::Packed ? "weight_zero_point" : "qzeros");
    const bool hasZeros = zeroPlace < plans.size();
    std::vector<std::byte> codes(plans[0].bytes()), zeros(hasZeros ? plans[zeroPlace].bytes() : 0), scales;
    std::vector<float> scaleOf(static_cast<std::size_t>(grid.rows * grid.groups));
    const std::int32_t middle = task.spec->symmetric ? 1 << (bits - 1) : 0;
    // Version 1 of GPTQ stores zero points less 1; it is written for symmetric weights, whose zero point is never 0.
    const std::int32_t less = task.kind == Kind::Gptq && task.spec->symmetric ? 1 : 0;
    const std::int64_t notFinite = inSlices(task, workers, job, [&](std::int64_t first, const QuantizedTensor& q) {
        const auto* code = q.codes.bytes().data();
        const GroupGrid groups = q.grid();
        const std::int64_t rows = q.layout.channels;
        for (std::int64_t r = 0; r < rows; ++r) {
            for (std::int64_t c = 0; c < grid.columns; ++c) {
                const auto stored = static_cast<std::uint32_t>((task.spec->symmetric ? std::int32_t(static_cast<std::int8_t>(code[r * grid.columns + c])) : std::to_integer<std::int32_t>(code[r * grid.columns + c])) + middle);
                if (words.packedAlongRows) words.codes.put(codes.data(), first + r, c, stored);
                else words.codes.put(codes.data(), c, first + r, stored);
            }
            for (std::int64_t g = 0; g < grid.groups; ++g) {
                const auto own = static_cast<std::size_t>(groups.groupOf(r, g * grid.size));
                scaleOf[static_cast<std::size_t>(words.scalesByRow ? (first + r) * grid.groups + g : g * grid.rows + first + r)] = q.scales[own];
                if (hasZeros) words.zeros.put(zeros.data(), first + r, g, static_cast<std::uint32_t>((task.spec->symmetric ? middle : q.zeroPoints[own]) - less));
            }
        }
    });
    const ElementType type = typeOf(task.spec->scale);
    scales.reserve(scaleOf.size() * 4);
    for (const float s : scaleOf) append(scales, type, s);
    for (std::size_t i = 0; i < plans.size(); ++i) {
        if (i == 0) write(i, codes);
        else if (i == zeroPlace) write(i, zeros);
        else if (plans[i].name.ends_with("scales") || plans[i].name.ends_with("weight_scale")) write(i, scales);
        else if (plans[i].name.ends_with("weight_shape")) {
            const std::int64_t shape[] = {grid.rows, grid.columns};
            write(i, std::as_bytes(std::span(shape)));
        } else {  // g_idx
            std::vector<std::int32_t> group(static_cast<std::size_t>(grid.columns));
            for (std::size_t c = 0; c < group.size(); ++c) group[c] = static_cast<std::int32_t>(static_cast<std::int64_t>(c) / grid.size);
            write(i, std::as_bytes(std::span(group)));
        }
    }
    return notFinite;
}

}  // namespace

std::vector<TensorPlan> tensorsFor(Kind kind, const Model& model, const Layer& layer, const std::optional<QuantSpec>& spec) {
    const Value& value = model.graph.value(layer.weight);
    if (!spec) return {{value.name, value.type.value_or(ElementType::F32), layer.shape}};
    if (kind == Kind::Plain) return {{value.name, plainType(value), layer.shape}};
    const Grid grid(layer, *spec);
    const std::string stem = stemOf(value.name);
    const ElementType scale = typeOf(spec->scale);
    const bool one = std::holds_alternative<PerTensor>(spec->granularity);
    const auto stream = [&](std::int64_t count) { return PlaneLayout::words(WordOrder::Stream, spec->bits, count); };
    const auto whole = [&](std::int64_t count) { return PlaneLayout::words(WordOrder::Whole, spec->bits, count); };
    if (kind == Kind::Gptq)
        return {{stem + "qweight", ElementType::I32, Shape{stream(grid.columns), grid.rows}}, {stem + "qzeros", ElementType::I32, Shape{grid.groups, stream(grid.rows)}},
                {stem + "scales", scale, Shape{grid.groups, grid.rows}}, {stem + "g_idx", ElementType::I32, Shape{grid.columns}}};
    if (kind == Kind::Awq)
        return {{stem + "qweight", ElementType::I32, Shape{grid.columns, grid.rows / 8}}, {stem + "qzeros", ElementType::I32, Shape{grid.groups, grid.rows / 8}}, {stem + "scales", scale, Shape{grid.groups, grid.rows}}};
    if (kind != Kind::Packed)
        return {{value.name, kind == Kind::Int8 ? ElementType::I8 : ElementType::F8E4M3FN, layer.shape}, {stem + "weight_scale", scale, one ? Shape{1} : Shape{grid.rows, 1}}};
    std::vector<TensorPlan> plans = {{stem + "weight_packed", ElementType::I32, Shape{grid.rows, whole(grid.columns)}}, {stem + "weight_scale", scale, Shape{grid.rows, grid.groups}}, {stem + "weight_shape", ElementType::I64, Shape{2}}};
    if (!spec->symmetric) plans.push_back({stem + "weight_zero_point", ElementType::I32, Shape{whole(grid.rows), grid.groups}});
    return plans;
}

std::int64_t writeWeight(const WeightTask& task, Workers& workers, JobContext& job, const Write& write) {
    if (!task.spec) {
        copy(task, job, write);
        return 0;
    }
    if (task.kind == Kind::Plain) return writePlain(task, workers, job, write);
    if (task.kind == Kind::Int8 || task.kind == Kind::Float8) return writeBytes(task, workers, job, write);
    return writeWords(task, tensorsFor(task.kind, task.model, task.layer, task.spec), workers, job, write);
}

}  // namespace bitlathe::safetensors
