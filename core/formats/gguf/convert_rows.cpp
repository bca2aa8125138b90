#include "core/formats/gguf/convert_rows.h"

#include "core/base/error.h"
#include "core/language/network.h"
#include "core/tensor/convert.h"
#include "core/tensor/packed_tensor.h"

#include <cstring>
#include <functional>
#include <optional>

namespace bitlathe::gguf {

namespace {

// Some rows of a weight as the source has it.
using RowsOf = std::function<void(std::int64_t first, std::int64_t end, std::span<float> out)>;

// Numbers first, first + 1 … of a plain array.
void numbersOf(const Tensor& all, std::int64_t first, std::span<float> out) {
    if (all.type() == ElementType::F32) std::memcpy(out.data(), all.bytes().data() + 4 * first, out.size_bytes());
    else
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(elementAt(all.type(), all.bytes().data(), first + static_cast<std::int64_t>(i)));
}

RowsOf rowsOf(const Value& value) {
    if (value.packed) return [packed = value.packed](std::int64_t first, std::int64_t end, std::span<float> out) { packed->decode(first, end, out); };
    return [all = *value.constant](std::int64_t first, std::int64_t, std::span<float> out) {
        const int rank = all.shape().rank();
        numbersOf(all, first * (rank > 0 ? all.shape()[rank - 1] : 1), out);
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
// j · d/2 + i (convert_hf_to_gguf.py: reshape, swapaxes).
std::int64_t rowBefore(std::int64_t row, std::int64_t headRows) {
    const std::int64_t inHead = row % headRows;
    return row - inHead + inHead % 2 * (headRows / 2) + inHead / 2;
}
RowsOf interleaved(const Value& value, std::int64_t headRows) {
    const Shape& shape = shapeOf(value);
    if (shape.rank() < 2)  // a vector has one row; its numbers are what moves
        return [from = rowsOf(value), headRows](std::int64_t, std::int64_t, std::span<float> out) {
            std::vector<float> all(out.size());
            from(0, 1, all);
            for (std::size_t i = 0; i < all.size(); ++i) out[i] = all[static_cast<std::size_t>(rowBefore(static_cast<std::int64_t>(i), headRows))];
        };
    return [rows = rowsOf(value), columns = shape[1], headRows](std::int64_t first, std::int64_t end, std::span<float> out) {
        for (std::int64_t row = first; row < end; ++row) {
            const std::int64_t from = rowBefore(row, headRows);
            rows(from, from + 1, out.subspan(static_cast<std::size_t>((row - first) * columns), static_cast<std::size_t>(columns)));
        }
    };
}

// Rows of the transposed matrix: of a plain array only the columns that are asked for are touched.
RowsOf transposed(const Value& value) {
    const std::int64_t rows = shapeOf(value)[0], columns = shapeOf(value)[1];
    if (value.constant)
        return [all = *value.constant, rows, columns](std::int64_t first, std::int64_t end, std::span<float> out) {
            std::vector<float> run(static_cast<std::size_t>(end - first));
            for (std::int64_t r = 0; r < rows; ++r) {
                numbersOf(all, r * columns + first, run);
                for (std::size_t c = 0; c < run.size(); ++c) out[c * static_cast<std::size_t>(rows) + static_cast<std::size_t>(r)] = run[c];
            }
        };
    return [from = rowsOf(value), rows, columns](std::int64_t first, std::int64_t end, std::span<float> out) {
        std::vector<float> line(static_cast<std::size_t>(columns));
        for (std::int64_t r = 0; r < rows; ++r) {
            from(r, r + 1, line);
            for (std::int64_t c = first; c < end; ++c) out[static_cast<std::size_t>((c - first) * rows + r)] = line[static_cast<std::size_t>(c)];
        }
    };
}

RowsOf plusOne(RowsOf rows) {
    return [rows = std::move(rows)](std::int64_t first, std::int64_t end, std::span<float> out) {
        rows(first, end, out);
        for (float& x : out) x += 1.0f;
    };
}

bool says(std::string_view name, std::string_view part) { return name.find(part) != std::string_view::npos; }

// What the tensor is in the network that config.json describes, outputs first; nothing where it says nothing of it.
std::optional<Shape> expectedShape(const TurnedContext& context, std::string_view name) {
    const LanguageSpec& spec = context.spec;
    const std::int64_t queries = spec.heads * spec.headSize, keys = spec.kvHeads * spec.headSize, values = spec.kvHeads * spec.valueSize, inner = context.feedForward;
    const auto projection = [&](std::string_view part, std::int64_t rows, std::int64_t columns) -> std::optional<Shape> {
        const std::string stem = "." + std::string(part);
        if (name.ends_with(stem + ".weight")) return Shape{rows, columns};
        if (name.ends_with(stem + ".bias")) return Shape{rows};
        return std::nullopt;
    };
    if (name == "token_embd.weight" || name == "output.weight") return Shape{spec.vocabulary, spec.width};
    if (says(name, ".attn_q_norm.") || says(name, ".attn_k_norm.")) return Shape{spec.headSize};
    if (says(name, "_norm.")) return Shape{spec.width};
    if (auto shape = projection("attn_q", queries, spec.width)) return shape;
    if (auto shape = projection("attn_k", keys, spec.width)) return shape;
    if (auto shape = projection("attn_v", values, spec.width)) return shape;
    if (auto shape = projection("attn_qkv", queries + keys + values, spec.width)) return shape;
    if (auto shape = projection("attn_output", spec.width, spec.heads * spec.valueSize)) return shape;
    if (inner == 0) return std::nullopt;
    const bool joined = spec.feedForward == FeedForward::Gated && context.architecture.joinsGate;
    if (auto shape = projection("ffn_up", joined ? 2 * inner : inner, spec.width)) return shape;
    if (auto shape = projection("ffn_gate", inner, spec.width)) return shape;
    return projection("ffn_down", spec.width, inner);
}

void checkShape(const TurnedContext& context, const Value& value, const std::string& name, bool turns) {
    auto expected = expectedShape(context, name);
    if (!expected || !(context.spec.runs() || context.architecture.permutesQueries)) return;
    if (turns) expected = Shape{(*expected)[1], (*expected)[0]};
    if (shapeOf(value) == *expected) return;
    refuseInput("the tensor '" + value.name + "' is " + toText(shapeOf(value)) + ", but config.json asks for " + toText(*expected) + (turns ? " (inputs first)" : "") + "; fetch the model again with its own config.json");
}

}  // namespace

const Shape& shapeOf(const Value& value) { return value.packed ? value.packed->shape : value.constant->shape(); }

Value turned(const TurnedContext& context, const Value& value, const std::string& name) {
    const LanguageSpec& spec = context.spec;
    const Shape& shape = shapeOf(value);
    const bool huggingFace = spec.naming == TensorNaming::HuggingFace;
    const bool turns = name.ends_with(".weight") && name.starts_with("blk.") && liesInputsFirst(spec, value);
    checkShape(context, value, name, turns);
    Value result = value;
    result.name = name;
    const bool paired = says(name, ".attn_q.") || says(name, ".attn_k.");
    RowsOf rows;
    if (huggingFace && context.architecture.permutesQueries && paired && spec.headSize > 0 && spec.headSize % 2 == 0) rows = interleaved(value, spec.headSize);
    else if (turns) rows = transposed(value);
    else if (spec.normAddsOne && says(name, "_norm.weight")) rows = plusOne(rowsOf(value));
    const bool half = value.type == ElementType::F16 || value.type == ElementType::BF16;
    const bool plain = value.constant && (value.type == ElementType::F32 || (half && shape.rank() >= 2));  // vectors become float32
    if (!rows && !plain) rows = rowsOf(value);
    if (rows) {
        result.constant.reset();
        result.packed = packedAs(turns ? Shape{shape[1], shape[0]} : shape, std::move(rows));
    }
    return result;
}

}  // namespace bitlathe::gguf
