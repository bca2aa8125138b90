// Parameters of GGUF blocks, chosen as ggml's reference encoders choose them.
#include "core/kernels/block_encode.h"
#include "core/quant/gguf_blocks.h"
#include "core/quant/gguf_search.h"
#include "core/tensor/convert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {

constexpr float kLargestHalf = 65504.0f;

float finiteHalf(float value) noexcept { return std::clamp(value, -kLargestHalf, kLargestHalf); }
float asHalf(float value) noexcept { return halfToFloat(floatToHalf(finiteHalf(value))); }

float meanSquareOf(std::span<const float> x) noexcept {
    float sum = 0;
    for (const float v : x) sum += v * v;
    return x.empty() ? 0.0f : sum / static_cast<float>(x.size());
}

// A block's values made harmless, and what each counts.
class Block {
public:
    Block(const GgufForm& form, std::span<const float> x, std::span<const float> importance) noexcept
        : m_form(form), m_count(std::min(x.size(), static_cast<std::size_t>(form.values))), m_importance(importance) {
        const float far = form.type == GgufType::MXFP4 ? std::numeric_limits<float>::max() : kGgufFar;
        for (std::size_t begin = 0; begin < m_count; begin += static_cast<std::size_t>(form.part)) {
            const std::size_t end = std::min(begin + static_cast<std::size_t>(form.part), m_count);
            float stand = 0;  // for what is not finite: a value that the part has anyway
            for (std::size_t i = end; i-- > begin;)
                if (std::isfinite(x[i])) stand = x[i];
            for (std::size_t i = begin; i < end; ++i) m_x[i] = std::clamp(std::isfinite(x[i]) ? x[i] : stand, -far, far);
        }
    }

    std::span<const float> values() const noexcept { return std::span(m_x).first(m_count); }
    std::span<const float> part(int p) const noexcept { return cut(m_x, p); }
    std::span<const float> weights(int p) const noexcept { return cut(m_weights, p); }
    std::span<const float> importance() const noexcept { return m_importance; }

    // weight(value, its importance or 1)
    template <class Weight>
    void weigh(Weight weight) noexcept {
        for (std::size_t i = 0; i < m_count; ++i) m_weights[i] = weight(m_x[i], m_importance.empty() ? 1.0f : m_importance[i]);
    }
    void weighByImportance(float meanSquare) noexcept {
        weigh([=](float x, float w) { return w * std::sqrt(meanSquare + x * x); });
    }
    float weightOf(int p) const noexcept {
        float sum = 0;
        for (const float w : weights(p)) sum += w;
        return sum;
    }

private:
    std::span<const float> cut(const std::array<float, kMaxGgufValues>& all, int p) const noexcept {
        const auto size = static_cast<std::size_t>(m_form.part), begin = std::min(static_cast<std::size_t>(p) * size, m_count);
        return std::span(all).subspan(begin, std::min(size, m_count - begin));
    }

    const GgufForm& m_form;
    std::size_t m_count;
    std::span<const float> m_importance;
    std::array<float, kMaxGgufValues> m_x{}, m_weights{};
};

constexpr TrialScales kWithImportance{-0.9f, 0.05f, 36, false};

