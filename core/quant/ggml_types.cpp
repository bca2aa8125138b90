#include "core/quant/ggml_types.h"

#include "core/quant/gguf_rows.h"
#include "core/quant/lattice.h"
#include "core/tensor/convert.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace bitlathe {

namespace {

using Bytes = std::span<const std::byte>;

unsigned byteAt(Bytes b, std::size_t i) noexcept { return std::to_integer<unsigned>(b[i]); }
float halfAt(Bytes b, std::size_t i) noexcept { return halfToFloat(static_cast<std::uint16_t>(byteAt(b, i) | byteAt(b, i + 1) << 8)); }

// f16 d, f16 d · Σ codes, 32 signed bytes: activations of q4_1 and q5_1 products.
void decodeQ8_1(std::span<const std::byte, 36> b, std::span<float, 32> out) noexcept {
    const float d = halfAt(b, 0);
    for (std::size_t j = 0; j < 32; ++j) out[j] = d * static_cast<float>(static_cast<std::int8_t>(byteAt(b, 4 + j)));
}
// f32 d, 256 signed bytes, sums of 16 as 16-bit integers: activations of k-quant products.
void decodeQ8_K(std::span<const std::byte, 292> b, std::span<float, 256> out) noexcept {
    float d;
    std::memcpy(&d, b.data(), sizeof d);
    for (std::size_t j = 0; j < 256; ++j) out[j] = d * static_cast<float>(static_cast<std::int8_t>(byteAt(b, 4 + j)));
}
// An E4M3 scale without a sign for each 16 values, then E2M1 codes: low nibbles are the first eight of a part.
void decodeNvfp4(std::span<const std::byte, 36> b, std::span<float, 64> out) noexcept {
    for (std::size_t part = 0; part < 4; ++part) {
        const unsigned code = byteAt(b, part) & 0x7f;
        // The levels are doubled, so the scale is halved; the code of NaN reads as 0.
        const float scale = code == 0x7f ? 0.0f : smallFloatToFloat(code, 4, 3, 7, SmallFloatKind::Finite) * 0.5f;
        for (std::size_t j = 0; j < 8; ++j) {
            const unsigned both = byteAt(b, 4 + 8 * part + j);
            out[16 * part + j] = static_cast<float>(kMxfp4Levels[both & 15]) * scale;
            out[16 * part + 8 + j] = static_cast<float>(kMxfp4Levels[both >> 4]) * scale;
        }
    }
}
// f16 d, a bit for each value: +d or −d.
void decodeQ1_0(std::span<const std::byte, 18> b, std::span<float, 128> out) noexcept {
    const float d = halfAt(b, 0);
    for (std::size_t j = 0; j < 128; ++j) out[j] = byteAt(b, 2 + j / 8) >> j % 8 & 1 ? d : -d;
}
// f16 d, two bits for each value: −1, 0, 1, 2 times d.
void decodeQ2_0(std::span<const std::byte, 18> b, std::span<float, 64> out) noexcept {
    const float d = halfAt(b, 0);
    for (std::size_t j = 0; j < 64; ++j) out[j] = static_cast<float>(static_cast<int>(byteAt(b, 2 + j / 4) >> 2 * (j % 4) & 3) - 1) * d;
}

template <auto Decode>
struct Blocks;
template <std::size_t B, std::size_t V, void (*Decode)(std::span<const std::byte, B>, std::span<float, V>) noexcept>
struct Blocks<Decode> {
    static void all(Bytes blocks, std::span<float> out) noexcept {
        for (std::size_t at = 0, value = 0; at < blocks.size(); at += B, value += V) Decode(blocks.subspan(at).template first<B>(), out.subspan(value).template first<V>());
    }
    static constexpr GgmlType row(int id, std::string_view name) { return {id, name, std::nullopt, {name, int(V), int(B), &all}}; }
};

template <GgufType T>
void decodeForm(Bytes blocks, std::span<float> out) noexcept { unpackGgufRows(ggufForm(T), blocks, out); }
template <GgufType T>
constexpr GgmlType form() {
    constexpr const GgufForm& f = ggufForm(T);
    return {f.id, f.name, std::nullopt, {f.name, f.values, f.bytes, &decodeForm<T>}};
}
constexpr GgmlType plain(int id, std::string_view name, ElementType element, int bytes) { return {id, name, element, {name, 1, bytes, nullptr}}; }

constexpr GgmlType kTypes[] = {
    plain(0, "f32", ElementType::F32, 4),
    plain(1, "f16", ElementType::F16, 2),
    form<GgufType::Q4_0>(),
    form<GgufType::Q4_1>(),
    form<GgufType::Q5_0>(),
    form<GgufType::Q5_1>(),
    form<GgufType::Q8_0>(),
    Blocks<decodeQ8_1>::row(9, "q8_1"),
    form<GgufType::Q2_K>(),
    form<GgufType::Q3_K>(),
    form<GgufType::Q4_K>(),
    form<GgufType::Q5_K>(),
    form<GgufType::Q6_K>(),
    Blocks<decodeQ8_K>::row(15, "q8_K"),
    Blocks<decodeIq2Xxs>::row(16, "iq2_xxs"),
    Blocks<decodeIq2Xs>::row(17, "iq2_xs"),
    Blocks<decodeIq3Xxs>::row(18, "iq3_xxs"),
    Blocks<decodeIq1S>::row(19, "iq1_s"),
    form<GgufType::IQ4_NL>(),
    Blocks<decodeIq3S>::row(21, "iq3_s"),
    Blocks<decodeIq2S>::row(22, "iq2_s"),
    form<GgufType::IQ4_XS>(),
    plain(24, "i8", ElementType::I8, 1),
    plain(25, "i16", ElementType::I16, 2),
    plain(26, "i32", ElementType::I32, 4),
    plain(27, "i64", ElementType::I64, 8),
    plain(28, "f64", ElementType::F64, 8),
    Blocks<decodeIq1M>::row(29, "iq1_m"),
    plain(30, "bf16", ElementType::BF16, 2),
    form<GgufType::TQ1_0>(),
    form<GgufType::TQ2_0>(),
    form<GgufType::MXFP4>(),
    Blocks<decodeNvfp4>::row(40, "nvfp4"),
    Blocks<decodeQ1_0>::row(41, "q1_0"),
    Blocks<decodeQ2_0>::row(42, "q2_0"),
};

}  // namespace

std::span<const GgmlType> ggmlTypes() noexcept { return kTypes; }

const GgmlType* ggmlTypeOf(std::int64_t id) noexcept {
    const auto found = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const GgmlType& type) { return type.id == id; });
    return found == std::end(kTypes) ? nullptr : &*found;
}

const GgmlType* ggmlTypeNamed(std::string_view name) noexcept {
    const auto found = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const GgmlType& type) { return type.name == name; });
    return found == std::end(kTypes) ? nullptr : &*found;
}

}  // namespace bitlathe
