#include "core/formats/gguf/convert.h"

#include "core/formats/gguf/gguf.h"
#include "core/formats/gguf/types.h"
#include "core/formats/gguf/writer.h"
#include "core/language/architecture.h"
#include "core/language/hyperparameters.h"
#include "core/tensor/convert.h"
#include "core/tensor/packed_tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <optional>

namespace bitlathe::gguf {

namespace {

// Some rows of a weight as the source has it.
using RowsOf = std::function<void(std::int64_t first, std::int64_t end, std::span<float> out)>;

RowsOf rowsOf(const Value& value) {
    if (value.packed) return [packed = value.packed](std::int64_t first, std::int64_t end, std::span<float> out) { packed->decode(first, end, out); };
    return [all = *value.constant](std::int64_t first, std::int64_t, std::span<float> out) {
        const int rank = all.shape().rank();
        const std::int64_t begin = first * (rank > 0 ? all.shape()[rank - 1] : 1);
        const auto* bytes = all.bytes().data();
        if (all.type() == ElementType::F32) std::memcpy(out.data(), bytes + 4 * begin, out.size_bytes());
        else
            for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(elementAt(all.type(), bytes, begin + static_cast<std::int64_t>(i)));
    };
}

std::shared_ptr<PackedTensor> packedAs(const Shape& shape, RowsOf decode) {
    auto packed = std::make_shared<PackedTensor>();
    packed->form = "float32";
    packed->shape = shape;
    packed->decode = std::move(decode);
    return packed;
}

// Rotary pairs lie a half of a head apart in the source and side by side in GGUF: row 2i + j of a head is its row
// j · d/2 + i (convert_hf_to_gguf.py: reshape, swapaxes). Vectors (biases) are rows of one number.
RowsOf interleaved(RowsOf rows, std::int64_t columns, std::int64_t headRows) {
    return [rows = std::move(rows), columns, headRows](std::int64_t first, std::int64_t end, std::span<float> out) {
        for (std::int64_t row = first; row < end; ++row) {
            const std::int64_t inHead = row % headRows, from = row - inHead + inHead % 2 * (headRows / 2) + inHead / 2;
            rows(from, from + 1, out.subspan(static_cast<std::size_t>((row - first) * columns), static_cast<std::size_t>(columns)));
        }
    };
}

// Rows of the transposed matrix; of the source, rows × columns.
RowsOf transposed(RowsOf rows, std::int64_t sourceRows, std::int64_t sourceColumns) {
    return [rows = std::move(rows), sourceRows, sourceColumns](std::int64_t first, std::int64_t end, std::span<float> out) {
        std::vector<float> line(static_cast<std::size_t>(sourceColumns));
        for (std::int64_t r = 0; r < sourceRows; ++r) {
            rows(r, r + 1, line);
            for (std::int64_t c = first; c < end; ++c) out[static_cast<std::size_t>((c - first) * sourceRows + r)] = line[static_cast<std::size_t>(c)];
        }
    };
}

RowsOf plusOne(RowsOf rows) {
    return [rows = std::move(rows)](std::int64_t first, std::int64_t end, std::span<float> out) {
        rows(first, end, out);
        for (float& x : out) x += 1.0f;
    };
}

const Shape& shapeOf(const Value& value) { return value.packed ? value.packed->shape : value.constant->shape(); }

bool says(std::string_view name, std::string_view part) { return name.find(part) != std::string_view::npos; }

// Tables that are computed, masks, and heads of encoders.
bool isDropped(const std::string& name) {
    for (const std::string_view part : {"rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", "position_ids", "pooler.", "attention.rotary_emb"})
        if (says(name, part)) return true;
    return name.starts_with("cls.") || name.starts_with("classifier.") || name.starts_with("qa_outputs.");
}

struct Context {
    const LanguageSpec& spec;
    const Architecture& architecture;
};

// What attention's weights must be for the network that config.json describes; nothing for other tensors, and where
// matrices are fused or lie the other way round.
std::optional<Shape> expectedShape(const LanguageSpec& spec, std::string_view name) {
    if (spec.inputsFirst) return std::nullopt;
    const auto projection = [&](std::string_view part, std::int64_t rows, std::int64_t columns) -> std::optional<Shape> {
        const std::string stem = "." + std::string(part);
        if (name.ends_with(stem + ".weight")) return Shape{rows, columns};
        if (name.ends_with(stem + ".bias")) return Shape{rows};
        return std::nullopt;
    };
    if (auto shape = projection("attn_q", spec.heads * spec.headSize, spec.width)) return shape;
    if (auto shape = projection("attn_k", spec.kvHeads * spec.headSize, spec.width)) return shape;
    if (auto shape = projection("attn_v", spec.kvHeads * spec.valueSize, spec.width)) return shape;
    return projection("attn_output", spec.width, spec.heads * spec.valueSize);
}

void checkShape(const Context& context, const Value& value, const std::string& name) {
    const auto expected = expectedShape(context.spec, name);
    if (!expected || shapeOf(value) == *expected || !(context.spec.runs() || context.architecture.permutesQueries)) return;
    refuseInput("the tensor '" + value.name + "' is " + toText(shapeOf(value)) + ", but config.json asks for " + toText(*expected));
}

// The value under GGUF's name, with rows and numbers as GGUF has them.
Value turned(const Context& context, const Value& value, const std::string& name) {
    const LanguageSpec& spec = context.spec;
    checkShape(context, value, name);
    const Shape& shape = shapeOf(value);
    Value result = value;
    result.name = name;
    const bool query = says(name, ".attn_q."), key = says(name, ".attn_k.");
    const bool norm = says(name, "_norm.weight");
    const bool matrix = shape.rank() == 2 && name.ends_with(".weight") && name.starts_with("blk.");
    RowsOf rows;
    Shape turnedShape = shape;
    if (context.architecture.permutesQueries && (query || key)) {
        if (spec.headSize > 0 && spec.headSize % 2 == 0) {
            // A vector has one row; its numbers are what moves.
            if (shape.rank() == 2) rows = interleaved(rowsOf(value), shape[1], spec.headSize);
            else rows = [from = rowsOf(value), headRows = spec.headSize](std::int64_t, std::int64_t, std::span<float> out) {
                std::vector<float> all(out.size());
                from(0, 1, all);
                for (std::size_t i = 0; i < all.size(); ++i) {
                    const auto at = static_cast<std::int64_t>(i), inHead = at % headRows;
                    out[i] = all[static_cast<std::size_t>(at - inHead + inHead % 2 * (headRows / 2) + inHead / 2)];
                }
            };
        }
    } else if (spec.inputsFirst && matrix) {
        rows = transposed(rowsOf(value), shape[0], shape[1]);
        turnedShape = Shape{shape[1], shape[0]};
    } else if (spec.normAddsOne && norm) {
        rows = plusOne(rowsOf(value));
    }
    const bool half = value.type == ElementType::F16 || value.type == ElementType::BF16;
    const bool plain = value.constant && (value.type == ElementType::F32 || (half && shape.rank() >= 2));  // vectors become float32
    if (!rows && !plain) rows = rowsOf(value);
    if (rows) {
        result.constant.reset();
        result.packed = packedAs(turnedShape, std::move(rows));
    }
    return result;
}

// What the tensor is in the file when no scheme changes it: vectors must be float32 for llama.cpp.
const GgmlType* typeFor(const Value& value, const Shape& shape) {
    const bool half = value.type == ElementType::F16 || value.type == ElementType::BF16;
    return ggmlTypeNamed(shape.rank() < 2 || !half ? "f32" : value.type == ElementType::F16 ? "f16" : "bf16");
}

Value constantOf(std::string name, const std::vector<float>& values) {
    Value value;
    value.name = std::move(name);
    value.type = ElementType::F32;
    value.constant = Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values);
    return value;
}

// Divisors of the frequencies, where the positions were stretched by a rule that GGUF has as a tensor (Llama 3.1).
std::vector<float> llama3Factors(const RopeSpec& rope) {
    std::vector<float> factors;
    const double longest = rope.originalContext / rope.lowFactor, shortest = rope.originalContext / rope.highFactor;
    for (std::int64_t i = 0; i < rope.dims / 2; ++i) {
        const double wave = 2 * std::numbers::pi * std::pow(rope.base, 2.0 * static_cast<double>(i) / static_cast<double>(rope.dims));
        const double smooth = (rope.originalContext / wave - rope.lowFactor) / (rope.highFactor - rope.lowFactor);
        factors.push_back(static_cast<float>(wave < shortest ? 1.0 : wave > longest ? rope.factor : 1.0 / ((1 - smooth) / rope.factor + smooth)));
    }
    return factors;
}

void addTables(const Model& source, const LanguageSpec& spec, std::vector<Value>& values) {
    if (spec.rope.scaling == RopeSpec::Scaling::Llama3) values.push_back(constantOf("rope_freqs.weight", llama3Factors(spec.rope)));
    if (spec.rope.scaling != RopeSpec::Scaling::Factors) return;
    const auto parameters = Hyperparameters::of(source);
    for (const auto& [list, name] : {std::pair("rope_scaling.long_factor", "rope_factors_long.weight"), std::pair("rope_scaling.short_factor", "rope_factors_short.weight")})
        if (const auto factors = parameters->reals(list); !factors.empty()) values.push_back(constantOf(name, factors));
}

}  // namespace

