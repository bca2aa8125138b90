// How a file holds the scales of groups: what rounding that means and how many bits it costs. Some types
// hold a scale by itself, others as a code times a scale that groups share ("double quantization").
// Knows no tensors and no codecs.
#pragma once

#include "core/quant/scheme.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace bitlathe {

// "f32", "f16", "bf16", "e8m0", "e4m3", "u8", "dynamic8", "one": stable, in recipes.
std::string_view nameOf(ScaleType type) noexcept;
// Bits that a file holds for each group: 32 … 0.
int bitsOf(ScaleType type) noexcept;
// Whether codes of scales are relative to something that groups share.
bool isShared(ScaleType type) noexcept;
// Bits beside those of each group: E4M3 one float32; U8 one per 256 groups; Dynamic8 one more, its offset.
std::int64_t sharedScaleBits(ScaleType type, std::int64_t groups) noexcept;

// The scale as the type gives it back: nearest for F16 and BF16, the next power of two that is not
// smaller for E8M0 (so that nothing is clipped), 1 for One; positive and finite for scale > 0, and 0 for
// 0. Types that share are returned as they are: shareScales() rounds them.
float roundScale(ScaleType type, float scale) noexcept;

inline constexpr std::int64_t kSharingGroups = 256;

// Scales as codes, when isShared(type); else empty. The scale of group g reads back as
//   E4M3      outer[0] · e4m3(codes[g]), outer[0] = largest / 448                                (NVFP4)
//   U8        outer[g / 256] · codes[g], outer = largest / 255
//   Dynamic8  outer[g / 256] · dynamicMap()[codes[g]] + offset, offset = mean, outer = largest |scale − offset|
struct SharedScales {
    float offset = 0;
    std::vector<float> outer;
    std::vector<std::uint8_t> codes;
    bool operator==(const SharedScales&) const = default;
};
// Codes of the scales (>= 0, finite), which are replaced by what they read back as. A scale above 0 stays
// above 0, a scale of 0 stays 0. isShared(type) must hold.
SharedScales shareScales(ScaleType type, std::span<float> scales);

// bitsandbytes' signed dynamic map (create_dynamic_map): 256 ascending values, 0 and 1 among them; 7
// decades, each with twice the values of the one below.
const std::array<float, 256>& dynamicMap() noexcept;

// What formats with one scale per group offer.
inline constexpr ScaleType kScaleTypes[] = {ScaleType::F32, ScaleType::F16, ScaleType::BF16, ScaleType::E8M0, ScaleType::E4M3, ScaleType::U8, ScaleType::Dynamic8};
inline constexpr ScaleType kScaleTypesOrNone[] = {ScaleType::F32, ScaleType::F16, ScaleType::BF16, ScaleType::E8M0, ScaleType::E4M3, ScaleType::U8, ScaleType::Dynamic8, ScaleType::One};
inline constexpr ScaleType kHalfOrFloat[] = {ScaleType::F32, ScaleType::F16, ScaleType::BF16};

}  // namespace bitlathe
