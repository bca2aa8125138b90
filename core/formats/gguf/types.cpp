#include "core/formats/gguf/types.h"

#include "core/quant/codec.h"
#include "core/quant/codec_gguf.h"

#include <string_view>

namespace bitlathe::gguf {

namespace {

struct PlainCodec {
    std::string_view codec, type;
};
constexpr PlainCodec kPlain[] = {{"f32", "f32"}, {"f16", "f16"}, {"bf16", "bf16"}, {"mxfp4", "mxfp4"}};

// What llama-quantize takes where rows are no multiple of 256 (version of 2025-02).
struct Fallback {
    std::string_view codec, instead;
};
constexpr Fallback kFallbacks[] = {{"q2_k", "iq4_nl"}, {"q3_k", "iq4_nl"}, {"q4_k", "q5_0"}, {"q5_k", "q5_1"},
                                   {"q6_k", "q8_0"}, {"iq4_xs", "iq4_nl"}, {"tq1_0", "q4_0"}, {"tq2_0", "q4_0"},
                                   {"iq1_s", "iq4_nl"}, {"iq1_m", "iq4_nl"}, {"iq2_xxs", "iq4_nl"}, {"iq2_xs", "iq4_nl"}, {"iq2_s", "iq4_nl"}, {"iq3_xxs", "iq4_nl"}, {"iq3_s", "iq4_nl"}};

// A codec that GGUF has and that is near.
std::string_view nearestTo(const QuantSpec& spec) noexcept {
    constexpr std::string_view kByBits[] = {"tq1_0", "tq1_0", "q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "q8_0", "q8_0"};
    return spec.bits >= 0 && spec.bits < static_cast<int>(std::size(kByBits)) ? kByBits[spec.bits] : "f16";
}

QuantSpec specOf(std::string_view codec) {
    QuantSpec spec;
    spec.codec = codec;
    spec.bits = findCodec(codec)->minBits;
    return spec;
}

}  // namespace

const GgmlType* typeOf(std::string_view codec) noexcept {
    if (const GgufForm* form = ggufFormOf(codec)) return ggmlTypeOf(form->id);
    for (const PlainCodec& plain : kPlain)
        if (plain.codec == codec) return ggmlTypeNamed(plain.type);
    return nullptr;
}

const GgmlType* storedType(const Value& value) noexcept {
    if (value.blocks) return ggmlTypeNamed(value.blocks->form->name);
    for (const GgmlType& type : ggmlTypes())
        if (value.constant && type.element == value.constant->type()) return &type;
    return nullptr;
}

WeightChoice choose(const Layer& layer, const QuantSpec& asked) {
    const GgmlType* type = typeOf(asked.codec);
    if (!type) return {false, std::nullopt, "GGUF has no type for " + formatName(asked) + "; the nearest is " + std::string(nearestTo(asked))};
    const std::int64_t row = layer.layout.perChannel();  // of a matrix that lies transposed too: files have it turned
    if (row % type->blocks.values == 0) return {true, asked, {}};
    const std::string why = "rows of " + std::to_string(row) + " weights are no multiple of the " + std::to_string(type->blocks.values) + " in a block of " + std::string(asked.codec);
    for (const Fallback& fallback : kFallbacks)
        if (fallback.codec == asked.codec && row % typeOf(fallback.instead)->blocks.values == 0) return {true, specOf(fallback.instead), why};
    if (layer.storedAs == "float32" && findCodec("f16")) return {true, specOf("f16"), why};
    return {true, std::nullopt, why};
}

}  // namespace bitlathe::gguf