std::unique_ptr<Converted> convert(const Model& source) {
    const auto spec = describeLanguage(source);
    const Architecture& architecture = *findArchitecture(TensorNaming::HuggingFace, source.producer);
    auto converted = std::make_unique<Converted>();
    Model& model = converted->model;
    model.name = source.name, model.format = "gguf", model.source = source.source, model.shards = source.shards, model.file = source.file;
    model.graph.weightsOnly = true;
    bool gate = false;
    std::int64_t feedForward = 0, rows = spec->vocabulary;
    std::vector<ValueId> places(source.graph.values.size(), kNoValue);
    for (std::size_t v = 0; v < source.graph.values.size(); ++v) {
        const Value& value = source.graph.values[v];
        const bool fixed = value.name == "lm_head.weight" && std::any_of(model.graph.values.begin(), model.graph.values.end(), [](const Value& other) { return other.name == "output.weight"; });
        const auto name = ggufName(architecture.names, value.name);
        if (!name || fixed) {
            (isDropped(value.name) ? converted->dropped : converted->unknown).push_back(value.name);
            continue;
        }
        places[v] = static_cast<ValueId>(model.graph.values.size());
        model.graph.values.push_back(turned({*spec, architecture}, value, *name));
        const Shape& shape = shapeOf(model.graph.values.back());
        if (*name == "blk.0.ffn_up.weight" && shape.rank() == 2) feedForward = shape[0];
        gate = gate || *name == "blk.0.ffn_gate.weight";
        if (*name == "token_embd.weight" && shape.rank() == 2) rows = shape[0];
    }
    if (spec->feedForward == FeedForward::Gated && !gate) feedForward /= 2;  // gate and up in one weight
    addTables(source, *spec, model.graph.values);
    for (const Layer& layer : source.layers) {
        model.layers.push_back(layer);
        Layer& own = model.layers.back();
        own.weight = layer.weight == kNoValue ? kNoValue : places[static_cast<std::size_t>(layer.weight)];
        own.layout = {1, layer.layout.channels, layer.layout.perChannel()};
    }
    const std::string name = architecture.name == "mistral" ? "llama" : std::string(architecture.name);
    model.producer = name;
    addNetworkKeys(source, *spec, name, feedForward, converted->keys);
    std::string why;
    if (const auto vocabulary = vocabularyOf(source, rows, why)) {
        addVocabularyKeys(*vocabulary, chatTemplateOf(source), converted->keys);
    } else {
        converted->keys.text("tokenizer.ggml.model", "none");
        converted->notes.push_back(why);
    }
    converted->head.keys = converted->keys.keys();
    for (const Value& value : model.graph.values) {
        const Shape& shape = shapeOf(value);
        const GgmlType* type = typeFor(value, shape);
        converted->head.tensors.push_back({value.name, shape, type, 0, static_cast<std::uint64_t>(bytesFor(type->blocks, shape.count()))});
    }
    return converted;
}