GgufParameters fitSmall(const GgufForm& form, Block& block, float rowMeanSquare) noexcept {
    const auto x = block.values();
    const float largest = largestOf(x), steps = static_cast<float>(form.highest);
    if (form.type == GgufType::Q8_0) return {finiteHalf(std::fabs(largest) / 127), 0};
    if (form.type == GgufType::TQ1_0 || form.type == GgufType::TQ2_0) return {finiteHalf(std::fabs(largest)), 0};
    if (form.type == GgufType::MXFP4) {
        // The largest magnitude falls below 8 units of E2M1, whose own largest is 6; a block of zeros has exponent 0.
        const float exponent = largest != 0 ? std::floor(std::log2(std::fabs(largest))) - 2 : -127.0f;
        return {std::ldexp(1.0f, std::max(static_cast<int>(exponent), -127) - 1), 0};
    }
    if (block.importance().empty()) {
        if (!form.hasMin) return {finiteHalf(largest / -static_cast<float>(form.zero)), 0};
        if (x.empty()) return {};
        const float lo = *std::min_element(x.begin(), x.end()), hi = *std::max_element(x.begin(), x.end());  // the first of each
        return {finiteHalf((hi - lo) / steps), finiteHalf(-lo)};
    }
    block.weighByImportance(rowMeanSquare >= 0 ? rowMeanSquare : meanSquareOf(x));
    if (!form.hasMin) return {asHalf(signedScale(x, block.weights(0), form.zero)), 0};
    SideBySide parts;
    parts.set(0, x, block.weights(0));
    const ScalesAndMins found = scalesAndMins(parts, form.highest, kWithImportance);
    return {asHalf(found.scale[0]), asHalf(found.min[0])};
}

using Parts = std::array<float, kMaxGgufParts>;

// Scales and mins of parts as multiples of the block's: the largest becomes `top`.
float multiplesOf(std::span<const float> parts, int top, std::span<std::int8_t> out) noexcept {
    const float largest = std::max(0.0f, *std::max_element(parts.begin(), parts.end()));
    if (!(largest > 0)) return 0;
    const float inverse = static_cast<float>(top) / largest;
    for (std::size_t p = 0; p < parts.size(); ++p) out[p] = static_cast<std::int8_t>(nearestWithin(inverse * parts[p], 0, top));
    return asHalf(largest / static_cast<float>(top));
}

// Q2_K, Q4_K, Q5_K.
GgufParameters fitWithMins(const GgufForm& form, Block& block) noexcept {
    const bool two = form.type == GgufType::Q2_K, minded = !block.importance().empty();
    const int top = two ? 15 : 63;
    const TrialScales own = two ? TrialScales{-0.5f, 0.1f, 15, true}
                            : form.type == GgufType::Q4_K ? TrialScales{-1.0f, 0.1f, 20, false} : TrialScales{-0.5f, 0.1f, 15, false};
    if (minded) block.weighByImportance((two ? 1.0f : 2.0f) * meanSquareOf(block.values()));
    if (!minded && two) block.weigh([](float x, float) { return std::fabs(x); });
    Parts scales{}, mins{}, sums{};
    const auto parts = static_cast<std::size_t>(form.parts());
    for (int first = 0; first < form.parts(); first += SideBySide::kParts) {
        SideBySide side;
        for (int p = first; p < first + SideBySide::kParts; ++p) {
            const auto x = block.part(p);
            std::array<float, 32> byRms{};
            auto weights = block.weights(p);
            if (!minded && !two) {
                const float rms = std::sqrt(meanSquareOf(x));
                for (std::size_t i = 0; i < x.size(); ++i) byRms[i] = rms + std::fabs(x[i]);
                weights = std::span(byRms).first(x.size());
            }
            side.set(p - first, x, weights);
            sums[static_cast<std::size_t>(p)] = minded ? block.weightOf(p) : 0.0f;
        }
        const ScalesAndMins found = scalesAndMins(side, form.highest, minded ? kWithImportance : own);
        std::copy(found.scale.begin(), found.scale.end(), scales.begin() + first);
        std::copy(found.min.begin(), found.min.end(), mins.begin() + first);
    }
    GgufParameters out;
    const auto ofScales = std::span(out.scales).first(parts), ofMins = std::span(out.mins).first(parts);
    if (minded) {
        out.scale = asHalf(unsignedScale(std::span(scales).first(parts), std::span(sums).first(parts), top, ofScales));
        out.min = asHalf(unsignedScale(std::span(mins).first(parts), std::span(sums).first(parts), top, ofMins));
    } else {
        out.scale = multiplesOf(std::span(scales).first(parts), top, ofScales);
        out.min = multiplesOf(std::span(mins).first(parts), top, ofMins);
    }
    return out;
}

