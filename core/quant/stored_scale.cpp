#include "core/quant/stored_scale.h"

#include "core/quant/small_float.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {

// The power of two that is not below the scale, 2^-126 … 2^127: E8M0 without the subnormal end.
float powerNotBelow(float scale) noexcept {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(scale);
    const std::uint32_t up = (bits + 0x7fffff) & 0x7f800000;
    return std::bit_cast<float>(std::clamp<std::uint32_t>(up, 1u << 23, 254u << 23));
}

SharedScales shareE4M3(std::span<float> scales) {
    SharedScales shared;
    shared.codes.resize(scales.size());
    const float largest = *std::max_element(scales.begin(), scales.end());
    const float outer = std::max(largest / kE4M3FN.max, std::numeric_limits<float>::min());
    shared.outer = {outer};
    for (std::size_t g = 0; g < scales.size(); ++g) {
        if (!(scales[g] > 0)) continue;
        shared.codes[g] = std::max<std::uint8_t>(encodeSmallFloat(kE4M3FN, scales[g] / outer), 1);
        scales[g] = outer * decodeSmallFloat(kE4M3FN, shared.codes[g]);
    }
    return shared;
}

SharedScales shareU8(std::span<float> scales) {
    SharedScales shared;
    shared.codes.resize(scales.size());
    for (std::size_t begin = 0; begin < scales.size(); begin += kSharingGroups) {
        const std::size_t end = std::min(scales.size(), begin + static_cast<std::size_t>(kSharingGroups));
        const float largest = *std::max_element(scales.begin() + static_cast<std::ptrdiff_t>(begin), scales.begin() + static_cast<std::ptrdiff_t>(end));
        const float outer = std::max(largest / 255.0f, std::numeric_limits<float>::min());
        shared.outer.push_back(outer);
        for (std::size_t g = begin; g < end; ++g) {
            if (!(scales[g] > 0)) continue;
            const float code = std::clamp(std::nearbyint(scales[g] / outer), 1.0f, 255.0f);
            shared.codes[g] = static_cast<std::uint8_t>(code);
            scales[g] = outer * code;
        }
    }
    return shared;
}

// As bitsandbytes' quantize_blockwise of absmax − mean: a value on a midpoint gets the lower code.
SharedScales shareDynamic(std::span<float> scales) {
    const auto& map = dynamicMap();
    SharedScales shared;
    shared.codes.resize(scales.size());
    double sum = 0;
    for (const float scale : scales) sum += double(scale);
    shared.offset = float(sum / double(scales.size()));
    for (std::size_t begin = 0; begin < scales.size(); begin += kSharingGroups) {
        const std::size_t end = std::min(scales.size(), begin + static_cast<std::size_t>(kSharingGroups));
        float outer = 0;
        for (std::size_t g = begin; g < end; ++g) outer = std::max(outer, std::fabs(scales[g] - shared.offset));
        shared.outer.push_back(outer);
        for (std::size_t g = begin; g < end; ++g) {
            const float x = outer > 0 ? std::clamp((scales[g] - shared.offset) / outer, -1.0f, 1.0f) : 0.0f;
            int code = 0;
            while (code < 255 && x > (map[static_cast<std::size_t>(code)] + map[static_cast<std::size_t>(code) + 1]) / 2.0f) ++code;
            const auto value = [&] { return outer * map[static_cast<std::size_t>(code)] + shared.offset; };
            while (scales[g] > 0 && code < 255 && !(value() > 0)) ++code;  // a scale must stay one
            shared.codes[g] = static_cast<std::uint8_t>(code);
            if (scales[g] > 0) scales[g] = value();
        }
    }
    return shared;
}

}  // namespace

std::string_view nameOf(ScaleType type) noexcept {
    constexpr std::string_view kNames[] = {"f32", "f16", "bf16", "e8m0", "e4m3", "u8", "dynamic8", "one"};
    return kNames[static_cast<int>(type)];
}

int bitsOf(ScaleType type) noexcept {
    constexpr int kBits[] = {32, 16, 16, 8, 8, 8, 8, 0};
    return kBits[static_cast<int>(type)];
}

bool isShared(ScaleType type) noexcept { return type == ScaleType::E4M3 || type == ScaleType::U8 || type == ScaleType::Dynamic8; }

std::int64_t sharedScaleBits(ScaleType type, std::int64_t groups) noexcept {
    if (!isShared(type) || groups <= 0) return 0;
    if (type == ScaleType::E4M3) return 32;
    const std::int64_t blocks = (groups + kSharingGroups - 1) / kSharingGroups;
    return 32 * (blocks + (type == ScaleType::Dynamic8 ? 1 : 0));
}

float roundScale(ScaleType type, float scale) noexcept {
    if (type == ScaleType::One) return 1.0f;
    if (!(scale > 0)) return 0.0f;
    switch (type) {
    case ScaleType::F16: return std::clamp(halfToFloat(floatToHalf(std::min(scale, 65504.0f))), 0x1p-24f, 65504.0f);
    case ScaleType::BF16: return std::max(bfloatToFloat(floatToBfloat(std::min(scale, 0x1.fep127f))), 0x1p-126f);
    case ScaleType::E8M0: return powerNotBelow(scale);
    default: return scale;
    }
}

SharedScales shareScales(ScaleType type, std::span<float> scales) {
    assert(isShared(type));
    if (scales.empty()) return {};
    if (type == ScaleType::E4M3) return shareE4M3(scales);
    return type == ScaleType::U8 ? shareU8(scales) : shareDynamic(scales);
}

}  // namespace bitlathe
