#include "core/quant/codec_lookup.h"

#include "core/quant/level_table.h"
#include "core/quant/optimal_table.h"
#include "core/quant/stored_scale.h"

#include <algorithm>
#include <cstring>

namespace bitlathe {

namespace {

// inner: 2^bits levels as float, ascending; where there are fewer, the last one fills up. The scale is 1:
// QuantSpec::scale says how the file holds each level.
std::size_t countOf(const QuantSpec& spec) noexcept { return std::size_t{1} << spec.bits; }

LevelTable tableOf(const QuantSpec& spec, const GroupParameters& group) noexcept {
    std::array<float, 256> levels{};
    std::memcpy(levels.data(), group.inner.data(), std::min(group.inner.size(), countOf(spec) * sizeof(float)));
    return levelTable(std::span(levels).first(countOf(spec)));
}

float stored(ScaleType type, float level) noexcept { return level < 0 ? -roundScale(type, -level) : roundScale(type, level); }

void keep(const QuantSpec& spec, std::span<const float> made, GroupParameters& out) noexcept {
    std::array<float, 256> levels{};
    const ScaleType type = scaleTypeOf(spec);
    for (std::size_t i = 0; i < countOf(spec); ++i) levels[i] = made.empty() ? 0.0f : stored(type, made[std::min(i, made.size() - 1)]);
    std::memcpy(out.inner.data(), levels.data(), countOf(spec) * sizeof(float));
    out.scale = 1.0f;
    out.zeroPoint = 0;
}

void fitKMeans(const QuantSpec& spec, std::span<const float> x, std::span<const float> importance, ValueRange, GroupParameters& out) noexcept {
    keep(spec, leastSquaresLevels(weightedPoints(x, importance), 1 << spec.bits, out.stop), out);
}
void fitQuantiles(const QuantSpec& spec, std::span<const float> x, std::span<const float> importance, ValueRange, GroupParameters& out) noexcept {
    keep(spec, equalProbabilityLevels(weightedPoints(x, importance), 1 << spec.bits), out);
}
void fitEqual(const QuantSpec& spec, std::span<const float>, std::span<const float>, ValueRange range, GroupParameters& out) noexcept {
    std::array<float, 256> levels{};
    const double steps = double(countOf(spec) - 1);
    for (std::size_t i = 0; i < countOf(spec); ++i) levels[i] = float(double(range.lo) + (double(range.hi) - double(range.lo)) * (double(i) / steps));
    keep(spec, std::span(levels).first(countOf(spec)), out);
}

void encode(const QuantSpec& spec, const GroupParameters& group, std::span<const float> x, std::span<std::byte> codes) noexcept {
    encodeLevels(tableOf(spec, group), 1.0f, x, codes);
}
void decode(const QuantSpec& spec, const GroupParameters& group, std::span<const std::byte> codes, std::span<float> out) noexcept {
    std::array<float, 256> levels{};
    std::memcpy(levels.data(), group.inner.data(), std::min(group.inner.size(), countOf(spec) * sizeof(float)));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = levels[std::to_integer<std::size_t>(codes[i])];
}
ValueRange representable(const QuantSpec& spec, const GroupParameters& group) noexcept {
    const LevelTable table = tableOf(spec, group);
    return {table.levels[0], table.levels[static_cast<std::size_t>(table.count - 1)]};
}
std::vector<float> levels(const QuantSpec& spec, const GroupParameters& group) {
    const LevelTable table = tableOf(spec, group);
    return {table.levels.begin(), table.levels.begin() + table.count};
}

constexpr Codec row(std::string_view name, std::string_view label, std::string_view formula, std::string_view explanation, decltype(Codec::fit) fit) {
    return Codec{
        .name = name, .label = label, .formula = formula, .explanation = explanation,
        .minBits = 1, .maxBits = 8,
        .takesSymmetric = false, .takesNarrow = false, .takesRange = false,
        .fitsPoints = true,
        .scaleTypes = kHalfOrFloat,
        .codeType = [](const QuantSpec&) noexcept { return ElementType::U8; },
        .innerBytes = [](const QuantSpec& spec) noexcept { return static_cast<int>(countOf(spec) * sizeof(float)); },
        .parameterBits = [](const QuantSpec& spec) noexcept { return static_cast<int>(countOf(spec)) * bitsOf(scaleTypeOf(spec)); },
        .fitNeedsValues = [](const QuantSpec&) noexcept { return true; },
        .holdsZero = [](const QuantSpec&) noexcept { return false; },
        .fit = fit, .encode = encode, .decode = decode, .squaredError = nullptr,
        .fast = {.format = [](const QuantSpec&) noexcept { return LevelFormat{.kind = LevelFormat::Kind::Levels}; },
                 .table = [](const QuantSpec& spec, const GroupParameters& group, LevelTable& out) noexcept { out = tableOf(spec, group); },
                 .tablePerGroup = true},
        .representable = representable, .levels = levels,
    };
}

constexpr Codec equalRow() {
    Codec codec = row("equal", "Lookup table, equal steps", "x̂ = table[code], the nearest; table = 2^b equal steps from the smallest to the largest weight",
                      "Levels in equal steps from the smallest to the largest weight, both of which are kept exactly.\n"
                      "4 bits from −0.3 to 0.3: a step is 0.04. The weight 0.131 takes level 0.14.\n"
                      "It is an asymmetric integer that need not hold 0, stored as a table.\n"
                      "It is there for comparison, and for chips that only know tables.\n"
                      "It breaks on outliers as integers do, and pruned weights do not stay 0.",
                      fitEqual);
    codec.takesRange = true;
    codec.fitsPoints = false;
    codec.fitNeedsValues = [](const QuantSpec&) noexcept { return false; };
    return codec;
}

}  // namespace

constinit const Codec kLookupCodecs[3] = {
    row("kmeans", "Lookup table, k-means", "x̂ = table[code], the nearest; table = the 2^b levels of least Σ importance · (x − x̂)²",
        "2^b levels, placed so that the squared error is the least possible: the true optimum, not a local one.\n"
        "Each level is the mean of the weights that take it. Levels −0.2, 0.01, 0.14: the weight 0.131 takes 0.14.\n"
        "No other format of as many levels per group comes closer; weights that matter more pull levels towards them.\n"
        "The codes count how often each level is used, so an entropy coder shortens them further: weight sharing.\n"
        "It breaks on its table: 16 levels cost 512 bits per group, so groups must be long. Store levels as f16 to halve it.",
        fitKMeans),
    row("quantile", "Lookup table, equal probability", "x̂ = table[code], the nearest; table = means of 2^b parts with equally many weights",
        "Cuts the sorted weights into 2^b parts with equally many in each; a level is the mean of its part.\n"
        "All codes are used equally often, so none of their bits are wasted, and none can be saved by an entropy coder.\n"
        "Levels crowd where weights do: half of them may lie within a tenth of the range.\n"
        "Large weights share few levels: with 4 bits the largest sixteenth become one value.\n"
        "It breaks on those: k-means has the smaller squared error on every tensor, and the largest weights matter most.",
        fitQuantiles),
    equalRow(),
};

}  // namespace bitlathe
