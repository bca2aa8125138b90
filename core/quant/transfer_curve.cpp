#include "core/quant/transfer_curve.h"

#include "core/base/number_text.h"
#include "core/quant/codec.h"
#include "core/quant/group_fit.h"
#include "core/quant/soft_clip.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace bitlathe {

namespace {

// Floats in their order as integers, so that halving an interval ends at neighbours.
std::int64_t orderOf(float x) noexcept {
    const auto bits = std::bit_cast<std::int32_t>(x);
    return bits >= 0 ? bits : std::int64_t(std::numeric_limits<std::int32_t>::min()) - bits;
}
float floatAt(std::int64_t order) noexcept {
    return std::bit_cast<float>(static_cast<std::int32_t>(order >= 0 ? order : std::int64_t(std::numeric_limits<std::int32_t>::min()) - order));
}

std::int32_t codeAt(ElementType type, const std::byte* codes, std::size_t i) noexcept {
    switch (type) {
    case ElementType::I8: return reinterpret_cast<const std::int8_t*>(codes)[i];
    case ElementType::I16: return reinterpret_cast<const std::int16_t*>(codes)[i];
    case ElementType::U16: return reinterpret_cast<const std::uint16_t*>(codes)[i];
    default: return std::to_integer<std::int32_t>(codes[i]);
    }
}

std::size_t codeBytes(ElementType type) noexcept { return type == ElementType::I16 || type == ElementType::U16 ? 2 : 1; }

struct Passing {
    bool shaped = true;     // with the knee of a soft clip
    bool together = false;  // x are neighbours
};

void passThrough(const QuantizedTensor& q, std::int64_t group, int part, Passing passing, std::span<const float> x, std::span<float> out,
                 std::span<std::int32_t> codes) {
    const Codec& codec = codecOf(q.spec);
    const GroupParameters parameters = groupParameters(q, group);
    const ElementType type = codec.codeType(q.spec);
    // Blocks are coded whole: the values take the places of the part, zeros the others.
    const auto block = codec.blockSize > 0 ? std::size_t(codec.blockSize) : x.size();
    const auto whole = codec.partSize > 0 ? std::size_t(codec.partSize) : block, first = codec.partSize > 0 ? std::size_t(part) * whole : 0;
    const bool coupled = codec.coupled > 0;
    const auto room = coupled && !passing.together ? std::size_t(1) : whole;
    std::vector<float> in(block), back(block);
    std::vector<std::byte> coded(block * codeBytes(type));
    for (std::size_t at = 0; at < x.size(); at += room) {
        const std::size_t length = std::min(room, x.size() - at);
        std::copy_n(x.begin() + std::ptrdiff_t(at), length, in.begin() + std::ptrdiff_t(first));
        const std::size_t held = coupled ? first + length : block;  // what is not there has no say
        if (passing.shaped) encodeShaped(codec, q.spec, parameters, std::span(in).first(held), coded);
        else codec.encode(q.spec, parameters, std::span(in).first(held), coded);
        codec.decode(q.spec, parameters, coded, back);
        std::copy_n(back.begin() + std::ptrdiff_t(first), length, out.begin() + std::ptrdiff_t(at));
        for (std::size_t i = 0; i < length && !codes.empty(); ++i) codes[at + i] = codeAt(type, coded.data(), first + i);
    }
}

// The part whose reach, its highest level less its lowest, is the median of the block's.
int medianPart(const QuantizedTensor& q, std::int64_t group, int parts) {
    std::vector<std::pair<float, int>> reaches;
    constexpr float kFar = 1e30f;
    for (int part = 0; part < parts; ++part) {
        const float ends[2] = {-kFar, kFar};
        float out[2] = {};
        roundTrip(q, group, part, ends, out);
        reaches.push_back({std::fabs(out[1] - out[0]), part});
    }
    std::sort(reaches.begin(), reaches.end());
    return reaches[reaches.size() / 2].second;
}

class Staircase {
public:
    Staircase(const QuantizedTensor& q, TransferCurve& curve) : m_q(q), m_curve(curve), m_part(std::max(curve.part, 0)) {}

