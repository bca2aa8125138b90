#include "core/quant/gguf_groups.h"

#include "core/kernels/block_encode.h"
#include "core/kernels/block_lattice_layout.h"
#include "core/kernels/convert_rows.h"
#include "core/tensor/convert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace bitlathe {

namespace {

// Groups that are handled together.
constexpr std::size_t kTogether = 128;
using Together = std::array<GgufParameters, kTogether>;

std::uint8_t* bytes(std::byte* b) noexcept { return reinterpret_cast<std::uint8_t*>(b); }
const std::uint8_t* bytes(const std::byte* b) noexcept { return reinterpret_cast<const std::uint8_t*>(b); }

int largestMultiple(const GgufForm& form, const GgufParameters& block) noexcept {
    int largest = 0;
    for (int p = 0; p < form.parts(); ++p) largest = std::max(largest, std::abs(int{block.scales[static_cast<std::size_t>(p)]}));
    return largest;
}

// body(first group, groups) for pieces of at most kTogether groups.
template <class Body>
void forPieces(std::size_t groups, Body body) noexcept {
    for (std::size_t first = 0; first < groups; first += kTogether) body(first, std::min(kTogether, groups - first));
}

void widestSteps(const GgufForm& form, Isa isa, const Together& fitted, std::span<float> scales) noexcept {
    if (form.type == GgufType::MXFP4 || isLattice(form.type)) {
        for (std::size_t g = 0; g < scales.size(); ++g) scales[g] = ggufWidestStep(form, fitted[g]);
        return;
    }
    std::array<std::uint16_t, kTogether> halves;
    const auto count = static_cast<std::int64_t>(scales.size());
    for (std::size_t g = 0; g < scales.size(); ++g) scales[g] = std::fabs(fitted[g].scale);
    halvesFromFloats(isa, scales.data(), count, halves.data());
    floatsFromHalves(isa, halves.data(), count, scales.data());
    if (form.parts() == 1) return;
    for (std::size_t g = 0; g < scales.size(); ++g) scales[g] *= static_cast<float>(largestMultiple(form, fitted[g]));
}

Together parametersOf(const GgufForm& form, std::span<const std::byte> inner, std::size_t first, std::size_t count) noexcept {
    Together all;
    const auto width = static_cast<std::size_t>(ggufInnerBytes(form));
    for (std::size_t g = 0; g < count; ++g) std::memcpy(&all[g], inner.data() + (first + g) * width, std::min(width, sizeof(GgufParameters)));
    return all;
}

// Sixteen groups at once; those whose importance is all alike beside those without are told apart one by one.
void encodeLatticeGroups(const GgufForm& form, Isa isa, std::span<const std::byte> inner, std::span<const float> x, std::span<std::byte> codes) noexcept {
    constexpr std::size_t kSixteen = 16, values = kMaxGgufValues;
    const auto width = static_cast<std::size_t>(ggufInnerBytes(form));
    std::array<std::uint8_t, kSixteen * values> importance;
    for (std::size_t first = 0; first < x.size() / values; first += kSixteen) {
        const std::size_t count = std::min(kSixteen, x.size() / values - first);
        const auto part = x.subspan(first * values, count * values);
        const Together all = parametersOf(form, inner, first, count);
        std::size_t minded = 0;
        for (std::size_t g = 0; g < count; ++g) {
            const auto own = ggufImportanceOf(form, inner.subspan((first + g) * width, width));
            minded += !own.empty();
            std::copy(own.begin(), own.end(), importance.begin() + static_cast<std::ptrdiff_t>(g * values));
        }
        if ((minded == 0 || minded == count) && regularGguf(isa, form.type, part.data(), static_cast<std::int64_t>(part.size()))) {
            const GgufRun run{form.type, static_cast<std::int64_t>(count), part.data()};
            encodeLatticeRun(isa, run, minded > 0 ? importance.data() : nullptr, all.data(), bytes(codes.data() + first * values));
            continue;
        }
        for (std::size_t g = 0; g < count; ++g)
            encodeGguf(form, all[g], part.subspan(g * values, values), codes.subspan((first + g) * values, values), ggufImportanceOf(form, inner.subspan((first + g) * width, width)));
    }
}

}  // namespace

GgufParameters ggufParametersOf(const GgufForm& form, std::span<const std::byte> inner) noexcept {
    GgufParameters block;
    std::memcpy(&block, inner.data(), std::min({inner.size(), static_cast<std::size_t>(ggufInnerBytes(form)), sizeof block}));
    return block;
}

