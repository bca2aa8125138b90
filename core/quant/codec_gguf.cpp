#include "core/quant/codec_gguf.h"

#include "core/quant/gguf_groups.h"

#include <algorithm>
#include <cstring>

namespace bitlathe {

namespace {

template <GgufType T>
struct GgufRow {
    static constexpr const GgufForm& kForm = ggufForm(T);
    static constexpr bool kTable = T == GgufType::IQ4_NL || T == GgufType::IQ4_XS || isLattice(T);

    static GgufParameters block(const GroupParameters& group) noexcept { return ggufParametersOf(kForm, group.inner); }

    // Short groups are fitted to what they hold; a file would fill the block.
    static void fit(const QuantSpec&, std::span<const float> x, std::span<const float> importance, ValueRange, GroupParameters& out) noexcept {
        const GgufParameters fitted = fitGguf(kForm, x, importance);
        putGgufGroup(kForm, fitted, importance, out.inner);
        out.zeroPoint = 0;
        out.scale = ggufWidestStep(kForm, fitted);
    }
    static void encode(const QuantSpec&, const GroupParameters& group, std::span<const float> x, std::span<std::byte> codes) noexcept {
        const auto importance = ggufImportanceOf(kForm, group.inner);
        encodeGguf(kForm, block(group), x, codes, importance.first(std::min(importance.size(), x.size())));
    }
    static void decode(const QuantSpec&, const GroupParameters& group, std::span<const std::byte> codes, std::span<float> out) noexcept {
        decodeGguf(kForm, block(group), codes, out);
    }
    static ValueRange representable(const QuantSpec&, const GroupParameters& group) noexcept {
        const GgufParameters parameters = block(group);
        ValueRange ends{0, 0};
        for (int p = 0; p < kForm.parts(); ++p) {
            const GgufPart part = ggufPart(kForm, parameters, p);
            const GgufPart later = ggufLaterPart(kForm, parameters, p);
            const auto [lo, hi] = std::minmax({part.scale * kForm.level(kForm.lowest) - part.min, part.scale * kForm.level(kForm.highest) - part.min,
                                               later.scale * kForm.level(kForm.lowest) - later.min, later.scale * kForm.level(kForm.highest) - later.min});
            ends = p == 0 ? ValueRange{lo, hi} : ValueRange{std::min(ends.lo, lo), std::max(ends.hi, hi)};
        }
        return ends;
    }
    static std::vector<float> levels(const QuantSpec&, const GroupParameters& group) {
        const GgufParameters parameters = block(group);
        std::vector<float> all;
        for (int p = 0; p < kForm.parts(); ++p) {
            for (const GgufPart part : {ggufPart(kForm, parameters, p), ggufLaterPart(kForm, parameters, p)})
                for (int code = kForm.lowest; code <= kForm.highest; ++code) all.push_back(part.scale * kForm.level(code) - part.min);
        }
        std::sort(all.begin(), all.end());
        all.erase(std::unique(all.begin(), all.end()), all.end());
        return all;
    }

    static constexpr BlockRows kBlocks{
        [](Isa isa, std::span<const float> x, std::span<const float> importance, std::span<float> scales, std::span<std::byte> inner) noexcept {
            fitGgufGroups(kForm, isa, x, importance, scales, inner);
        },
        [](Isa isa, std::span<const std::byte> inner, std::span<const float> x, std::span<std::byte> codes) noexcept { encodeGgufGroups(kForm, isa, inner, x, codes); },
        [](Isa isa, std::span<const std::byte> inner, std::span<const std::byte> codes, std::span<float> out) noexcept { decodeGgufGroups(kForm, isa, inner, codes, out); },
    };

