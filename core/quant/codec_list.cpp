#include "core/quant/codec.h"
#include "core/quant/codec_float.h"
#include "core/quant/codec_gguf.h"
#include "core/quant/codec_int.h"
#include "core/quant/codec_lookup.h"
#include "core/quant/codec_mx.h"
#include "core/quant/codec_table.h"
#include "core/quant/codec_ternary.h"

#include <algorithm>
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
}  // namespace

std::span<const Codec> codecs() noexcept { return list(); }

const Codec* findCodec(std::string_view name) noexcept {
    const auto rows = codecs();
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const Codec& row) { return row.name == name; });
    return found == rows.end() ? nullptr : &*found;
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
