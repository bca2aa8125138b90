// The blocks of GGUF files: a fixed number of weights in a fixed number of bytes, bit for bit as ggml lays
// them out. What a block holds is parameters (scales, in parts of the block) and one code per weight;
// fitting chooses parameters, encoding chooses codes, joining makes the bytes. Knows no files, tensors or codecs.
//
// A weight reads back as scale · level(code) − min, with the scale and the min of its part, in float32
// and in this order, which gives ggml's own values.
#pragma once

#include "core/kernels/gguf_type.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bitlathe {

// Of the lattice types, whose codes are chosen in groups: not every row of codes is a point.
inline constexpr std::array<std::int8_t, 6> kLattice2Levels = {-43, -25, -8, 8, 25, 43};
inline constexpr std::array<std::int8_t, 16> kLattice3XxsLevels = {-62, -52, -44, -36, -28, -20, -12, -4, 4, 12, 20, 28, 36, 44, 52, 62};
inline constexpr std::array<std::int8_t, 16> kLattice3SLevels = {-15, -13, -11, -9, -7, -5, -3, -1, 1, 3, 5, 7, 9, 11, 13, 15};

struct GgufForm {
    GgufType type = GgufType::Q4_0;
    std::string_view name;     // as ggml spells it: "q4_K"
    int id = 0;                // ggml_type in a file
    int values = 32;           // of a block
    int bytes = 0;             // of a block
    int part = 32;             // values that share a scale and a min
    int bits = 4;              // of a code
    int lowest = 0, highest = 15;  // codes that encoding makes
    int zero = 0;              // level(code) = code − zero
    bool hasMin = false;       // else the min is 0
    const std::int8_t* table = nullptr;  // level(code) = table[code]

    constexpr int parts() const noexcept { return values / part; }
    float level(int code) const noexcept { return static_cast<float>(table ? table[code] : code - zero); }
};

inline constexpr std::array<std::int8_t, 16> kIq4Levels = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

// E2M1, doubled to be whole: an MXFP4 block's scale is half of the power of two that its file names.
inline constexpr std::array<std::int8_t, 16> kMxfp4Levels = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

inline constexpr GgufForm kGgufForms[] = {
    {GgufType::Q4_0, "q4_0", 2, 32, 18, 32, 4, 0, 15, 8, false, nullptr},
    {GgufType::Q4_1, "q4_1", 3, 32, 20, 32, 4, 0, 15, 0, true, nullptr},
    {GgufType::Q5_0, "q5_0", 6, 32, 22, 32, 5, 0, 31, 16, false, nullptr},
    {GgufType::Q5_1, "q5_1", 7, 32, 24, 32, 5, 0, 31, 0, true, nullptr},
    {GgufType::Q8_0, "q8_0", 8, 32, 34, 32, 8, -127, 127, 0, false, nullptr},
    {GgufType::Q2_K, "q2_K", 10, 256, 84, 16, 2, 0, 3, 0, true, nullptr},
    {GgufType::Q3_K, "q3_K", 11, 256, 110, 16, 3, 0, 7, 4, false, nullptr},
    {GgufType::Q4_K, "q4_K", 12, 256, 144, 32, 4, 0, 15, 0, true, nullptr},
    {GgufType::Q5_K, "q5_K", 13, 256, 176, 32, 5, 0, 31, 0, true, nullptr},
    {GgufType::Q6_K, "q6_K", 14, 256, 210, 16, 6, 0, 63, 32, false, nullptr},
    {GgufType::IQ4_NL, "iq4_nl", 20, 32, 18, 32, 4, 0, 15, 0, false, kIq4Levels.data()},
    {GgufType::IQ4_XS, "iq4_xs", 23, 256, 136, 32, 4, 0, 15, 0, false, kIq4Levels.data()},
    {GgufType::TQ1_0, "tq1_0", 34, 256, 54, 256, 2, 0, 2, 1, false, nullptr},
    {GgufType::TQ2_0, "tq2_0", 35, 256, 66, 256, 2, 0, 2, 1, false, nullptr},
    {GgufType::MXFP4, "mxfp4", 39, 32, 17, 32, 4, 0, 15, 0, false, kMxfp4Levels.data()},
    {GgufType::IQ1_S, "iq1_s", 19, 256, 50, 32, 2, 0, 2, 1, true, nullptr},
    {GgufType::IQ1_M, "iq1_m", 29, 256, 56, 16, 2, 0, 2, 1, true, nullptr},
    {GgufType::IQ2_XXS, "iq2_xxs", 16, 256, 66, 32, 3, 0, 5, 0, false, kLattice2Levels.data()},
    {GgufType::IQ2_XS, "iq2_xs", 17, 256, 74, 16, 3, 0, 5, 0, false, kLattice2Levels.data()},
    {GgufType::IQ2_S, "iq2_s", 22, 256, 82, 16, 3, 0, 5, 0, false, kLattice2Levels.data()},
    {GgufType::IQ3_XXS, "iq3_xxs", 18, 256, 98, 32, 4, 0, 15, 0, false, kLattice3XxsLevels.data()},
    {GgufType::IQ3_S, "iq3_s", 21, 256, 110, 32, 4, 0, 15, 0, false, kLattice3SLevels.data()},
};
constexpr const GgufForm& ggufForm(GgufType type) noexcept { return kGgufForms[static_cast<int>(type)]; }

