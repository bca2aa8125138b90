// Laws that every codec keeps, over all rows, widths, symmetries and ranges.
#include "core/quant/affine.h"
#include "core/quant/codec.h"
#include "core/quant/stored_scale.h"
#include "core/tensor/convert.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>

namespace bitlathe {
namespace {

struct Case {
    QuantSpec spec;
    ValueRange range;
};

std::vector<Case> allCases() {
    std::vector<Case> cases;
    const ValueRange ranges[] = {{-1, 1}, {0, 3.7f}, {-2.5f, 0}, {-0.3f, 1.1f}, {-1e-3f, 4e-3f}, {-1e30f, 1e30f}, {0, 0}};
    for (const Codec& codec : codecs())
        for (int bits = codec.minBits; bits <= codec.maxBits; ++bits)
            for (const bool symmetric : {true, false})
                for (const bool narrow : {true, false})
                    for (const ValueRange range : ranges) {
                        if ((!symmetric && !codec.takesSymmetric) || (!narrow && !codec.takesNarrow)) continue;
                        QuantSpec spec;
                        spec.codec = codec.name;
                        spec.bits = bits;
                        spec.symmetric = symmetric;
                        spec.narrow = narrow;
                        if (codec.takesTable) spec.table = {-1, -0.4f, 0, 0.3f, 1};
                        if (codec.takesTable && bits < 3) continue;
                        cases.push_back({spec, range});
                        if (bits > 4 && bits != codec.maxBits) continue;
                        for (const ScaleType type : codec.scaleTypes) {
                            spec.scale = type;
                            if (type != codec.scaleTypes.front() && !isShared(type)) cases.push_back({spec, range});
                        }
                    }
    return cases;
}

// A group fitted to values that fill the range.
struct Group {
    explicit Group(const Case& c) : spec(c.spec), codec(codecOf(c.spec)), inner(static_cast<std::size_t>(codec.innerBytes(c.spec))) {
        std::mt19937 random(7);
        std::uniform_real_distribution<float> uniform(0, 1);
        // Blocks of a fixed size are filled. Their parts get the same values, so that they have the same levels.
        const int count = codec.partSize > 0 ? codec.partSize : 259;
        values.push_back(c.range.lo);
        values.push_back(c.range.hi);
        while (int(values.size()) < count) values.push_back(c.range.lo + uniform(random) * (c.range.hi - c.range.lo));
        while (int(values.size()) < (codec.partSize > 0 ? codec.blockSize : 0)) values.push_back(values[values.size() - std::size_t(count)]);
        parameters.inner = inner;
        codec.fit(spec, values, {}, c.range, parameters);
    }
    std::vector<std::byte> encode(std::span<const float> x) const {
        std::vector<std::byte> codes(x.size() * static_cast<std::size_t>(bitsOf(codec.codeType(spec)) / 8));
        codec.encode(spec, parameters, x, codes);
        return codes;
    }
    std::vector<float> decode(std::span<const std::byte> codes) const {
        std::vector<float> y(codes.size() * 8 / static_cast<std::size_t>(bitsOf(codec.codeType(spec))));
        codec.decode(spec, parameters, codes, y);
        return y;
    }
    // Where codes of neighbours are chosen together: each value alone.
    std::vector<float> roundTrip(std::span<const float> x) const {
        if (codec.coupled == 0) return decode(encode(x));
        std::vector<float> y;
        for (std::size_t i = 0; i < x.size(); ++i) y.push_back(decode(encode(x.subspan(i, 1)))[0]);
        return y;
    }
    // A format may have parts of parts, whose levels are not all of one value's.
    bool levelsAreOfOneValue() const { return codec.coupled == 0 || codec.levels(spec, parameters).size() <= std::size_t(1) << spec.bits; }

