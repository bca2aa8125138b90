#include "core/quant/codec_table.h"

#include "core/quant/fixed_levels.h"
#include "core/quant/level_table.h"
#include "core/quant/stored_scale.h"

#include <algorithm>
#include <limits>

namespace bitlathe {

namespace {

// The row whose unit table is tableOf(spec), by value or by reference.
template <auto tableOf>
struct TableRow {
    static ElementType codeType(const QuantSpec&) noexcept { return ElementType::U8; }
    static int innerBytes(const QuantSpec&) noexcept { return 0; }
    static int parameterBits(const QuantSpec& spec) noexcept { return bitsOf(scaleTypeOf(spec)); }
    static bool fitNeedsValues(const QuantSpec&) noexcept { return false; }
    static bool holdsZero(const QuantSpec& spec) noexcept {
        const auto& table = tableOf(spec);
        return std::find(table.levels.begin(), table.levels.begin() + table.count, 0.0f) != table.levels.begin() + table.count;
    }
    // The largest magnitude of the range meets the largest level.
    static void fit(const QuantSpec& spec, std::span<const float>, std::span<const float>, ValueRange range, GroupParameters& out) noexcept {
        const float largest = std::max(-range.lo, range.hi);
        out.zeroPoint = 0;
        out.scale = largest > 0 ? roundScale(scaleTypeOf(spec), std::max(largest / tableOf(spec).largest, std::numeric_limits<float>::min())) : 0.0f;
        if (scaleTypeOf(spec) == ScaleType::One) out.scale = 1.0f;
    }
    static void encode(const QuantSpec& spec, const GroupParameters& group, std::span<const float> x, std::span<std::byte> codes) noexcept {
        encodeLevels(tableOf(spec), group.scale, x, codes);
    }
    static void decode(const QuantSpec& spec, const GroupParameters& group, std::span<const std::byte> codes, std::span<float> out) noexcept {
        decodeLevels(tableOf(spec), group.scale, codes, out);
    }
    static LevelFormat fastFormat(const QuantSpec&) noexcept { return {.kind = LevelFormat::Kind::Levels}; }
    static void fastTable(const QuantSpec& spec, const GroupParameters&, LevelTable& out) noexcept { out = tableOf(spec); }
    static ValueRange representable(const QuantSpec& spec, const GroupParameters& group) noexcept {
        const auto& table = tableOf(spec);
        return {group.scale * table.levels[0], group.scale * table.levels[static_cast<std::size_t>(table.count - 1)]};
    }
    static std::vector<float> levels(const QuantSpec& spec, const GroupParameters& group) {
        const auto& table = tableOf(spec);
        std::vector<float> all(table.levels.begin(), table.levels.begin() + table.count);
        for (float& level : all) level *= group.scale;
        return all;
    }