bool convertsToGguf(const Model& source) {
    return source.format == "safetensors" && source.graph.weightsOnly && findArchitecture(TensorNaming::HuggingFace, source.producer);
}

std::vector<Issue> checkConversion(const Model& source, const QuantizedModel&) {
    std::vector<Issue> issues;
    try {
        const auto converted = convert(source);
        if (!converted->unknown.empty())
            issues.push_back({Issue::Level::Error, "", "'" + converted->unknown.front() + "'" + (converted->unknown.size() > 1 ? " and " + std::to_string(converted->unknown.size() - 1) + " more tensors have" : " has") +
                                                          " no name in GGUF's " + converted->model.producer + ": the file would lack a part of the network", "export to a safetensors target"});
        for (const std::string& note : converted->notes) issues.push_back({Issue::Level::Warning, "", note + ": llama.cpp takes token numbers alone then", "put the tokenizer.json of the model beside it"});
        if (!converted->dropped.empty()) issues.push_back({Issue::Level::Note, "", std::to_string(converted->dropped.size()) + " tensors that are computed or not used, such as '" + converted->dropped.front() + "', are left out", ""});
    } catch (const Error& error) {
        issues.push_back({Issue::Level::Error, "", error.message(), "correct config.json, or fetch the model again"});
    }
    return issues;
}

namespace {

WeightsWritten write(const WeightsRequest& request, const std::filesystem::path& path, const WriteOptions& options, Workers& workers, JobContext& job) {
    const auto converted = convert(request.source);
    std::vector<LayerOutcome> outcomes;
    for (const LayerOutcome& outcome : request.layers)
        if (converted->model.layers[outcome.layer].weight != kNoValue) outcomes.push_back(outcome);
    return writeWith(converted->head, {converted->model, outcomes, request.importance, request.isa}, path, options, workers, job);
}

// Without a scheme the tensor is as wide as in the source, vectors as float32.
std::int64_t bytesOf(const Layer& layer, const std::optional<QuantSpec>& spec) {
    if (spec) return bytesFor(typeOf(spec->codec)->blocks, layer.parameters);
    return layer.shape.rank() < 2 || (layer.storedAs != "float16" && layer.storedAs != "bfloat16") ? 4 * layer.parameters : layer.bytes;
}

std::string nameOf(const Model& source, const Layer& layer) {
    const std::string& name = source.graph.value(layer.weight).name;
    return ggufName(findArchitecture(TensorNaming::HuggingFace, source.producer)->names, name).value_or(name);
}

}  // namespace

const WeightsFormat kFromCheckpoint = {&choose, &bytesOf, &write, nullptr, &nameOf};

}  // namespace bitlathe::gguf