    // All values that come back, and their codes.
    void findLevels(ValueRange shown, std::span<const float> own) {
        std::vector<float> asked = codecOf(m_q.spec).levels(m_q.spec, groupParameters(m_q, m_curve.group));
        for (int i = 0; i <= 64; ++i) asked.push_back(shown.lo + (shown.hi - shown.lo) * float(i) / 64);
        std::vector<float> back(asked.size());
        std::vector<std::int32_t> codes(asked.size());
        passThrough(m_q, m_curve.group, m_part, {.shaped = false}, asked, back, codes);
        if (codecOf(m_q.spec).coupled > 0) {  // neighbours may bring a value where alone it never comes
            std::vector<float> more(own.size());
            std::vector<std::int32_t> moreCodes(own.size());
            roundTripTogether(m_q, m_curve.group, m_part, own, more, moreCodes);
            back.insert(back.end(), more.begin(), more.end());
            codes.insert(codes.end(), moreCodes.begin(), moreCodes.end());
        }
        std::vector<std::size_t> order(back.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return back[a] < back[b]; });
        for (const std::size_t i : order) {
            if (!m_curve.levels.empty() && m_curve.levels.back() == back[i]) continue;
            m_curve.levels.push_back(back[i]);
            m_curve.codes.push_back(codes[i]);
        }
    }

    void draw(float lo, float hi) {
        if (m_curve.levels.size() * 2 > TransferCurve::kMostPoints) return sample(lo, hi);
        const std::vector<float> ends = valuesOf({lo, hi});
        const auto first = std::lower_bound(m_curve.levels.begin(), m_curve.levels.end(), std::min(ends[0], ends[1]));
        const auto last = std::upper_bound(m_curve.levels.begin(), m_curve.levels.end(), std::max(ends[0], ends[1]));
        const std::vector<float> levels(first, last);
        const auto rises = levels.empty() ? std::size_t{0} : levels.size() - 1;
        // below[i] still gives level i or less, above[i] gives more; halved until they are neighbours.
        std::vector<std::int64_t> below(rises, orderOf(lo)), above(rises, orderOf(hi));
        for (bool moved = true; moved;) {
            moved = false;
            std::vector<float> middles(rises);
            for (std::size_t i = 0; i < rises; ++i) middles[i] = floatAt(below[i] + (above[i] - below[i]) / 2);
            const std::vector<float> back = valuesOf(middles);
            for (std::size_t i = 0; i < rises; ++i) {
                if (above[i] - below[i] <= 1) continue;
                (back[i] <= levels[i] ? below[i] : above[i]) = orderOf(middles[i]);
                moved = true;
            }
        }
        const auto add = [&](float x, float y) { m_curve.in.push_back(x), m_curve.out.push_back(y); };
        add(lo, ends[0]);
        for (std::size_t i = 0; i < rises; ++i) {
            if (i > 0 && below[i] == below[i - 1]) {  // no x becomes level i
                m_curve.out.back() = levels[i + 1];
                continue;
            }
            add(floatAt(below[i]), levels[i]);
            add(floatAt(above[i]), levels[i + 1]);
        }
        add(hi, ends[1]);
    }

private:
    std::vector<float> valuesOf(const std::vector<float>& x) const {
        std::vector<float> out(x.size());
        roundTrip(m_q, m_curve.group, m_part, x, out);
        return out;
    }
    void sample(float lo, float hi) {
        m_curve.sampled = true;
        for (std::size_t i = 0; i < TransferCurve::kMostPoints; ++i)
            m_curve.in.push_back(float(double(lo) + (double(hi) - double(lo)) * double(i) / double(TransferCurve::kMostPoints - 1)));
        m_curve.out = valuesOf(m_curve.in);
    }

    const QuantizedTensor& m_q;
    TransferCurve& m_curve;
    int m_part;
};