// All zero: none was given, for a block's most important value is 255.
std::span<const std::uint8_t> ggufImportanceOf(const GgufForm& form, std::span<const std::byte> inner) noexcept {
    if (!isLattice(form.type)) return {};
    const std::span all(bytes(inner.data()) + sizeof(GgufParameters), kMaxGgufValues);
    return std::any_of(all.begin(), all.end(), [](std::uint8_t code) { return code != 0; }) ? all : all.first(0);
}

void putGgufGroup(const GgufForm& form, const GgufParameters& block, std::span<const float> importance, std::span<std::byte> inner) noexcept {
    const auto width = static_cast<std::size_t>(ggufInnerBytes(form));
    std::memcpy(inner.data(), &block, std::min(width, sizeof block));
    if (!isLattice(form.type)) return;
    const auto codes = inner.subspan(sizeof block, kMaxGgufValues);
    std::fill(codes.begin(), codes.end(), std::byte{0});
    if (!importance.empty()) codeImportance(importance.data(), static_cast<int>(importance.size()), bytes(codes.data()));
}

float ggufWidestStep(const GgufForm& form, const GgufParameters& block) noexcept {
    float widest = 0;
    for (int p = 0; p < form.parts(); ++p) widest = std::max(widest, std::fabs(ggufPart(form, block, p).scale));
    return widest;
}

void fitGgufGroups(const GgufForm& form, Isa isa, std::span<const float> x, std::span<const float> importance, std::span<float> scales,
                   std::span<std::byte> inner) noexcept {
    const auto values = static_cast<std::size_t>(form.values), width = static_cast<std::size_t>(ggufInnerBytes(form));
    const std::size_t rowGroups = std::max<std::size_t>(importance.size() / values, 1);
    forPieces(scales.size(), [&](std::size_t first, std::size_t count) {
        Together fitted;
        const auto part = x.subspan(first * values, count * values);
        if (regularGguf(isa, form.type, part.data(), static_cast<std::int64_t>(part.size()))) {
            fitGgufRun(isa, {form.type, static_cast<std::int64_t>(count), part.data(), importance.empty() ? nullptr : importance.data(), static_cast<std::int64_t>(rowGroups),
                             static_cast<std::int64_t>(first % rowGroups), nullptr}, fitted.data());
        } else {
            for (std::size_t g = 0; g < count; ++g)
                fitted[g] = fitGguf(form, part.subspan(g * values, values),
                                    importance.empty() ? importance : importance.subspan((first + g) % rowGroups * values, values));
        }
        for (std::size_t g = 0; g < count; ++g)
            putGgufGroup(form, fitted[g], importance.empty() ? importance : importance.subspan((first + g) % rowGroups * values, values), inner.subspan((first + g) * width, width));
        widestSteps(form, isa, fitted, scales.subspan(first, count));
    });
}

void encodeGgufGroups(const GgufForm& form, Isa isa, std::span<const std::byte> inner, std::span<const float> x, std::span<std::byte> codes) noexcept {
    const auto values = static_cast<std::size_t>(form.values);
    if (isLattice(form.type)) return encodeLatticeGroups(form, isa, inner, x, codes);
    forPieces(x.size() / values, [&](std::size_t first, std::size_t count) {
        const Together all = parametersOf(form, inner, first, count);
        const auto part = x.subspan(first * values, count * values);
        const auto own = codes.subspan(first * values, count * values);
        if (regularGguf(isa, form.type, part.data(), static_cast<std::int64_t>(part.size())))
            return encodeGgufRun(isa, form.type, part.data(), all.data(), static_cast<std::int64_t>(count), bytes(own.data()));
        for (std::size_t g = 0; g < count; ++g) encodeGguf(form, all[g], part.subspan(g * values, values), own.subspan(g * values, values));
    });
}

void decodeGgufGroups(const GgufForm& form, Isa isa, std::span<const std::byte> inner, std::span<const std::byte> codes, std::span<float> out) noexcept {
    const auto values = static_cast<std::size_t>(form.values);
    forPieces(out.size() / values, [&](std::size_t first, std::size_t count) {
        const Together all = parametersOf(form, inner, first, count);
        decodeGgufRun(isa, form.type, all.data(), bytes(codes.data() + first * values), static_cast<std::int64_t>(count), out.data() + first * values);
    });
}

}  // namespace bitlathe
