#include "core/quant/gguf_blocks.h"

#include "core/kernels/block_encode.h"
#include "core/kernels/block_lattice_layout.h"
#include "core/quant/gguf_search.h"
#include "core/tensor/convert.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

// ggml's scan: the first of the nearest levels, so that ties go towards 0.
int nearestMxfp4(float scale, float x) noexcept {
    const float most = scale * 12, v = std::clamp(x, -most, most);
    int nearest = 0;
    for (int code = 1; code < 16; ++code)
        if (std::fabs(scale * static_cast<float>(kMxfp4Levels[static_cast<std::size_t>(code)]) - v) <
            std::fabs(scale * static_cast<float>(kMxfp4Levels[static_cast<std::size_t>(nearest)]) - v))
            nearest = code;
    return nearest;
}

float asHalf(float value) noexcept { return halfToFloat(floatToHalf(value)); }

// What becomes of a real number of steps: ggml's own rounding, type by type, kept inside the codes. What is no
// number of steps (0 over a scale whose reciprocal is infinite) is the code that ggml's conversion gives it.
int rounded(const GgufForm& form, float steps) noexcept {
    const auto within = [&](float code) { return static_cast<int>(std::clamp(code, static_cast<float>(form.lowest), static_cast<float>(form.highest))); };
    const bool number = steps == steps;
    switch (form.type) {
        case GgufType::Q4_0:
        case GgufType::Q4_1:
        case GgufType::Q5_0:
        case GgufType::Q5_1: return number ? within(steps + (static_cast<float>(form.zero) + 0.5f)) : 0;  // cut off
        case GgufType::Q8_0:
        case GgufType::TQ1_0:
        case GgufType::TQ2_0: return number ? within(std::round(steps) + static_cast<float>(form.zero)) : form.zero;  // halves away from 0
        default: return number ? within(std::nearbyint(steps) + static_cast<float>(form.zero)) : 0;
    }
}

GgufPart latticePartOf(const GgufForm& form, const GgufParameters& block, int eight) noexcept {
    const LatticePart part = latticePart(form.type, block, eight);
    return {part.scale, part.min};
}

// The kernels are these types' definition: one block in sixteen lanes is slow enough.
Isa fastest() noexcept {
    static const Isa isa = detectIsa();
    return isa;
}

void encodeLattice(const GgufForm& form, const GgufParameters& block, std::span<const float> x, std::span<std::byte> codes, std::span<const std::uint8_t> importance) noexcept {
    std::array<float, kMaxGgufValues> values{};
    std::array<std::uint8_t, kMaxGgufValues> own{}, weights{};
    for (std::size_t i = 0; i < x.size(); ++i) values[i] = x[i] == x[i] ? std::clamp(x[i], -kGgufFar, kGgufFar) : 0.0f;
    std::copy(importance.begin(), importance.end(), weights.begin());
    GgufRun run{form.type, 1, values.data()};
    run.held = static_cast<int>(x.size());
    encodeLatticeRun(fastest(), run, importance.empty() ? nullptr : weights.data(), &block, own.data());
    for (std::size_t i = 0; i < x.size(); ++i) codes[i] = static_cast<std::byte>(own[i]);
}

}  // namespace

GgufPart ggufLaterPart(const GgufForm& form, const GgufParameters& block, int part) noexcept {
    return form.type == GgufType::IQ1_M ? latticePartOf(form, block, 2 * part + 1) : ggufPart(form, block, part);
}

GgufPart ggufPart(const GgufForm& form, const GgufParameters& block, int part) noexcept {
    if (isLattice(form.type)) return latticePartOf(form, block, part * form.part / 8);
    if (form.type == GgufType::MXFP4) return {block.scale, 0};
    const float scale = asHalf(block.scale), min = form.hasMin ? asHalf(block.min) : 0.0f;
    if (form.parts() == 1) return {scale, min};
    const auto p = static_cast<std::size_t>(part);
    return {scale * static_cast<float>(block.scales[p]), form.hasMin ? min * static_cast<float>(block.mins[p]) : 0.0f};
}

void encodeGguf(const GgufForm& form, const GgufParameters& block, std::span<const float> x, std::span<std::byte> codes, std::span<const std::uint8_t> importance) noexcept {
    if (isLattice(form.type)) return encodeLattice(form, block, x, codes, importance);
    const auto size = static_cast<std::size_t>(form.part);
    for (std::size_t begin = 0; begin < x.size(); begin += size) {
        const int part = std::min(static_cast<int>(begin / size), form.parts() - 1);
        const bool whole = form.parts() == 1;
        const GgufPart p = whole ? GgufPart{block.scale, block.min} : ggufPart(form, block, part);
        const float inverse = p.scale != 0 ? 1.0f / p.scale : 0.0f;
        for (std::size_t i = begin; i < std::min(begin + size, x.size()); ++i) {
            const float v = x[i] == x[i] ? x[i] : 0.0f;
            int code = 0;
            if (form.type == GgufType::MXFP4)
                code = nearestMxfp4(block.scale, v);
            else if (form.table)
                code = nearestIq4(p.scale != 0 ? v * inverse : 0.0f);
            else if (whole)
                code = rounded(form, p.scale != 0 ? (v + p.min) * inverse : 0.0f);
            else if (p.scale != 0)
                code = rounded(form, (v + p.min) / p.scale);
            codes[i] = static_cast<std::byte>(code);
        }
    }
}

void decodeGguf(const GgufForm& form, const GgufParameters& block, std::span<const std::byte> codes, std::span<float> out) noexcept {
    if (isLattice(form.type)) return decodeLattice(form.type, block, reinterpret_cast<const std::uint8_t*>(codes.data()), static_cast<int>(out.size()), out.data());
    const auto size = static_cast<std::size_t>(form.part);
    for (std::size_t begin = 0; begin < out.size(); begin += size) {
        const GgufPart p = ggufPart(form, block, std::min(static_cast<int>(begin / size), form.parts() - 1));
        for (std::size_t i = begin; i < std::min(begin + size, out.size()); ++i) {
            const int code = form.lowest < 0 ? static_cast<std::int8_t>(codes[i]) : std::to_integer<int>(codes[i]);
            out[i] = p.scale * form.level(code) - p.min;
        }
    }
}

void packGguf(const GgufForm& form, std::span<const float> x, std::span<const float> importance, float rowMeanSquare, std::span<std::byte> bytes) noexcept {
    const GgufParameters block = fitGguf(form, x, importance, rowMeanSquare);
    std::array<std::byte, kMaxGgufValues> codes;
    const auto own = std::span(codes).first(static_cast<std::size_t>(form.values));
    std::array<std::uint8_t, kMaxGgufValues> weights;
    const bool minded = isLattice(form.type) && !importance.empty();
    if (minded) codeImportance(importance.data(), static_cast<int>(importance.size()), weights.data());
    encodeGguf(form, block, x, own, std::span(weights).first(minded ? importance.size() : 0));
    joinGguf(form, block, own, bytes);
}

void unpackGguf(const GgufForm& form, std::span<const std::byte> bytes, std::span<float> out) noexcept {
    GgufParameters block;
    std::array<std::byte, kMaxGgufValues> codes;
    const auto own = std::span(codes).first(static_cast<std::size_t>(form.values));
    splitGguf(form, bytes, block, own);
    decodeGguf(form, block, own, out);
}

}  // namespace bitlathe