void countWeights(std::span<const float> x, const QuantizedTensor& q, TransferCurve& curve) {
    std::vector<float> back(x.size());
    roundTripTogether(q, curve.group, std::max(curve.part, 0), x, back);
    curve.counts.assign(curve.levels.size(), 0);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const auto at = std::lower_bound(curve.levels.begin(), curve.levels.end(), back[i]);
        if (at != curve.levels.end() && *at == back[i]) ++curve.counts[std::size_t(at - curve.levels.begin())];
    }
}

}  // namespace

void roundTrip(const QuantizedTensor& q, std::int64_t group, int part, std::span<const float> x, std::span<float> out, std::span<std::int32_t> codes) {
    passThrough(q, group, part, {}, x, out, codes);
}
void roundTripTogether(const QuantizedTensor& q, std::int64_t group, int part, std::span<const float> x, std::span<float> out, std::span<std::int32_t> codes) {
    passThrough(q, group, part, {.together = true}, x, out, codes);
}

std::string whoseText(const TransferCurve& curve) {
    if (curve.channel < 0) return "the whole tensor";
    std::string text = "channel " + countText(std::uint64_t(curve.channel));
    if (curve.element < 0) return text + ", one group";
    if (curve.wholeChannel && curve.part < 0) return text;
    return text + ", elements " + countText(std::uint64_t(curve.element)) + "\u2013" + countText(std::uint64_t(curve.element + curve.length - 1));
}

std::vector<float> groupValues(std::span<const float> values, const QuantizedTensor& q, std::int64_t group) {
    const GroupGrid grid = q.grid();
    if (grid.perChannel == 0) return {values.begin(), values.end()};
    const std::int64_t channel = group / grid.perChannel, element = group % grid.perChannel * grid.size;
    std::vector<float> out;
    for (std::int64_t e = element; e < std::min(element + grid.size, q.layout.perChannel()); ++e)
        out.push_back(values[std::size_t((e / q.layout.inner * q.layout.channels + channel) * q.layout.inner + e % q.layout.inner)]);
    return out;
}

TransferCurve transferCurve(std::span<const float> values, const QuantizedTensor& q, std::int64_t group, ValueRange shown, int part) {
    const Codec& codec = codecOf(q.spec);
    const GroupGrid grid = q.grid();
    const GroupParameters parameters = groupParameters(q, group);
    TransferCurve curve;
    curve.group = group;
    curve.scale = parameters.scale;
    curve.zeroPoint = parameters.zeroPoint;
    curve.length = q.layout.channels * q.layout.perChannel();
    if (grid.perChannel > 0) {
        curve.channel = group / grid.perChannel;
        curve.wholeChannel = grid.perChannel == 1;
        curve.element = group % grid.perChannel * grid.size;
        curve.length = std::min(grid.size, q.layout.perChannel() - curve.element);
    }
    std::vector<float> own;
    if (curve.length <= TransferCurve::kMostCounted) own = groupValues(values, q, group);
    if (codec.partSize > 0 && codec.partSize < codec.blockSize) {
        // Of the parts that the group fills: the last group of a channel may be shorter.
        curve.part = part >= 0 ? part : medianPart(q, group, int((curve.length + codec.partSize - 1) / codec.partSize));
        const std::int64_t first = std::int64_t(curve.part) * codec.partSize;
        curve.element += first;
        curve.length = std::min<std::int64_t>(codec.partSize, curve.length - first);
        own = {own.begin() + first, own.begin() + first + curve.length};
    }
    const ValueRange ends = codec.representable(q.spec, parameters);
    const float lo = std::min({shown.lo, ends.lo, 0.0f}), hi = std::max({shown.hi, ends.hi, 0.0f});
    // A soft clip reaches its end beyond it.
    const float beyond = isSoft(q.spec) ? float(q.spec.knee) * std::max(-ends.lo, ends.hi) * 1.1f : 0.0f;
    const float margin = std::max((hi > lo ? hi - lo : 1.0f) * 0.2f, beyond);
    Staircase staircase(q, curve);
    staircase.findLevels({lo - margin, hi + margin}, own);
    staircase.draw(lo - margin, hi + margin);
    if (!own.empty()) countWeights(own, q, curve);
    return curve;
}

}  // namespace bitlathe