    static constexpr Codec row(std::string_view name, std::string_view label, int minBits, int maxBits, std::string_view formula, std::string_view explanation) {
        return Codec{
            .name = name, .label = label, .formula = formula, .explanation = explanation,
            .minBits = minBits, .maxBits = maxBits,
            .takesSymmetric = false, .takesNarrow = false,
            .scaleTypes = kScaleTypesOrNone,
            .codeType = codeType, .innerBytes = innerBytes, .parameterBits = parameterBits, .fitNeedsValues = fitNeedsValues,
            .holdsZero = holdsZero, .fit = fit, .encode = encode, .decode = decode, .squaredError = nullptr,
            .fast = {.format = fastFormat, .table = fastTable},
            .representable = representable, .levels = levels,
        };
    }
};

LevelTable userTable(const QuantSpec& spec) noexcept {
    constexpr float kZero[] = {0.0f};  // a spec that validation refuses
    return levelTable(spec.table.empty() || spec.table.size() > 256 ? std::span<const float>(kZero) : std::span<const float>(spec.table));
}
constexpr Codec userRow() {
    Codec codec = TableRow<userTable>::row("table", "Own table", 1, 8, "x̂ = scale · table[code], the nearest; scale = largest / largest level",
                                           "Levels of your own, from a file with one number per line, times a scale per group.\n"
                                           "The scale brings the level of largest magnitude to the largest weight; each weight takes the nearest level.\n"
                                           "With levels −1, −0.3, 0, 0.3, 1 and scale 0.4 the weight 0.131 is 0.33 units and reads back as 0.12.\n"
                                           "It suits levels that some chip or paper prescribes, or that were learned elsewhere.\n"
                                           "It breaks without a level at 0: pruned weights come back, and sums drift.");
    codec.takesTable = true;
    return codec;
}

}  // namespace

constinit const Codec kTableCodecs[6] = {
    TableRow<nf4Levels>::row("nf4", "NF4", 4, 4, "x̂ = scale · normal quantile[code], 16 levels from −1 to 1; scale = largest |w|",
                             "16 levels at the quantiles of a bell curve, from −1 to 1 with an exact 0 (QLoRA, bitsandbytes).\n"
                             "scale = largest |w| of the group. With scale 0.4 the weight 0.131 is 0.33 units, takes level 0.338 and reads back as 0.135.\n"
                             "Levels are dense where weights of a bell shape are many, so that all codes are used about equally.\n"
                             "bitsandbytes takes groups of 64 and stores their scales in 8 bits: choose scale dynamic8.\n"
                             "It breaks on shapes that are no bell, and in long groups, where the largest weight spreads all levels."),
    TableRow<fp4Levels>::row("fp4bnb", "FP4 (bitsandbytes)", 4, 4, "x̂ = scale · {0, 1/192, 1/6, 1/4, 1/3, 1/2, 2/3, 1}, ±; scale = largest |w|",
                             "bitsandbytes' float of 4 bits: 0, 1/192, 1/6, 1/4, 1/3, 1/2, 2/3 and 1, and their negatives.\n"
                             "scale = largest |w| of the group. With scale 0.4 the weight 0.131 is 0.33 units, takes 1/3 and reads back as 0.133.\n"
                             "It is FP4 E2M1 with its smallest step moved close to 0.\n"
                             "It is there because files hold it: NF4 is closer on nearly every network.\n"
                             "It breaks on weights near 1/12 of the largest: there is no level between 1/192 and 1/6."),
    TableRow<log2Levels>::row("log2", "Logarithmic, base 2", 2, 6, "x̂ = ± scale · 2^−e or 0, the nearest; e = 0 … 2^(b−1) − 2; scale = largest |w|",
                              "Powers of two: sign, exponent, and a code for an exact 0. Multiplying is a shift.\n"
                              "scale = largest |w|. With scale 0.4 the weight 0.131 is 0.33 units, takes 2^−2 and reads back as 0.1.\n"
                              "The error is up to a third of every weight, small or large: 4 bits reach over 6 powers of two.\n"
                              "More bits reach further down, but do not come closer: the levels near the top stay where they are.\n"
                              "It breaks on the large weights, which matter most: nothing lies between 1 and ½."),
    TableRow<logSqrt2Levels>::row("logsqrt2", "Logarithmic, base √2", 2, 7, "x̂ = ± scale · 2^(−e/2) or 0, the nearest; e = 0 … 2^(b−1) − 2; scale = largest |w|",
                                  "Powers of √2: twice as many levels per octave as base 2, with an exact 0.\n"
                                  "scale = largest |w|. With scale 0.4 the weight 0.131 is 0.33 units, takes 2^−1.5 = 0.354 and reads back as 0.141.\n"
                                  "The error is up to a sixth of every weight; 5 bits reach over 7 octaves.\n"
                                  "It suits tensors whose weights differ by many powers of two.\n"
                                  "It breaks near the largest weight, where its steps are wide, and half of its levels are no plain shifts."),
    TableRow<apotLevels>::row("apot", "Sums of powers of two", 2, 8, "x̂ = ± scale · Σ terms, each 0 or one of its own three powers of two; scale = largest |w| / largest sum",
                              "Each level is a sum of a few powers of two, one from each of several lists (APoT, Li et al. 2020).\n"
                              "4 bits: {0, 1/2, 1/4, 1/16} + {0, 1/8}. The largest sum is 5/8; with scale 0.64 the weight 0.131 is 0.2 units, takes 3/16, reads 0.12.\n"
                              "Multiplying is a shift and an add per term, yet there are levels near the top, where base 2 has none.\n"
                              "Levels are denser near 0, as bell-shaped weights are.\n"
                              "It breaks where the weights spread evenly: an integer of the same bits is closer."),
    userRow(),
};

}  // namespace bitlathe
