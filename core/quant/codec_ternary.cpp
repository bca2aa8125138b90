#include "core/quant/codec_ternary.h"

#include "core/quant/affine.h"
#include "core/quant/level_table.h"
#include "core/quant/stored_scale.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace bitlathe {

namespace {

constexpr CodeRange kTernary{-1, 1};
// BitNet divides by mean + ε; ε is kept small against means of any size.
constexpr float kEpsilon = 1e-5f;
constexpr float kLargest = std::numeric_limits<float>::max();

bool isMeant(float magnitude, float above) noexcept { return magnitude <= kLargest && magnitude > above; }

constexpr std::size_t kLanes = 16, kPiece = 256;
struct Lanes {
    float sums[kLanes] = {};
    std::int32_t counts[kLanes] = {};
};
// Of kPiece values; a function of its own, which the compiler keeps in vectors.
[[gnu::noinline]] void addPiece(const float* x, float above, Lanes& to) noexcept {
    // Magnitudes order as their bits do.
    const std::int32_t beyond = above < 0 ? -1 : std::bit_cast<std::int32_t>(above);
    Lanes lanes;
    for (std::size_t i = 0; i < kPiece; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            const std::int32_t magnitude = std::bit_cast<std::int32_t>(x[i + lane]) & 0x7fffffff;
            const std::int32_t meant = -(magnitude > beyond) & -(magnitude < 0x7f800000);  // all ones, or 0
            lanes.sums[lane] += std::bit_cast<float>(magnitude & meant);
            lanes.counts[lane] -= meant;
        }
    to = lanes;
}

// The mean of |x| over finite x with |x| > above; 0 when there are none.
float meanMagnitude(std::span<const float> x, float above) noexcept {
    double sum[kLanes] = {}, count[kLanes] = {};
    const std::size_t whole = x.size() / kPiece * kPiece;
    for (std::size_t at = 0; at < whole; at += kPiece) {
        Lanes lanes;
        addPiece(x.data() + at, above, lanes);
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            sum[lane] += double(lanes.sums[lane]);
            count[lane] += double(lanes.counts[lane]);
        }
    }
    for (std::size_t i = whole; i < x.size(); ++i)
        if (isMeant(std::fabs(x[i]), above)) {
            sum[i % kLanes] += double(std::fabs(x[i]));
            count[i % kLanes] += 1;
        }
    for (std::size_t lane = 1; lane < kLanes; ++lane) {
        sum[0] += sum[lane];
        count[0] += count[lane];
    }
    return count[0] > 0 ? float(sum[0] / count[0]) : 0.0f;
}

// The same, weighted.
float meanMagnitude(std::span<const float> x, std::span<const float> importance, float above) noexcept {
    if (importance.empty()) return meanMagnitude(x, above);
    double sum = 0, weight = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (!isMeant(std::fabs(x[i]), above)) continue;
        sum += double(importance[i]) * double(std::fabs(x[i]));
        weight += double(importance[i]);
    }
    return weight > 0 ? float(sum / weight) : 0.0f;
}

float thresholdOf(const GroupParameters& group) noexcept {
    float threshold = 0;
    if (group.inner.size() >= sizeof threshold) std::memcpy(&threshold, group.inner.data(), sizeof threshold);
    return threshold;
}

// inner: the threshold, which only the encoder reads; no file holds it.
void fitTwn(const QuantSpec& spec, std::span<const float> x, std::span<const float> importance, ValueRange, GroupParameters& out) noexcept {
    float threshold = 0.7f * meanMagnitude(x, importance, -1.0f);
    out.scale = roundScale(scaleTypeOf(spec), meanMagnitude(x, importance, threshold));
    if (threshold >= out.scale) threshold = 0.7f * out.scale;  // weights beyond what the scale's type can hold
    std::memcpy(out.inner.data(), &threshold, sizeof threshold);
    out.zeroPoint = 0;
}
void encodeTwn(const QuantSpec&, const GroupParameters& group, std::span<const float> x, std::span<std::byte> codes) noexcept {
    const float threshold = thresholdOf(group);
    for (std::size_t i = 0; i < x.size(); ++i)
        codes[i] = static_cast<std::byte>(static_cast<std::int8_t>((x[i] > threshold ? 1 : 0) - (x[i] < -threshold ? 1 : 0)));
}

void fitBitNet(const QuantSpec& spec, std::span<const float> x, std::span<const float> importance, ValueRange, GroupParameters& out) noexcept {
    out.scale = roundScale(scaleTypeOf(spec), meanMagnitude(x, importance, -1.0f));
    out.zeroPoint = 0;
}
float divisorOf(const GroupParameters& group) noexcept { return group.scale + std::min(kEpsilon, group.scale * 0x1p-10f); }
void encodeBitNet(const QuantSpec&, const GroupParameters& group, std::span<const float> x, std::span<std::byte> codes) noexcept {
    encodeAffine(x, {divisorOf(group), 0}, kTernary, std::span(reinterpret_cast<std::int8_t*>(codes.data()), codes.size()));
}

