// A codec is one number format: reals ⇄ codes, one group at a time. A row of a table; it knows no
// tensors and no range rules. The rows are the truth; faster code in core/kernels must equal them.
//
// What a group needs beside its codes is a scale, a zero point and, for formats that need more
// (sub-scales, a table of levels), `inner` bytes which only the codec reads. The affine family is the
// case of one scale, one zero point and nothing inside.
#pragma once

#include "core/kernels/isa.h"
#include "core/kernels/level_rows.h"
#include "core/quant/scheme.h"
#include "core/quant/value_range.h"
#include "core/tensor/element_type.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

struct GroupParameters {
    float scale = 1.0f;
    std::int32_t zeroPoint = 0;
    std::span<std::byte> inner;  // innerBytes(spec) long, owned by the caller
    const std::stop_token* stop = nullptr;  // looked at by fits that search for long; a stopped one may leave anything
};

// The kernels' way with many whole groups of blockSize values that lie side by side: the same parameters, codes
// and values as fit(), encode() and decode() give one by one. scales: one a group; inner: innerBytes a group.
struct BlockRows {
    // importance: empty, or one weight >= 0 per value of a row; x is then whole rows.
    void (*fit)(Isa, std::span<const float> x, std::span<const float> importance, std::span<float> scales, std::span<std::byte> inner) noexcept = nullptr;
    void (*encode)(Isa, std::span<const std::byte> inner, std::span<const float> x, std::span<std::byte> codes) noexcept = nullptr;
    void (*decode)(Isa, std::span<const std::byte> inner, std::span<const std::byte> codes, std::span<float> out) noexcept = nullptr;
};

struct LevelTable;

// How the kernels' fast rows (core/kernels/level_rows.h) code as a format's own row does, to the last bit.
struct FastRow {
    LevelFormat (*format)(const QuantSpec&) noexcept = nullptr;  // null: the format has no fast row
    float (*divisor)(const GroupParameters&) noexcept = nullptr;  // null: the scale
    void (*table)(const QuantSpec&, const GroupParameters&, LevelTable& out) noexcept = nullptr;  // of formats of levels
    bool tablePerGroup = false;  // the table depends on the group
};

struct Codec {
    std::string_view name;     // stable, in recipes: "int"
    std::string_view label;    // for people: "Integer"
    std::string_view formula;  // for tooltips
    std::string_view explanation;  // five lines: what it is, a value worked through, what it is good at, what breaks it
    int minBits = 1, maxBits = 8;
    bool takesSymmetric = true;  // honours QuantSpec::symmetric
    bool takesNarrow = true;     // honours QuantSpec::narrow
    bool takesRange = true;      // honours QuantSpec::range
    bool affine = false;         // codes are those of core/quant/affine.h (at 1 bit symmetric: signs), so the
                                 // fused pass of core/kernels/weight_pass.h is its speed
    bool takesTable = false;     // honours QuantSpec::table
    bool decodesAffine = false;  // decodes to scale · (code − zero point), codes in I8, U8, I16 or U16
    bool fitsPoints = false;     // fit() makes weightedPoints() of the values, so that weighted points stand for many
    bool takesNearest = true;    // a code is the nearest level; false: the format has thresholds of its own
    int blockSize = 0;           // > 0: groups have this size whatever the granularity says (MX: 32)
    int blockBytes = 0;          // > 0: a file holds a group in so many bytes, codes and all; the last group of a
                                 // channel too, however short
    int partSize = 0;            // > 0: a group is parts of so many values, in order, each with levels of its own;
                                 // levels() and representable() are then of all parts together
    int coupled = 0;             // > 0: codes of so many neighbours are chosen together, so that one value's code
                                 // depends on the others
    // How a file may hold scales; the first is the format's own choice.
    std::span<const ScaleType> scaleTypes = {};

    // The container of one code: 8 or 16 bits.
    ElementType (*codeType)(const QuantSpec&) noexcept;
    int (*innerBytes)(const QuantSpec&) noexcept;
    // Bits that a file stores for the parameters of one group; see also sharedScaleBits(). Not used with blockBytes.
    int (*parameterBits)(const QuantSpec&) noexcept;
    // Whether fit() looks at the values; otherwise the range is enough and x may be empty.
    bool (*fitNeedsValues)(const QuantSpec&) noexcept;
    // Whether 0 is a level. If not, 0 is coded as the nearest level.
    bool (*holdsZero)(const QuantSpec&) noexcept;

    // Parameters of a group with the values x, to cover `range` (finite, holds 0). x may hold NaN and
    // infinities, which never change the parameters. importance: empty, or one weight >= 0 per value.
    void (*fit)(const QuantSpec&, std::span<const float> x, std::span<const float> importance, ValueRange range,
                GroupParameters& out) noexcept;
    // Codes of values under given parameters. With blockSize 0 a group may be coded in pieces.
    void (*encode)(const QuantSpec&, const GroupParameters&, std::span<const float> x, std::span<std::byte> codes) noexcept;
    void (*decode)(const QuantSpec&, const GroupParameters&, std::span<const std::byte> codes, std::span<float> out) noexcept;

    // Σ importance·(x − x̂)² over finite x, as a search for ranges needs it: equal to encoding and decoding
    // but for rounding. Null: there is nothing faster.
    double (*squaredError)(const QuantSpec&, const GroupParameters&, std::span<const float> x, std::span<const float> importance) noexcept;

    BlockRows blocks = {};  // null: there is nothing faster; see core/quant/block_rows.h
    FastRow fast = {};

    // The lowest and the highest value that the group can hold.
    ValueRange (*representable)(const QuantSpec&, const GroupParameters&) noexcept;
    // Every value that the group can hold, ascending.
    std::vector<float> (*levels)(const QuantSpec&, const GroupParameters&);
};

// All codecs, in the order in which people see them.
std::span<const Codec> codecs() noexcept;
const Codec* findCodec(std::string_view name) noexcept;
// The spec's codec, which must exist: recipes are checked before they get here.
const Codec& codecOf(const QuantSpec& spec) noexcept;

// How the file holds the scales: the spec's choice where the format offers it, else the format's own.
ScaleType scaleTypeOf(const QuantSpec& spec) noexcept;

// "int8", "uint4", "int1", "nf4", "log2-4": the format's name for tables.
std::string formatName(const QuantSpec& spec);

}  // namespace bitlathe