    static constexpr Codec row(std::string_view name, std::string_view label, std::string_view formula, std::string_view explanation) {
        return Codec{
            .name = name, .label = label, .formula = formula, .explanation = explanation,
            .minBits = kForm.bits, .maxBits = kForm.bits,
            .takesSymmetric = false, .takesNarrow = false, .takesRange = false,
            .takesNearest = false,  // rounds by scales finer than the file's, or levels differ from part to part
            .blockSize = kForm.values, .blockBytes = kForm.bytes, .partSize = kForm.part, .coupled = isLattice(T) ? 8 : 0,
            .codeType = [](const QuantSpec&) noexcept { return kForm.lowest < 0 ? ElementType::I8 : ElementType::U8; },
            .innerBytes = [](const QuantSpec&) noexcept { return ggufInnerBytes(kForm); },
            .parameterBits = [](const QuantSpec&) noexcept { return std::max(0, kForm.bytes * 8 - kForm.values * kForm.bits); },
            .fitNeedsValues = [](const QuantSpec&) noexcept { return true; },
            .holdsZero = [](const QuantSpec&) noexcept { return !kForm.hasMin && !kTable; },
            .fit = fit, .encode = encode, .decode = decode, .squaredError = nullptr, .blocks = kBlocks,
            .representable = representable, .levels = levels,
        };
    }
};

}  // namespace

constinit const Codec kGgufCodecs[21] = {
    GgufRow<GgufType::Q4_0>::row("q4_0", "GGUF Q4_0", "x̂ = d · (code − 8), one d (f16) per 32; d = w / −8, w = the weight of largest magnitude",
        "Blocks of 32 integers of 4 bits with one half-precision scale: 4.5 bits per weight.\n"
        "Largest weight −0.32: d = 0.04. The weight 0.131 is 3.275 steps, takes code 11 and reads back as 0.12.\n"
        "The weight of largest magnitude gets code 0, exactly −8 steps: d takes its sign, so that no code is lost.\n"
        "The oldest format of llama.cpp, and the fastest on most processors.\n"
        "It breaks on blocks whose other end is as far: +8 steps do not exist, so it is cut to 7."),
    GgufRow<GgufType::Q4_1>::row("q4_1", "GGUF Q4_1", "x̂ = d · code + m, one d and m (f16) per 32; m = smallest, d = (largest − smallest) / 15",
        "Blocks of 32 unsigned integers of 4 bits with a scale and a smallest value in half precision: 5 bits per weight.\n"
        "Weights from −0.3 to 0.3: d = 0.04. The weight 0.131 is 10.8 steps above −0.3, takes code 11 and reads back as 0.14.\n"
        "Both ends are kept, so lopsided blocks lose nothing: about half of Q4_0's squared error.\n"
        "Zero is not a level: pruned weights do not stay 0.\n"
        "It breaks on price: Q4_K is closer, and half a bit smaller."),
    GgufRow<GgufType::Q5_0>::row("q5_0", "GGUF Q5_0", "x̂ = d · (code − 16), one d (f16) per 32; d = w / −16, w = the weight of largest magnitude",
        "Blocks of 32 integers of 5 bits with one half-precision scale: 5.5 bits per weight.\n"
        "Largest weight −0.32: d = 0.02. The weight 0.131 is 6.55 steps, takes code 23 and reads back as 0.14.\n"
        "Q4_0 with one bit more, kept apart in four bytes: a quarter of its squared error.\n"
        "llama.cpp falls back to it where rows are no multiple of 256.\n"
        "It breaks on price: Q5_K has less error in the same size."),
    GgufRow<GgufType::Q5_1>::row("q5_1", "GGUF Q5_1", "x̂ = d · code + m, one d and m (f16) per 32; m = smallest, d = (largest − smallest) / 31",
        "Blocks of 32 unsigned integers of 5 bits with a scale and a smallest value in half precision: 6 bits per weight.\n"
        "Weights from −0.31 to 0.31: d = 0.02. The weight 0.131 is 22.05 steps above −0.31, takes code 22 and reads back as 0.13.\n"
        "Both ends are kept, so lopsided blocks lose nothing.\n"
        "Zero is not a level: pruned weights do not stay 0.\n"
        "It breaks on price: Q5_K is as close and half a bit smaller."),
    GgufRow<GgufType::Q8_0>::row("q8_0", "GGUF Q8_0", "x̂ = d · code, one d (f16) per 32; d = largest |w| / 127",
        "Blocks of 32 integers of 8 bits with one half-precision scale: 8.5 bits per weight.\n"
        "Largest |w| 0.3: d = 0.00236. The weight 0.131 is 55.5 steps, takes code 55 and reads back as 0.1299.\n"
        "int8 in groups of 32: for most networks it cannot be told from float.\n"
        "It is what llama.cpp compares the smaller formats with.\n"
        "It breaks nothing but the size: twice that of 4 bits."),
    GgufRow<GgufType::Q2_K>::row("q2_k", "GGUF Q2_K", "x̂ = d · s · code − m · t, code 0 … 3; s and t of 4 bits per 16, d and m (f16) per 256",
        "Blocks of 256 weights in parts of 16; a part has a scale and a lowest value of 4 bits each: 2.625 bits per weight.\n"
        "Part with d · s = 0.1 and m · t = 0.15: the weight 0.131 is 2.81 steps above −0.15, takes code 3 and reads back as 0.15.\n"
        "Scales are searched: least Σ |w| · |error| over 17 trials, or by importance where it is given.\n"
        "Four levels in each part, but the parts have their own.\n"
        "It breaks small networks: give it importance, and keep the layers that matter in more bits."),
    GgufRow<GgufType::Q3_K>::row("q3_k", "GGUF Q3_K", "x̂ = d · s · (code − 4); s of 6 bits per 16, d (f16) per 256",
        "Blocks of 256 weights in parts of 16; a part has a signed scale of 6 bits: 3.4375 bits per weight.\n"
        "Part with d · s = 0.08: the weight 0.131 is 1.64 steps, takes code 6 and reads back as 0.16.\n"
        "Codes and scale are moved in turn while Σ w² · error² falls.\n"
        "Zero is a level; the negative end has one level more, and the scale's sign turns that to where it is needed.\n"
        "It breaks where 3 bits do: perplexity of large models rises by a few hundredths, of small ones more."),
    GgufRow<GgufType::Q4_K>::row("q4_k", "GGUF Q4_K", "x̂ = d · s · code − m · t, code 0 … 15; s and t of 6 bits per 32, d and m (f16) per 256",
        "Blocks of 256 weights in parts of 32; a part has a scale and a lowest value of 6 bits each: 4.5 bits per weight.\n"
        "Part with d · s = 0.04 and m · t = 0.3: the weight 0.131 is 10.8 steps above −0.3, takes code 11 and reads back as 0.14.\n"
        "Scale and lowest value are searched together by weighted least squares over 22 trials.\n"
        "Less than half of Q4_0's squared error in the same size: the usual choice for language models.\n"
        "It breaks on rows that are no multiple of 256, and 0 is seldom a level."),
    GgufRow<GgufType::Q5_K>::row("q5_k", "GGUF Q5_K", "x̂ = d · s · code − m · t, code 0 … 31; s and t of 6 bits per 32, d and m (f16) per 256",
        "Blocks of 256 weights in parts of 32; a part has a scale and a lowest value of 6 bits each: 5.5 bits per weight.\n"
        "Part with d · s = 0.02 and m · t = 0.31: the weight 0.131 is 22.05 steps above −0.31, takes code 22 and reads back as 0.13.\n"
        "Q4_K with a fifth bit: a quarter of its squared error.\n"
        "Most models are hard to tell from float with it.\n"
        "It breaks on rows that are no multiple of 256, and 0 is seldom a level."),
    GgufRow<GgufType::Q6_K>::row("q6_k", "GGUF Q6_K", "x̂ = d · s · (code − 32); s of 8 bits per 16, d (f16) per 256",
        "Blocks of 256 weights in parts of 16; a part has a signed scale of 8 bits: 6.5625 bits per weight.\n"
        "Part with d · s = 0.01: the weight 0.131 is 13.1 steps, takes code 45 and reads back as 0.13.\n"
        "Each scale is the best of 19 trials by Σ w² · error².\n"
        "llama.cpp takes it for output layers in its mixtures of 4 and 5 bits.\n"
        "It breaks little; where even this shows, take Q8_0."),
    GgufRow<GgufType::IQ4_NL>::row("iq4_nl", "GGUF IQ4_NL", "x̂ = d · {−127, −104, −83, −65, −49, −35, −22, −10, 1, 13, 25, 38, 53, 69, 89, 113}, one d (f16) per 32",
        "Blocks of 32 weights on 16 uneven levels with one half-precision scale: 4.5 bits per weight.\n"
        "With d = 0.003 the weight 0.131 is 43.7 units, takes level 38 and reads back as 0.114.\n"
        "Levels are dense near 0, where weights of a bell shape are many; the scale is the best of 16 trials.\n"
        "It is what NF4 is elsewhere, and the fallback of IQ4_XS for rows that are no multiple of 256.\n"
        "It breaks on even or lopsided blocks, where Q4_K is far closer. Zero is not a level: 1 unit is the nearest."),
    GgufRow<GgufType::IQ4_XS>::row("iq4_xs", "GGUF IQ4_XS", "x̂ = d · s · {−127 … 113, the levels of IQ4_NL}; s of 6 bits per 32, d (f16) per 256",
        "Blocks of 256 weights on the 16 uneven levels of IQ4_NL; parts of 32 have a scale of 6 bits: 4.25 bits per weight.\n"
        "With d · s = 0.003 the weight 0.131 is 43.7 units, takes level 38 and reads back as 0.114.\n"
        "A quarter of a bit smaller than IQ4_NL, and nearly as close.\n"
        "With importance it matches Q4_K on bell-shaped weights in less space.\n"
        "It breaks on even or lopsided parts, and on rows that are no multiple of 256."),
    GgufRow<GgufType::TQ1_0>::row("tq1_0", "GGUF TQ1_0", "x̂ = d · {−1, 0, 1}, one d (f16) per 256; d = largest |w|; five weights in a byte",
        "Blocks of 256 weights of three values, five to a byte: 1.6875 bits per weight.\n"
        "Largest |w| 0.3: d = 0.3. The weight 0.131 is 0.44 steps and reads back as 0; 0.16 becomes 0.3.\n"
        "It holds networks that were trained with three values (BitNet) without any loss.\n"
        "Reading needs multiplications by 3 to get the digits; TQ2_0 spends more and reads faster.\n"
        "It breaks every other network: a largest weight as the scale leaves most weights at 0."),
    GgufRow<GgufType::TQ2_0>::row("tq2_0", "GGUF TQ2_0", "x̂ = d · {−1, 0, 1}, one d (f16) per 256; d = largest |w|; four weights in a byte",
        "Blocks of 256 weights of three values, two bits each: 2.0625 bits per weight.\n"
        "Largest |w| 0.3: d = 0.3. The weight 0.131 is 0.44 steps and reads back as 0; 0.16 becomes 0.3.\n"
        "The values of TQ1_0, laid out for fast reading.\n"
        "It holds networks that were trained with three values (BitNet) without any loss.\n"
        "It breaks every other network: a largest weight as the scale leaves most weights at 0."),
    GgufRow<GgufType::IQ1_S>::row("iq1_s", "GGUF IQ1_S", "x̂ = d · s · ({−1, 0, 1} ± ⅛), eight codes one of 2048 points; s odd, of 3 bits, and ± per 32, d (f16) per 256",
        "Blocks of 256 weights; eight of them are one of 2048 points of a lattice of three values: 1.5625 bits per weight.\n"
        "With d · s = 0.1 and levels −0.0875, 0.0125, 0.1125 the weight 0.131 reads back as 0.1125, if a point near the others has it there.\n"
        "Levels of 32 weights are shifted up or down by an eighth of a step, whichever costs less.\n"
        "The smallest format of llama.cpp, for very large models and with importance.\n"
        "It breaks everything else: give it importance, or take IQ2_XXS."),
    GgufRow<GgufType::IQ1_M>::row("iq1_m", "GGUF IQ1_M", "x̂ = d · s · ({−1, 0, 1} ± ⅛), eight codes one of 2048 points and ±; s odd, of 3 bits, per 16, d (f16) per 256",
        "Blocks of 256 weights on the points of IQ1_S with scales for 16 weights and shifts for 8: 1.75 bits per weight.\n"
        "With d · s = 0.1 and levels −0.1125, −0.0125, 0.0875 the weight 0.131 reads back as 0.0875, if a point near the others has it there.\n"
        "The block's scale lies in the top bits of four words of scales.\n"
        "Noticeably closer than IQ1_S for a fifth of a bit.\n"
        "It breaks small and middling models: give it importance, or take IQ2_XXS."),
    GgufRow<GgufType::IQ2_XXS>::row("iq2_xxs", "GGUF IQ2_XXS", "x̂ = ± d · s / 8 · {8, 25, 43}, eight codes one of 256 points, seven signs free; s odd, of 4 bits, per 32, d (f16) per 256",
        "Blocks of 256 weights; eight magnitudes are one of 256 points of the E8 lattice: 2.0625 bits per weight.\n"
        "With d · s / 8 = 0.005 the levels are 0.04, 0.125 and 0.215: the weight 0.131 reads back as 0.125, if a point near the others has it there.\n"
        "Minus signs of eight weights are even in number, so seven bits hold them; the cheapest one is turned where they are not.\n"
        "Points come from the vectors that trained models have most often.\n"
        "It breaks small models and layers that matter; llama.cpp writes it with importance only."),
    GgufRow<GgufType::IQ2_XS>::row("iq2_xs", "GGUF IQ2_XS", "x̂ = ± d · s / 8 · {8, 25, 43}, eight codes one of 512 points, seven signs free; s odd, of 4 bits, per 16, d (f16) per 256",
        "Blocks of 256 weights; eight magnitudes are one of 512 points of the E8 lattice: 2.3125 bits per weight.\n"
        "With d · s / 8 = 0.005 the levels are 0.04, 0.125 and 0.215: the weight 0.131 reads back as 0.125, if a point near the others has it there.\n"
        "IQ2_XXS with twice the points and scales for 16 weights.\n"
        "For large models; llama.cpp writes it with importance only.\n"
        "It breaks small models; Q2_K is a third of a bit larger and has no points to miss."),
    GgufRow<GgufType::IQ2_S>::row("iq2_s", "GGUF IQ2_S", "x̂ = ± d · s / 8 · {8, 25, 43}, eight codes one of 1024 points; s odd, of 4 bits, per 16, d (f16) per 256",
        "Blocks of 256 weights; eight magnitudes are one of 1024 points of the E8 lattice, each weight has its sign: 2.5625 bits per weight.\n"
        "With d · s / 8 = 0.005 the levels are 0.04, 0.125 and 0.215: the weight 0.131 reads back as 0.125, if a point near the others has it there.\n"
        "The best of the formats below Q2_K, and usually closer than Q2_K itself.\n"
        "For large models, with importance.\n"
        "It breaks even and lopsided blocks: zero is not a level, and far from the points there is nothing."),
    GgufRow<GgufType::IQ3_XXS>::row("iq3_xxs", "GGUF IQ3_XXS", "x̂ = ± d · s / 4 · {4, 12, 20, 28, 36, 44, 52, 62}, four codes one of 256 points, seven of eight signs free; s odd, of 4 bits, per 32, d (f16) per 256",
        "Blocks of 256 weights; four magnitudes are one of 256 points of the D4 lattice: 3.0625 bits per weight.\n"
        "With d · s / 4 = 0.005 the levels are 0.02, 0.06, 0.1, 0.14 and on: the weight 0.131 reads back as 0.14, if a point near the others has it there.\n"
        "Minus signs of eight weights are even in number; the cheapest one is turned where they are not.\n"
        "Closer than Q2_K by far, and smaller than Q3_K.\n"
        "It breaks even and lopsided blocks; without importance Q3_K is the safer choice."),
    GgufRow<GgufType::IQ3_S>::row("iq3_s", "GGUF IQ3_S", "x̂ = ± d · s · {1, 3, 5 … 15}, four codes one of 512 points; s odd, of 4 bits, per 32, d (f16) per 256",
        "Blocks of 256 weights; four magnitudes are one of 512 points of a lattice, each weight has its sign: 3.4375 bits per weight.\n"
        "With d · s = 0.02 the levels are 0.02, 0.06, 0.1, 0.14 and on: the weight 0.131 reads back as 0.14, if a point near the others has it there.\n"
        "The size of Q3_K; points are dense where bell-shaped weights are many.\n"
        "With importance it is the best of llama.cpp's formats of three bits.\n"
        "It breaks even and lopsided blocks, where Q3_K is closer."),
};

const GgufForm* ggufFormOf(std::string_view codec) noexcept {
    for (std::size_t i = 0; i < std::size(kGgufCodecs); ++i)
        if (kGgufCodecs[i].name == codec) return &kGgufForms[i < static_cast<std::size_t>(GgufType::MXFP4) ? i : i + 1];  // MXFP4 has a codec elsewhere
    return nullptr;
}

}  // namespace bitlathe