void decode(const QuantSpec&, const GroupParameters& group, std::span<const std::byte> codes, std::span<float> out) noexcept {
    decodeAffine(std::span(reinterpret_cast<const std::int8_t*>(codes.data()), codes.size()), {group.scale, 0}, out);
}

// Level i + 1 from just above thresholds[i] on.
LevelTable ternaryTable(float below, float above) noexcept {
    LevelTable table = levelTable(std::array<float, 3>{-1, 0, 1});
    table.thresholds[0] = below;
    table.thresholds[1] = above;
    table.codes = {0xff, 0, 1};
    return table;
}
float before(float v) noexcept { return std::nextafter(v, -std::numeric_limits<float>::infinity()); }
LevelFormat fastFormat(const QuantSpec&) noexcept { return {.kind = LevelFormat::Kind::Levels}; }

constexpr Codec row(std::string_view name, std::string_view label, std::string_view formula, std::string_view explanation) {
    return Codec{
        .name = name, .label = label, .formula = formula, .explanation = explanation,
        .minBits = 2, .maxBits = 2,
        .takesSymmetric = false, .takesNarrow = false, .takesRange = false,
        .decodesAffine = true, .takesNearest = false,
        .scaleTypes = kScaleTypes,
        .codeType = [](const QuantSpec&) noexcept { return ElementType::I8; },
        .innerBytes = [](const QuantSpec&) noexcept { return 0; },
        .parameterBits = [](const QuantSpec& spec) noexcept { return bitsOf(scaleTypeOf(spec)); },
        .fitNeedsValues = [](const QuantSpec&) noexcept { return true; },
        .holdsZero = [](const QuantSpec&) noexcept { return true; },
        .fit = fitBitNet, .encode = encodeBitNet, .decode = decode, .squaredError = nullptr,
        .fast = {.format = fastFormat, .divisor = divisorOf,
                 .table = [](const QuantSpec&, const GroupParameters&, LevelTable& out) noexcept { out = ternaryTable(before(-0.5f), 0.5f); }},  // ties go to 0
        .representable = [](const QuantSpec&, const GroupParameters& group) noexcept { return ValueRange{-group.scale, group.scale}; },
        .levels = [](const QuantSpec&, const GroupParameters& group) { return std::vector<float>{-group.scale, 0.0f, group.scale}; },
    };
}

constexpr Codec twn() {
    Codec codec = row("ternary", "Ternary, by threshold", "x̂ = scale · {−1, 0, 1}; 0 where |x| <= 0.7 · mean|x|; scale = mean of the other |x|",
                      "Three levels: −scale, 0, +scale (ternary weight networks, Li and Liu 2016).\n"
                      "What is below 0.7 times the mean magnitude becomes 0; the scale is the mean magnitude of the rest.\n"
                      "With a mean of 0.1 the threshold is 0.07 and the scale about 0.15: the weight 0.131 reads back as 0.15.\n"
                      "Products become additions and subtractions; a third to a half of them vanish.\n"
                      "It breaks networks that were not trained for it: expect to retrain, or keep it for a few robust layers.");
    codec.innerBytes = [](const QuantSpec&) noexcept { return static_cast<int>(sizeof(float)); };
    codec.fit = fitTwn;
    codec.encode = encodeTwn;
    // x / threshold rounds to more than 1 just where x > threshold: the next float is more than half an ulp of 1 away.
    codec.fast.divisor = thresholdOf;
    codec.fast.table = [](const QuantSpec&, const GroupParameters&, LevelTable& out) noexcept { out = ternaryTable(before(-1.0f), 1.0f); };
    return codec;
}

}  // namespace

constinit const Codec kTernaryCodecs[2] = {
    twn(),
    row("bitnet", "Ternary, by mean (BitNet)", "x̂ = scale · clip(nearest(x / (scale + ε)), −1, 1); scale = mean|x|, ε = 0.00001",
        "Three levels: −scale, 0, +scale, where the scale is the mean magnitude (BitNet b1.58).\n"
        "What is below half the mean becomes 0. With a mean of 0.1 the weight 0.131 is 1.31 units and reads back as 0.1.\n"
        "It is the format of networks that were trained in it; on those, it loses nothing.\n"
        "BitNet takes one scale for the whole tensor: choose granularity tensor.\n"
        "It breaks ordinary networks even more than the threshold of ternary weight networks, whose scale is larger.")};

}  // namespace bitlathe