static_assert([] {
    for (const GgufForm& form : kGgufForms) {
        const GgufSize& size = kGgufSizes[static_cast<int>(form.type)];
        if (form.values != size.values || form.bytes != size.bytes || form.part != size.part) return false;
    }
    return true;
}());

inline constexpr int kMaxGgufValues = 256, kMaxGgufBytes = 210, kMaxGgufParts = 16;

struct GgufPart {
    float scale = 0, min = 0;
};
// IQ1_M: of the part's first eight values; ggufLaterPart: of its last eight, which may have another min.
GgufPart ggufPart(const GgufForm& form, const GgufParameters& block, int part) noexcept;
GgufPart ggufLaterPart(const GgufForm& form, const GgufParameters& block, int part) noexcept;

// Parameters for the values x, which may be fewer than a block: the missing ones have no say. NaN and
// infinities have none either; magnitudes beyond what halves can scale are cut.
// Lattice types: Σ w · error² is lessened over scales and points together, w = 1 or as below with twice the mean
// square, the importance in steps of codeImportance().
// importance: empty, or one weight >= 0 per value ("imatrix"). Then scales lessen Σ w · error² with
// w = importance · √(mean square + x²) as ggml has it, except in Q8_0, TQ1_0, TQ2_0 and MXFP4, which ignore it.
// rowMeanSquare: of the whole row, which Q4_0 to Q5_1 take for that mean; negative: that of x.
GgufParameters fitGguf(const GgufForm& form, std::span<const float> x, std::span<const float> importance = {}, float rowMeanSquare = -1) noexcept;

// Codes, one to a byte (Q8_0: signed). MXFP4's are E2M1 with ties towards 0, as ggml has them: the codec
// "mxfp4" has ties to even, and the same codes otherwise. x are the first values of a block. NaN is coded as 0.
// importance: of codeImportance(), a byte for each of x, or empty; lattice types alone look at it.
void encodeGguf(const GgufForm& form, const GgufParameters& block, std::span<const float> x, std::span<std::byte> codes,
                std::span<const std::uint8_t> importance = {}) noexcept;
void decodeGguf(const GgufForm& form, const GgufParameters& block, std::span<const std::byte> codes, std::span<float> out) noexcept;

// The bytes of a file; form.bytes long. codes: form.values of them.
void joinGguf(const GgufForm& form, const GgufParameters& block, std::span<const std::byte> codes, std::span<std::byte> bytes) noexcept;
void splitGguf(const GgufForm& form, std::span<const std::byte> bytes, GgufParameters& block, std::span<std::byte> codes) noexcept;

// All at once, for a whole block: fit, encode and join; split and decode.
void packGguf(const GgufForm& form, std::span<const float> x, std::span<const float> importance, float rowMeanSquare, std::span<std::byte> bytes) noexcept;
void unpackGguf(const GgufForm& form, std::span<const std::byte> bytes, std::span<float> out) noexcept;

}  // namespace bitlathe