    QuantSpec spec;
    const Codec& codec;
    std::vector<std::byte> inner;
    std::vector<float> values;
    GroupParameters parameters;
};

std::string nameOf(const Case& c) {
    return formatName(c.spec) + " " + std::string(nameOf(c.spec.scale)) + (c.spec.narrow ? " narrow " : " full ") + std::to_string(c.range.lo) + " … " + std::to_string(c.range.hi);
}
bool holdsZero(const QuantSpec& spec) { return codecOf(spec).holdsZero(spec); }

TEST(Codecs, KeepZeroExactly) {
    for (const Case& c : allCases()) {
        const Group group(c);
        const float zero[] = {0.0f, -0.0f};
        const auto y = group.roundTrip(zero);
        EXPECT_EQ(y[0], y[1]) << nameOf(c);
        if (holdsZero(c.spec)) {
            EXPECT_EQ(y[0], 0.0f) << nameOf(c);
        }
    }
}

TEST(Codecs, AreMonotone) {
    for (const Case& c : allCases()) {
        Group group(c);
        std::sort(group.values.begin(), group.values.end());
        const auto y = group.roundTrip(group.values);
        EXPECT_TRUE(std::is_sorted(y.begin(), y.end())) << nameOf(c);
    }
}

TEST(Codecs, SaturateOutsideTheRange) {
    for (const Case& c : allCases()) {
        const Group group(c);
        constexpr float inf = std::numeric_limits<float>::infinity(), largest = std::numeric_limits<float>::max();
        const float far[] = {-inf, -largest, largest, inf};
        const auto y = group.roundTrip(far);
        ValueRange ends = group.codec.representable(c.spec, group.parameters);
        if (!group.levelsAreOfOneValue()) {
            EXPECT_TRUE(ends.lo <= y[0] && y[2] <= ends.hi && y[0] < y[2]) << nameOf(c);
            ends = {y[0], y[2]};
        }
        EXPECT_EQ(y[0], ends.lo) << nameOf(c);
        EXPECT_EQ(y[1], ends.lo) << nameOf(c);
        EXPECT_EQ(y[2], ends.hi) << nameOf(c);
        EXPECT_EQ(y[3], ends.hi) << nameOf(c);
    }
}

TEST(Codecs, ReencodeTheirOwnValuesToTheSameCodes) {
    for (const Case& c : allCases()) {
        const Group group(c);
        const auto codes = group.encode(group.values);
        EXPECT_EQ(group.encode(group.decode(codes)), codes) << nameOf(c);
    }
}

TEST(Codecs, CodeNanAsZero) {
    for (const Case& c : allCases()) {
        const Group group(c);
        const float values[] = {std::numeric_limits<float>::quiet_NaN(), 0.0f};
        const auto y = group.roundTrip(values);
        EXPECT_EQ(y[0], y[1]) << nameOf(c);
    }
}

TEST(Codecs, ListTheirLevels) {
    for (const Case& c : allCases()) {
        const Group group(c);
        const auto levels = group.codec.levels(c.spec, group.parameters);
        ASSERT_FALSE(levels.empty());
        EXPECT_LE(levels.size(), std::size_t(1) << (c.spec.bits + (group.codec.coupled > 0 ? 1 : 0))) << nameOf(c);
        EXPECT_TRUE(std::is_sorted(levels.begin(), levels.end())) << nameOf(c);
        if (group.levelsAreOfOneValue()) {
            EXPECT_EQ(group.roundTrip(levels), levels) << nameOf(c);
        }
        const std::set<float> set(levels.begin(), levels.end());
        for (const float y : group.roundTrip(group.values)) EXPECT_TRUE(set.contains(y)) << nameOf(c) << ": " << y;
    }
}

TEST(Codecs, TakeTheNearestLevel) {
    for (const Case& c : allCases()) {
        const Group group(c);
        if (!group.codec.takesNearest) continue;
        const auto levels = group.codec.levels(c.spec, group.parameters);
        const auto y = group.roundTrip(group.values);
        const double span = std::max(std::fabs(double(levels.front())), std::fabs(double(levels.back())));
        for (std::size_t i = 0; i < y.size(); ++i) {
            const auto above = std::lower_bound(levels.begin(), levels.end(), group.values[i]);
            double nearest = std::numeric_limits<double>::infinity();
            if (above != levels.end()) nearest = double(*above) - double(group.values[i]);
            if (above != levels.begin()) nearest = std::min(nearest, double(group.values[i]) - double(*(above - 1)));
            EXPECT_LE(std::fabs(double(y[i]) - double(group.values[i])), nearest + 1e-6 * span) << nameOf(c) << " x " << group.values[i];
        }
    }
}

TEST(Codecs, GroupsOfZerosDecodeToZero) {
    const std::vector<float> zeros(64, 0.0f);
    for (const Case& c : allCases()) {
        if (c.range.lo != c.range.hi) continue;
        const Group group(c);
        EXPECT_EQ(group.roundTrip(zeros), zeros) << nameOf(c);
    }
}

TEST(Codecs, HoldZeroWhenTheySaySo) {
    for (const Case& c : allCases()) {
        const Group group(c);
        const auto levels = group.codec.levels(c.spec, group.parameters);
        if (!holdsZero(c.spec)) continue;
        EXPECT_TRUE(std::find(levels.begin(), levels.end(), 0.0f) != levels.end()) << nameOf(c);
    }
}

TEST(Codecs, AreAffineWhenTheySaySo) {
    for (const Case& c : allCases()) {
        const Group group(c);
        if (!group.codec.decodesAffine) continue;
        const auto codes = group.encode(group.values);
        const auto y = group.decode(codes);
        const ElementType type = group.codec.codeType(c.spec);
        for (std::size_t i = 0; i < y.size(); ++i) {
            const auto code = std::int32_t(elementAt(type, codes.data(), std::int64_t(i)));
            ASSERT_EQ(y[i], decodeAffine(code, {group.parameters.scale, group.parameters.zeroPoint})) << nameOf(c);
        }
    }
}

TEST(Codecs, FitScalesThatTheirTypeCanHold) {
    for (const Case& c : allCases()) {
        const Group group(c);
        const float scale = group.parameters.scale;
        if (group.codec.scaleTypes.size() < 2) continue;  // a type of the format's own
        EXPECT_EQ(roundScale(scaleTypeOf(c.spec), scale), scale) << nameOf(c);
    }
}

TEST(Codecs, IntegersHaveAllTheirLevels) {
    for (int bits = 1; bits <= 16; ++bits)
        for (const bool symmetric : {true, false})
            for (const bool narrow : {true, false}) {
                QuantSpec spec{"int", bits, symmetric, narrow};
                const Group group(Case{spec, {-1, 1}});
                const int all = 1 << bits;
                const int expected = symmetric && narrow && bits > 1 ? all - 1 : all;
                EXPECT_EQ(group.codec.levels(spec, group.parameters).size(), std::size_t(expected));
            }
}

TEST(Codecs, HaveUniqueNamesAndSaneRows) {
    std::set<std::string_view> names;
    for (const Codec& codec : codecs()) {
        EXPECT_TRUE(names.insert(codec.name).second) << codec.name;
        EXPECT_FALSE(codec.label.empty());
        EXPECT_FALSE(codec.formula.empty());
        EXPECT_EQ(std::count(codec.explanation.begin(), codec.explanation.end(), '\n'), 4) << codec.name;
        EXPECT_LE(codec.minBits, codec.maxBits);
        EXPECT_EQ(findCodec(codec.name)->name, codec.name);
    }
    EXPECT_EQ(findCodec("nothing of the kind"), nullptr);
}

}  // namespace
}  // namespace bitlathe
