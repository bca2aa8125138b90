#include "core/quant/codec.h"
#include "core/quant/codec_float.h"
#include "core/quant/codec_gguf.h"
#include "core/quant/codec_int.h"
#include "core/quant/codec_lookup.h"
#include "core/quant/codec_mx.h"
#include "core/quant/codec_table.h"
#include "core/quant/codec_ternary.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace bitlathe {

namespace {
// Copies of the rows, so that one span can show them all; made on first use.
const std::vector<Codec>& list() {
    static const std::vector<Codec> rows = [] {
        std::vector<Codec> all = {kIntegerCodec};
        const auto add = [&](std::span<const Codec> more) { all.insert(all.end(), more.begin(), more.end()); };
        add(kTernaryCodecs);
        add(kSmallFloatCodecs);
        add(kMxCodecs);
        add(kTableCodecs);
        add(kLookupCodecs);
        add(kGgufCodecs);
        return all;
    }();
    return rows;
}

// Every group asks for its codec, so a name is found without a walk: a table with room to spare, of places in the list, from 1.
using Places = std::array<std::uint8_t, 256>;
std::size_t placeOf(std::string_view name) noexcept {
    std::uint32_t hash = 2166136261u;
    for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619u;
    return (hash ^ hash >> 16) % Places{}.size();
}
const Places& placesByName() noexcept {
    static const Places places = [] {
        Places all{};
        const auto& rows = list();
        assert(rows.size() < all.size() / 2);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            std::size_t at = placeOf(rows[i].name);
            while (all[at] != 0) at = (at + 1) % all.size();
            all[at] = static_cast<std::uint8_t>(i + 1);
        }
        return all;
    }();
    return places;
}
}  // namespace

std::span<const Codec> codecs() noexcept { return list(); }

const Codec* findCodec(std::string_view name) noexcept {
    const auto rows = codecs();
    const auto& places = placesByName();
    for (std::size_t at = placeOf(name); places[at] != 0; at = (at + 1) % places.size())
        if (rows[places[at] - 1u].name == name) return &rows[places[at] - 1u];
    return nullptr;
}

const Codec& codecOf(const QuantSpec& spec) noexcept {
    const Codec* codec = findCodec(spec.codec);
    assert(codec);
    return *codec;
}

ScaleType scaleTypeOf(const QuantSpec& spec) noexcept {
    const auto types = codecOf(spec).scaleTypes;
    if (types.empty()) return ScaleType::F32;
    return std::find(types.begin(), types.end(), spec.scale) != types.end() ? spec.scale : types.front();
}

std::string formatName(const QuantSpec& spec) {
    const Codec* codec = findCodec(spec.codec);
    if (codec && codec->minBits == codec->maxBits) return spec.codec;
    const bool digitEnds = !spec.codec.empty() && spec.codec.back() >= '0' && spec.codec.back() <= '9';
    return (codec && codec->takesSymmetric && !spec.symmetric ? "u" : "") + spec.codec + (digitEnds ? "-" : "") + std::to_string(spec.bits);
}

}  // namespace bitlathe
