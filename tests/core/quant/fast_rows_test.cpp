// The law of fast rows, over all codecs: on every instruction set, the codes and values of the codec's own row.
#include "core/quant/fast_rows.h"

#include "core/base/parallel.h"
#include "core/kernels/isa.h"
#include "core/quant/codec.h"
#include "core/quant/group_fit.h"

#include <gtest/gtest.h>

#include <cstring>
#include <cmath>
#include <limits>
#include <random>

namespace bitlathe {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<QuantSpec> allSpecs() {
    std::vector<QuantSpec> specs;
    for (const Codec& codec : codecs())
        for (int bits = codec.minBits; bits <= codec.maxBits; ++bits)
            for (const bool symmetric : {true, false})
                for (const Granularity granularity : {Granularity(PerTensor{}), Granularity(PerChannel{}), Granularity(PerGroup{codec.blockSize ? codec.blockSize : 48})})
                    for (const ScaleType scale : codec.scaleTypes.empty() ? std::vector<ScaleType>{ScaleType::F32} : std::vector<ScaleType>(codec.scaleTypes.begin(), codec.scaleTypes.end())) {
                        if (!symmetric && !codec.takesSymmetric) continue;
                        if (codec.blockSize > 0 && !std::holds_alternative<PerGroup>(granularity)) continue;
                        if (bits > 5 && bits < codec.maxBits && scale != ScaleType::F32) continue;
                        QuantSpec spec{std::string(codec.name), bits, symmetric};
                        spec.granularity = granularity;
                        spec.scale = scale;
                        if (codec.takesTable) {
                            if (bits > 4 && bits < 8) continue;
                            for (int i = 0; i < 1 << bits; ++i) spec.table.push_back(std::sin(float(i) * 1.7f) * (i % 5 == 0 ? 0.01f : 1.0f));
                        }
                        specs.push_back(spec);
                    }
    return specs;
}

QuantizedTensor fitted(const QuantSpec& spec, const ChannelLayout& layout, std::span<const float> values) {
    QuantizedTensor q;
    q.spec = spec;
    q.layout = layout;
    Workers workers(1);
    JobContext job;
    fitGroups(values, q, workers, job);
    return q;
}

std::vector<float> noise(std::size_t count, float size) {
    std::mt19937 random(11);
    std::normal_distribution<float> normal(0, size);
    std::vector<float> x(count);
    for (float& v : x) v = normal(random);
    return x;
}

// Levels, the middles between neighbours, the floats around both, and what is no ordinary number.
std::vector<float> hardValues(std::vector<float> levels, float scale) {
    std::vector<float> x = {0.0f, -0.0f, kInf, -kInf, kNan, -kNan, 1e-45f, -1e-45f, 1e-39f, -1e-39f, 3e38f, -3e38f, 1e-20f, 1e20f, scale, -scale, scale / 2, -scale / 2};
    if (levels.size() > 600) {  // both ends and the middle
        const auto middle = levels.begin() + std::ptrdiff_t(levels.size() / 2);
        std::vector<float> few(levels.begin(), levels.begin() + 150);
        few.insert(few.end(), middle - 150, middle + 150);
        few.insert(few.end(), levels.end() - 150, levels.end());
        levels = few;
    }
    const auto around = [&](float v) {
        x.insert(x.end(), {std::nextafter(std::nextafter(v, -kInf), -kInf), std::nextafter(v, -kInf), v, std::nextafter(v, kInf), std::nextafter(std::nextafter(v, kInf), kInf)});
    };
    for (std::size_t i = 0; i < levels.size(); ++i) {
        around(levels[i]);
        if (i + 1 < levels.size()) around(levels[i] * 0.5f + levels[i + 1] * 0.5f);
        if (i + 1 < levels.size() && scale > 0) around((levels[i] / scale + levels[i + 1] / scale) * 0.5f * scale);
    }
    return x;
}

std::string nameOf(const QuantSpec& spec) {
    return formatName(spec) + (spec.symmetric ? "" : " asymmetric") + " granularity " + std::to_string(spec.granularity.index()) + " scale " + std::to_string(int(spec.scale));
}

void expectSame(const QuantizedTensor& q, const WeightTile& tile, std::span<const float> x) {
    const Codec& codec = codecOf(q.spec);
    const auto bytes = static_cast<std::size_t>(bitsOf(codec.codeType(q.spec)) / 8);
    std::vector<std::byte> wantCodes(x.size() * bytes);
    std::vector<float> want(x.size());
    forGroupPieces(q.grid(), tile, [&](std::int64_t g, std::size_t at, std::size_t length) {
        const auto codes = std::span(wantCodes).subspan(at * bytes, length * bytes);
        codec.encode(q.spec, groupParameters(q, g), x.subspan(at, length), codes);
        codec.decode(q.spec, groupParameters(q, g), codes, std::span(want).subspan(at, length));
    });
    const FastRows rows(q);
    const FastRows::Groups groups = rows.groups(tile);
    for (const Isa isa : isasUpTo(detectIsa())) {
        std::vector<std::byte> codes(wantCodes.size());
        std::vector<float> decoded(x.size()), alone(x.size());
        for (std::int64_t c = 0; c < tile.channels; ++c) {
            const std::int64_t at = c * tile.elements;
            LevelRows row{x.data() + at, tile.elements, rows.format(), groups.of(c), codes.data() + at * std::int64_t(bytes), decoded.data() + at};
            levelRows(isa, row);
            row.codes = nullptr;
            row.decoded = alone.data() + at;
            levelRows(isa, row);
        }
        for (std::size_t i = 0; i < x.size(); ++i) {
            const auto same = [&] {
                for (std::size_t b = 0; b < bytes; ++b)
                    if (codes[i * bytes + b] != wantCodes[i * bytes + b]) return false;
                return decoded[i] == want[i] || (std::isnan(decoded[i]) && std::isnan(want[i]));
            };
            ASSERT_TRUE(same()) << nameOf(q.spec) << " " << isaName(isa) << ": x " << x[i] << " became " << decoded[i] << " code "
                                << std::to_integer<int>(codes[i * bytes]) << ", not " << want[i] << " code " << std::to_integer<int>(wantCodes[i * bytes]);
        }
        ASSERT_EQ(std::memcmp(decoded.data(), alone.data(), decoded.size() * sizeof(float)), 0) << nameOf(q.spec) << " " << isaName(isa) << ": values without codes differ";
    }
}

TEST(FastRows, AreThereForAllFormatsButThoseThatSearchAsTheyCode) {
    for (const Codec& codec : codecs()) {
        QuantSpec spec{std::string(codec.name), codec.maxBits};
        EXPECT_EQ(hasFastRows(spec), codec.blockBytes == 0) << codec.name;
    }
}

TEST(FastRows, CodeNoiseAsTheCodecDoes) {
    const ChannelLayout layout{1, 5, 300};
    const auto values = noise(1500, 0.05f);
    for (const QuantSpec& spec : allSpecs())
        if (hasFastRows(spec)) expectSame(fitted(spec, layout, values), {0, 5, 0, 300}, values);
}

TEST(FastRows, CodeTiesSpecialsAndTheirNeighboursAsTheCodecDoes) {
    const ChannelLayout layout{1, 5, 300};
    for (const float size : {0.05f, 1e-36f, 1e30f, 0.0f}) {
        const auto values = noise(1500, size);
        for (const QuantSpec& spec : allSpecs()) {
            if (!hasFastRows(spec)) continue;
            // The first group's parameters for as many values as there are hard ones.
            const QuantizedTensor all = fitted(spec, layout, values);
            const auto x = hardValues(codecOf(spec).levels(spec, groupParameters(all, 0)), all.scales[0]);
            QuantizedTensor q = all;
            q.layout = {1, 1, static_cast<std::int64_t>(x.size())};
            q.spec.granularity = PerGroup{static_cast<int>(x.size())};
            if (codecOf(spec).blockSize > 0) continue;
            q.scales.resize(1);
            q.zeroPoints.resize(1);
            q.inner.resize(all.inner.size() / all.scales.size());
            expectSame(q, {0, 1, 0, static_cast<std::int64_t>(x.size())}, x);
        }
    }
}

TEST(FastRows, CodeBlocksOfSpecialsAsTheCodecDoes) {
    const ChannelLayout layout{1, 5, 300};
    for (const float size : {0.05f, 1e-36f, 1e30f, 0.0f})
        for (const QuantSpec& spec : allSpecs()) {
            if (!hasFastRows(spec)) continue;
            auto values = noise(1500, size);
            const QuantizedTensor q = fitted(spec, layout, values);
            const auto hard = hardValues(codecOf(spec).levels(spec, groupParameters(q, 0)), q.scales[0]);
            for (std::size_t i = 0; i < values.size(); ++i)
                if (i % 3 != 1) values[i] = hard[(i * 7) % hard.size()];
            expectSame(q, {0, 5, 0, 300}, values);
        }
}

TEST(FastRows, CodeOneBlockTablesOfAnyCount) {
    for (int count = 1; count <= 256; ++count) {
        QuantSpec spec{"table", 8};
        spec.granularity = PerTensor{};
        for (int i = 0; i < count; ++i) spec.table.push_back(float(i * i) / 7 - 3);
        const auto values = noise(200, 3);
        expectSame(fitted(spec, {1, 2, 100}, values), {0, 2, 0, 100}, values);
    }
}

}  // namespace
}  // namespace bitlathe
