#include "core/workflow/samples.h"

#include "core/base/error.h"
#include "core/tensor/convert.h"

#include <algorithm>
#include <cstring>

namespace bitlathe {

namespace {

// The float tensor in the element type that the model's input has.
Tensor asType(const Tensor& values, ElementType type) {
    if (type == values.type()) return values;
    std::byte* bytes = nullptr;
    Tensor result = Tensor::allocate(type, values.shape(), bytes);
    const Tensor floats = toFloat32(values);
    const auto x = floats.as<float>();
    const auto store = [&](auto convert) {
        using T = decltype(convert(0.0f));
        for (std::size_t i = 0; i < x.size(); ++i) reinterpret_cast<T*>(bytes)[i] = convert(x[i]);
    };
    using enum ElementType;
    switch (type) {
    case F16: store([](float v) { return floatToHalf(v); }); return result;
    case BF16: store([](float v) { return floatToBfloat(v); }); return result;
    case F64: store([](float v) { return static_cast<double>(v); }); return result;
    case F32: store([](float v) { return v; }); return result;
    case U8: store([](float v) { return static_cast<std::uint8_t>(v); }); return result;
    case I8: store([](float v) { return static_cast<std::int8_t>(v); }); return result;
    case I32: store([](float v) { return static_cast<std::int32_t>(v); }); return result;
    case I64: store([](float v) { return static_cast<std::int64_t>(v); }); return result;
    default: refuseInput("samples cannot be turned into the model's input type " + std::string(nameOf(type)));
    }
}

std::string metadataOf(const Model& model, std::string_view key) {
    for (const auto& [name, value] : model.metadata)
        if (name == key) return value;
    return {};
}

}  // namespace

std::int64_t validCount(const Shape& shape, std::int64_t rows, std::int64_t valid) noexcept {
    const bool byRow = valid < rows && shape.rank() > 0 && shape[0] == rows;
    return byRow ? shape.count() / rows * valid : shape.count();
}

SampleFeed::SampleFeed(const Model& model, const Dataset& data, const std::string& preprocessing) : m_data(data) {
    std::string source = "the preprocessing";
    std::string json = preprocessing;
    if (json.empty() && !data.preprocessing.empty()) json = data.preprocessing, source = "'" + data.path + "'";
    // The model's own speaks of raw pictures: floats are taken for samples that went through it already.
    const bool raw = data.arrays.empty() || isInteger(data.arrays.front().type);
    if (const std::string own = metadataOf(model, "bitlathe.preprocess"); json.empty() && !own.empty()) {
        if (raw) json = own, source = "the model's metadata";
        else m_note = "samples are floats and used as they are; the model's own preprocessing is for raw integers (give it with --preprocess if these are raw)";
    }
    if (!json.empty()) m_preprocessing = parsePreprocessing(json, source);

    const Graph& graph = model.graph;
    if (graph.inputs.empty()) refuseInput("the model '" + model.name + "' takes no inputs: there is nothing to feed");
    bool first = true;
    for (const ValueId id : graph.inputs) {
        const Value& input = graph.value(id);
        const SampleArray* array = graph.inputs.size() == 1 ? &m_data.arrays.front() : m_data.find(input.name);
        if (!array)
            refuseInput("the model's input '" + input.name + "' has no array of that name in '" + data.path + "'; a model with " +
                        std::to_string(graph.inputs.size()) + " inputs needs one array for each");
        Binding binding{static_cast<std::size_t>(array - m_data.arrays.data()), {}, input.type.value_or(ElementType::F32), true};
        std::int64_t batch = -1;
        if (input.shape) {
            for (std::size_t axis = 1; axis < input.shape->size(); ++axis) binding.wanted.push_back((*input.shape)[axis].extent);
            if (input.shape->empty()) binding.batchAxis = false;
            else batch = input.shape->front().extent;
            // A model without a batch axis: its input has the rank of one stored sample, and another first extent.
            if (!input.shape->empty() && static_cast<int>(input.shape->size()) == array->sample.rank() && array->sample.rank() <= 2 && batch > 1 &&
                batch == array->sample[0]) {
                binding.batchAxis = false;
                binding.wanted.insert(binding.wanted.begin(), batch);
                batch = 1;
            }
        }
        const std::int64_t size = batch > 0 ? batch : kBatch;
        if (!first && size != m_batch) refuseInput("the model's inputs want different batches; such a model cannot be fed from a list of samples");
        m_batch = size;
        m_fixedBatch = batch > 0;
        first = false;
        m_bindings.push_back(std::move(binding));
    }
    const SampleArray& samples = m_data.arrays[m_bindings.front().array];
    if (json.empty() && isInteger(samples.type) && isFloat(m_bindings.front().type))
        m_note = "integer samples are used as they are (0…255 for pictures): give a preprocessing if the model was trained on scaled ones";
}

std::int64_t SampleFeed::validIn(std::int64_t run) const noexcept { return std::min(m_batch, samples() - run * m_batch); }

void SampleFeed::select(std::vector<std::int64_t> samples) { m_selected = std::make_shared<const std::vector<std::int64_t>>(std::move(samples)); }

// What is wrong with one sample says which it is.
Tensor SampleFeed::one(const Binding& binding, std::int64_t sample) const {
    const SampleArray& array = m_data.arrays[binding.array];
    const std::int64_t index = indexOf(sample);
    try {
        return prepared(binding, array.read(index));
    } catch (const Error& error) {
        throw Error(error.kind(), "sample " + std::to_string(index) + (array.nameOf ? " ('" + array.nameOf(index) + "')" : "") + " of '" + m_data.path + "': " + error.message());
    }
}

Tensor SampleFeed::prepared(const Binding& binding, const Tensor& raw) const {
    if (isInteger(binding.type) || binding.type == ElementType::Bool) return raw.type() == binding.type ? raw : asType(raw, binding.type);
    // Only the first input holds the pictures that a preprocessing speaks of.
    const bool pictures = &binding == &m_bindings.front();
    std::vector<std::int64_t> wanted = binding.wanted;
    // Samples stored with their batch axis of one.
    Tensor sample = raw;
    if (!wanted.empty() && raw.shape().rank() == static_cast<int>(wanted.size()) + 1 && raw.shape()[0] == 1)
        sample = raw.reshaped(Shape(std::vector<std::int64_t>(raw.shape().begin() + 1, raw.shape().end())));
    return asType(prepare(sample, pictures ? m_preprocessing : Preprocessing{}, wanted), binding.type);
}

std::vector<Tensor> SampleFeed::inputs(std::int64_t run) const {
    std::vector<Tensor> inputs;
    const std::int64_t valid = validIn(run), rows = rowsIn(run);
    for (const Binding& binding : m_bindings) {
        const SampleArray& array = m_data.arrays[binding.array];
        Tensor sample = one(binding, run * m_batch);
        std::vector<std::int64_t> dims = sample.shape().dims();
        if (!binding.batchAxis) {
            inputs.push_back(sample);
            continue;
        }
        dims.insert(dims.begin(), rows);
        std::byte* bytes = nullptr;
        Tensor batch = Tensor::allocate(sample.type(), Shape(dims), bytes);
        const std::size_t size = sample.bytes().size();
        for (std::int64_t i = 0; i < rows; ++i) {
            if (i > 0 && i < valid) {
                const Shape before = sample.shape();
                sample = one(binding, run * m_batch + i);
                if (!(sample.shape() == before))
                    refuseInput("sample " + std::to_string(indexOf(run * m_batch + i)) + (array.nameOf ? " ('" + array.nameOf(indexOf(run * m_batch + i)) + "')" : "") + " of '" + m_data.path +
                                "' is " + toText(sample.shape()) + ", others are " + toText(before) + "; give a preprocessing with resize");
            }
            if (size > 0) std::memcpy(bytes + static_cast<std::size_t>(i) * size, sample.bytes().data(), size);
        }
        inputs.push_back(std::move(batch));
    }
    return inputs;
}

}  // namespace bitlathe