// Q3_K, Q6_K, IQ4_XS: a signed scale for every part, as multiples from −top to top − 1; the largest becomes −top.
GgufParameters fitSigned(const GgufForm& form, Block& block) noexcept {
    const bool minded = !block.importance().empty();
    const int top = form.type == GgufType::Q6_K ? 128 : 32;
    if (minded && form.type != GgufType::Q6_K)
        block.weighByImportance(2 * meanSquareOf(block.values()));
    else
        block.weigh([=](float x, float w) { return minded ? w : x * x; });
    Parts all{}, sums{};
    const auto parts = std::span(all).first(static_cast<std::size_t>(form.parts()));
    const bool searched = !form.table && (form.type == GgufType::Q6_K || minded);
    SideBySide side;
    for (int p = 0; p < form.parts(); ++p) {
        const auto x = block.part(p), weights = block.weights(p);
        const auto at = static_cast<std::size_t>(p);
        const int lane = p % SideBySide::kParts;
        sums[at] = block.weightOf(p);
        if (!searched) {
            parts[at] = form.table ? iq4Scale(x, weights) : refinedSignedScale(x, weights, form.zero);
            continue;
        }
        side.set(lane, x, weights);
        if (lane + 1 < SideBySide::kParts) continue;
        const auto found = signedScales(side, form.zero);
        std::copy(found.begin(), found.end(), all.begin() + p - lane);
    }
    GgufParameters out;
    float largest = largestOf(parts);
    if (form.type == GgufType::Q3_K && minded) {
        // The scale of scales is searched as scales are.
        const float scale = signedScale(parts, std::span(sums).first(parts.size()), top);
        largest = scale * -static_cast<float>(top);
    }
    if (form.type == GgufType::Q6_K && std::fabs(largest) < kNoScale) largest = 0;
    const float inverse = largest != 0 ? -static_cast<float>(top) / largest : 0.0f;
    for (std::size_t p = 0; p < parts.size(); ++p)
        out.scales[p] = static_cast<std::int8_t>(largest == 0 && form.type == GgufType::Q3_K ? -top : nearestWithin(inverse * parts[p], -top, top - 1));
    out.scale = largest != 0 ? asHalf(1 / inverse) : 0.0f;
    return out;
}

// The kernels are these types' definition: one block in sixteen lanes is slow enough.
Isa fastest() noexcept {
    static const Isa isa = detectIsa();
    return isa;
}

GgufParameters fitLattice(const GgufForm& form, const Block& block) noexcept {
    std::array<float, kMaxGgufValues> x{}, importance{};
    std::copy(block.values().begin(), block.values().end(), x.begin());
    std::copy_n(block.importance().begin(), std::min(block.importance().size(), importance.size()), importance.begin());
    GgufRun run{form.type, 1, x.data(), block.importance().empty() ? nullptr : importance.data()};
    run.held = static_cast<int>(block.values().size());
    GgufParameters fitted;
    if (run.held > 0) fitGgufRun(fastest(), run, &fitted);
    return fitted;
}

}  // namespace

GgufParameters fitGguf(const GgufForm& form, std::span<const float> x, std::span<const float> importance, float rowMeanSquare) noexcept {
    Block block(form, x, importance);
    if (isLattice(form.type)) return fitLattice(form, block);
    switch (form.type) {
        case GgufType::Q2_K:
        case GgufType::Q4_K:
        case GgufType::Q5_K: return fitWithMins(form, block);
        case GgufType::Q3_K:
        case GgufType::Q6_K:
        case GgufType::IQ4_XS: return fitSigned(form, block);
        case GgufType::IQ4_NL:
            if (importance.empty()) block.weigh([](float v, float) { return v * v; });
            else block.weighByImportance(2 * meanSquareOf(block.values()));
            return {finiteHalf(iq4Scale(block.values(), block.weights(0))), 0};
        default: return fitSmall(form, block, rowMeanSquare);
    }
}

}  // namespace bitlathe
