#include "widgets/editors/scheme_change.h"

#include "core/quant/codec.h"
#include "core/quant/user_table.h"

#include <algorithm>

namespace bitlathe {

NumberFormat numberFormatOf(const Scheme& scheme) {
    if (!scheme.weights) return NumberFormat::real();
    const QuantSpec& weights = *scheme.weights;
    if (weights.codec != "int") return {weights.codec, true, true};
    return NumberFormat::integers(weights.symmetric, !weights.symmetric || weights.narrow);
}

ActivationChoice activationChoiceOf(const Scheme& scheme) {
    if (!scheme.activations) return ActivationChoice::Float;
    return scheme.activations->symmetric ? ActivationChoice::Symmetric8 : ActivationChoice::Asymmetric8;
}

namespace {

// What a table starts with until its levels are written: −1 … 1 in equal steps, 0 among them.
std::vector<float> evenLevels(int bits) {
    const int half = (1 << (bits - 1)) - 1;
    if (half < 1) return {-1, 1};
    std::vector<float> levels;
    for (int i = -half; i <= half; ++i) levels.push_back(float(i) / float(half));
    return levels;
}

void setFormat(QuantSpec& weights, const NumberFormat& format) {
    const Codec* codec = findCodec(format.codec);
    if (!codec) return;
    const bool another = weights.codec != format.codec;
    const Codec* before = findCodec(weights.codec);
    weights.codec = format.codec;
    weights.symmetric = format.symmetric;
    weights.narrow = format.narrow;
    weights.bits = std::clamp(weights.bits, codec->minBits, codec->maxBits);
    if (!another) return;
    // What the new format does not know must not stay behind.
    if (!codec->takesTable) weights.table.clear();
    else if (weights.table.empty() || bitsForTable(weights.table.size()) > weights.bits) weights.table = evenLevels(weights.bits);
    weights.scale = codec->scaleTypes.empty() ? ScaleType::F32 : codec->scaleTypes.front();
    if (codec->blockSize > 0) weights.granularity = PerGroup{codec->blockSize};
    else if (before && before->blockSize > 0) weights.granularity = QuantSpec{}.granularity;  // the block's size was nobody's choice
    if (!codec->takesRange) weights.range = MinMax{}, weights.knee = 0;
}

void setBits(QuantSpec& weights, int bits) {
    const Codec* codec = findCodec(weights.codec);
    if (!codec || bits < codec->minBits || bits > codec->maxBits) setFormat(weights, NumberFormat::integers());
    weights.bits = std::clamp(bits, 1, 16);
    if (codec && codec->takesTable && bitsForTable(weights.table.size()) > bits) weights.table = evenLevels(bits);
}

}  // namespace

Scheme applied(Scheme scheme, const SchemeChange& change) {
    if (change.format == NumberFormat::real()) {
        scheme.weights.reset();
        scheme.activations.reset();  // integers times floats run nowhere
    } else if (change.format || change.bits || change.granularity || change.range || change.table) {
        if (!scheme.weights) scheme.weights.emplace();
    }
    if (scheme.weights) {
        QuantSpec& weights = *scheme.weights;
        if (change.format) setFormat(weights, *change.format);
        if (change.bits) setBits(weights, *change.bits);
        if (change.table && change.table->size() >= 2) {
            if (const Codec* own = findCodec(weights.codec); !own || !own->takesTable) setFormat(weights, {"table", true, true});
            weights.table = *change.table;
            weights.bits = bitsForTable(weights.table.size());
        }
        const Codec* codec = findCodec(weights.codec);
        if (change.granularity && codec && codec->blockSize == 0) weights.granularity = *change.granularity;
        if (change.range && codec && codec->takesRange) weights.range = *change.range;
        if (change.knee && codec && codec->takesRange) weights.knee = *change.knee;
        if (change.scale && codec && std::find(codec->scaleTypes.begin(), codec->scaleTypes.end(), *change.scale) != codec->scaleTypes.end()) weights.scale = *change.scale;
    }
    if (change.activations) {
        if (*change.activations == ActivationChoice::Float) {
            scheme.activations.reset();
        } else {
            if (!scheme.activations) scheme.activations.emplace();
            scheme.activations->symmetric = *change.activations == ActivationChoice::Symmetric8;
        }
    }
    if (change.activationRange && scheme.activations) scheme.activations->range = *change.activationRange;
    return scheme;
}

CommonScheme commonOf(const std::vector<Scheme>& schemes) {
    CommonScheme common;
    bool first = true;
    const auto meet = [&first](auto& field, const auto& value) {
        if (first) field = value;
        else if (field && *field != value) field.reset();
    };
    for (const Scheme& scheme : schemes) {
        const QuantSpec weights = scheme.weights.value_or(QuantSpec{});
        meet(common.format, numberFormatOf(scheme));
        meet(common.bits, scheme.weights ? weights.bits : 32);
        meet(common.granularity, weights.granularity);
        meet(common.granularityKind, weights.granularity.index());
        meet(common.range, weights.range);
        meet(common.rangeKind, weights.range.index());
        meet(common.knee, weights.knee);
        meet(common.scale, weights.scale);
        meet(common.table, weights.table);
        meet(common.activations, activationChoiceOf(scheme));
        const RangeRule activationRange = scheme.activations.value_or(ActivationSpec{}).range;
        meet(common.activationRange, activationRange);
        meet(common.activationRangeKind, activationRange.index());
        first = false;
    }
    return common;
}

const std::vector<int>& groupSizes() {
    static const std::vector<int> sizes = {16, 32, 64, 128, 256, 512, 1024};
    return sizes;
}

std::optional<Granularity> steppedGroup(const Granularity& granularity, int direction) {
    // The sizes that formats and kernels know; larger ones are hardly worth their name and are typed.
    static const std::vector<int> sizes = {16, 32, 64, 128, 256};
    if (const auto* group = std::get_if<PerGroup>(&granularity)) {
        if (direction > 0) {
            const auto next = std::upper_bound(sizes.begin(), sizes.end(), group->size);
            return next == sizes.end() ? Granularity(PerChannel{}) : Granularity(PerGroup{*next});
        }
        const auto here = std::lower_bound(sizes.begin(), sizes.end(), group->size);
        if (here == sizes.begin()) return std::nullopt;
        return Granularity(PerGroup{*std::prev(here)});
    }
    if (std::holds_alternative<PerChannel>(granularity))
        return direction > 0 ? Granularity(PerTensor{}) : Granularity(PerGroup{sizes.back()});
    return direction > 0 ? std::nullopt : std::optional<Granularity>(PerChannel{});
}

}  // namespace bitlathe
